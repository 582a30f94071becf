package cglora.pipeline.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    private final Table table =
            new Table(
                    List.of("a", "long head"),
                    List.of(List.of("1|2", "x\ny"), List.of("p, \"q\"", "")));

    @Test
    void markdownIsAlignedAndKeepsItsColumns() {
        assertThat(table.markdown())
                .isEqualTo(
                        """
                        | a      | long head |
                        |--------|-----------|
                        | 1\\|2   | x y       |
                        | p, "q" |           |
                        """);
    }

    @Test
    void csvFollowsRfc4180() {
        assertThat(table.csv()).isEqualTo("a,long head\r\n1|2,\"x\ny\"\r\n\"p, \"\"q\"\"\",\r\n");
    }

    @Test
    void rowsHaveTheLengthOfTheHead() {
        List<String> head = List.of("a");
        List<List<String>> rows = List.of(List.of("1", "2"));
        assertThatThrownBy(() -> new Table(head, rows))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
