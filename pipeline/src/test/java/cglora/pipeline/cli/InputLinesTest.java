package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.models.data.RawExample;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Texts on standard input.
class InputLinesTest {
    private static InputLines lines(String text) {
        return new InputLines(
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
                InputLines.Columns.USUAL);
    }

    @Test
    void textsAndObjectsAreTaken() {
        InputLines lines =
                lines("a film\n{\"text\": \"a book\", \"text_pair\": \"ä\"}\n[not] an object");
        List<RawExample> all = lines.next(10);
        assertThat(all)
                .extracting(RawExample::text)
                .containsExactly("a film", "a book", "[not] an object");
        assertThat(all.get(1).textPair()).isEqualTo("ä");
        assertThat(lines.next(10)).isEmpty();
    }

    @Test
    void noMoreThanAskedFor() {
        InputLines lines = lines("a\nb\nc\n");
        assertThat(lines.next(2)).hasSize(2);
        assertThat(lines.next(2)).hasSize(1);
        assertThat(lines.next(2)).isEmpty();
    }

    /// A line that is there is given at once, though the stream goes on.
    @Test
    void nobodyWaitsForWhatIsStillToCome() throws IOException {
        try (var out = new PipedOutputStream();
                var in = new PipedInputStream(out)) {
            var lines = new InputLines(in, InputLines.Columns.USUAL);
            out.write("first\n".getBytes(StandardCharsets.UTF_8));
            out.flush();
            assertThat(lines.next(100)).extracting(RawExample::text).containsExactly("first");
            out.write("second\nthird\n".getBytes(StandardCharsets.UTF_8));
            out.flush();
            assertThat(lines.next(100))
                    .extracting(RawExample::text)
                    .containsExactly("second", "third");
        }
    }

    @Test
    void whatIsWrongNamesItsLine() {
        for (String[] wrong :
                new String[][] {
                    {"a\n\n{\"text\": \" \"}\nb", "D-TEXT", "line 3"},
                    {"a\n{\"txt\": 1}", "D-TEXT", "no text in 'text'"},
                    {"a\n{\"text\"", "D-JSON", "line 2"}
                }) {
            InputLines lines = lines(wrong[0]);
            assertThat(lines.next(10))
                    .as("what stands before it is given out")
                    .extracting(RawExample::text)
                    .containsExactly("a");
            assertThatThrownBy(() -> lines.next(10))
                    .isInstanceOfSatisfying(
                            CgloraException.class,
                            e ->
                                    assertThat(e.problems().getFirst().render("error"))
                                            .contains(wrong[1], wrong[2]));
        }
        byte[] latin = "good\r\nb\u00e4d\nlater".getBytes(StandardCharsets.ISO_8859_1);
        var lines = new InputLines(new ByteArrayInputStream(latin), InputLines.Columns.USUAL);
        assertThat(lines.next(10)).extracting(RawExample::text).containsExactly("good");
        assertThatThrownBy(() -> lines.next(1))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("line 2")
                .hasMessageContaining("not UTF-8");
        InputLines endless = lines("a\n" + "b".repeat((1 << 22) + 1));
        assertThat(endless.next(10)).hasSize(1);
        assertThatThrownBy(() -> endless.next(10)).hasMessageContaining("X-LIMIT");
    }

    @Test
    void blankLinesAreSkippedAndCounted() {
        InputLines lines = lines("a\n\n \t\r\nb\r\n\n");
        assertThat(lines.next(10)).extracting(RawExample::line).containsExactly(1L, 4L);
        assertThat(lines.next(10)).isEmpty();
        var notes = new Problems();
        lines.tell(notes);
        assertThat(notes.warnings()).hasSize(1);
        assertThat(notes.warnings().getFirst().toString())
                .contains("D-TEXT", "line 2", "is blank, as are 2 more: skipped");
    }
}
