package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.RawExample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerStreamTest {
    private static final int TOGETHER = 64;

    @TempDir Path folder;
    private final List<Integer> calls = new ArrayList<>();

    private List<Map<String, Object>> predict(List<RawExample> texts) {
        calls.add(texts.size());
        return texts.stream()
                .map(e -> Map.<String, Object>of("prediction", "p", "text", e.text()))
                .toList();
    }

    private static Console console(OutputStream out) {
        var stream = new PrintStream(out, false, StandardCharsets.UTF_8);
        return new Console(stream, System.err, false);
    }

    private Path file(int rows) throws IOException {
        Path file = folder.resolve("rows.jsonl");
        try (var out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < rows; i++) {
                out.write("{\"text\": \"text " + i + "\"}\n");
            }
        }
        return file;
    }

    /// No more texts than are answered together are held, and answers are out while others are
    /// still to be read.
    @Test
    void answersComeWhileAFileIsRead() throws IOException {
        int rows = 100_000;
        var out = new ByteArrayOutputStream();
        var answers = new AnswerStream(console(out), this::predict, TOGETHER, false);
        var shownAt = new int[] {0, -1};
        DataReader.stream(
                file(rows),
                DataFormat.AUTO,
                DataColumns.AUTO,
                false,
                null,
                row -> {
                    answers.accept(row);
                    shownAt[0]++;
                    if (shownAt[1] < 0 && out.size() > 0) {
                        shownAt[1] = shownAt[0];
                    }
                });
        answers.flush();
        assertThat(shownAt[1]).isEqualTo(TOGETHER);
        assertThat(calls).hasSize(Math.ceilDiv(rows, TOGETHER));
        assertThat(calls.subList(0, calls.size() - 1)).containsOnly(TOGETHER);
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(rows);
        assertThat(lines.get(12_345)).isEqualTo("p\ttext 12345");
        assertThat(lines.getLast()).isEqualTo("p\ttext " + (rows - 1));
    }

    @Test
    void nothingIsAnsweredThatNobodyReads() {
        OutputStream gone =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                };
        var answers = new AnswerStream(console(gone), this::predict, 1, true);
        answers.accept(new RawExample("one", null, null, 1));
        assertThat(answers.isClosed()).isTrue();
        answers.accept(new RawExample("two", null, null, 2));
        assertThat(calls).containsExactly(1);
    }
}
