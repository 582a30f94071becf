package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.data.RawExample;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What others wrote does nothing to a terminal.
class TerminalStreamTest {
    /// Sets a terminal's title, clears it, and the same in one character of C1.
    private static final String EVIL = "\u001b]0;PWN\u0007\u001b[2J\u009b2Jw\u202e";

    private static final String SHOWN = "\\u001b]0;PWN\\u0007\\u001b[2J\\u009b2Jw\\u202e";

    @TempDir Path folder;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private String execute(String... arguments) {
        out.reset();
        err.reset();
        Main.execute(
                arguments,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void everyWayOfPrintingIsHeld() {
        var stream = new TerminalStream(new PrintStream(out, true, StandardCharsets.UTF_8));
        stream.println(EVIL);
        stream.printf("%s%n", EVIL);
        stream.append(EVIL).println();
        stream.println(EVIL.toCharArray());
        stream.println((Object) EVIL);
        stream.println("ä\tשלום 😀");
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, "ä\tשלום 😀");
    }

    @Test
    void namesOfTensorsAreShownAndExactInJson() throws IOException {
        Path file = folder.resolve("evil.safetensors");
        SafetensorsWriter.write(
                file,
                new TreeMap<>(Map.of(EVIL, new TensorData(new int[] {1}, new float[1]))),
                Map.of("note", EVIL));
        assertThat(execute("inspect", file.toString())).contains(SHOWN).doesNotContain("\u001b");
        assertThat(execute("inspect", "--json", file.toString()))
                .contains("\u202e")
                .doesNotContain("u202e");
    }

    @Test
    void namesOfFilesInErrorsAreShown() {
        execute("inspect", folder.resolve(EVIL).toString());
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(SHOWN).doesNotContain("\u001b");
    }

    @Test
    void anAnswerIsOneLineOfItsColumns() {
        var console =
                new Console(new PrintStream(out, true, StandardCharsets.UTF_8), System.err, false);
        var answers =
                new AnswerStream(
                        console,
                        _ -> List.of(Map.of("label", "a\nb", "score", 0.5, "text", "x\ty" + EVIL)),
                        1,
                        false);
        answers.accept(new RawExample("x", null, null, 1));
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("a\\nb\t0.500\tx\\ty" + SHOWN + System.lineSeparator());
    }
}
