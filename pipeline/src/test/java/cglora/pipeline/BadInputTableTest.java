package cglora.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The table `bad-inputs.tsv` leads from each kind of bad input to the tests that hold what comes
/// of it; here it is held to the tests that there are.
class BadInputTableTest {
    private static final Path ROOT = Path.of(System.getProperty("cglora.root"));
    private static final Pattern METHOD = Pattern.compile("\\n    void (\\w+)\\(");

    private static List<String[]> rows() throws IOException {
        Path table = ROOT.resolve("pipeline/src/test/resources/cglora/pipeline/bad-inputs.tsv");
        return Files.readAllLines(table).stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("\t", -1))
                .toList();
    }

    /// `Class#method` of the tests of all modules.
    private static List<String> tests() throws IOException {
        var tests = new ArrayList<String>();
        for (String module : List.of("kernels", "models", "pipeline")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                for (Path file : files.filter(f -> f.toString().endsWith("Test.java")).toList()) {
                    String name = file.getFileName().toString().replace(".java", "");
                    for (String part : Files.readString(file).split("(?=\\n    @)")) {
                        var method = METHOD.matcher(part);
                        if (method.find()) {
                            tests.add(name + "#" + method.group(1));
                        }
                    }
                }
            }
        }
        return tests;
    }

    @Test
    void everyRowNamesTestsThatThereAre() throws IOException {
        var tests = new HashSet<>(tests());
        assertThat(tests).hasSizeGreaterThan(500);
        for (String[] row : rows()) {
            assertThat(row).as("%s", List.of(row)).hasSize(4);
            assertThat(List.of(row[3].split(" "))).as(row[0]).isSubsetOf(tests);
        }
    }

    /// No kind is left out: the letters of each group are numbered without a gap.
    @Test
    void everyKindHasARow() throws IOException {
        var last = new TreeMap<String, Integer>();
        for (String[] row : rows()) {
            int number = Integer.parseInt(row[0].substring(1));
            assertThat(number)
                    .as(row[0])
                    .isEqualTo(last.getOrDefault(row[0].substring(0, 1), 0) + 1);
            last.put(row[0].substring(0, 1), number);
        }
        assertThat(last)
                .isEqualTo(
                        new TreeMap<>(
                                Map.ofEntries(
                                        Map.entry("P", 10),
                                        Map.entry("M", 12),
                                        Map.entry("S", 10),
                                        Map.entry("T", 7),
                                        Map.entry("D", 16),
                                        Map.entry("A", 10),
                                        Map.entry("O", 5),
                                        Map.entry("V", 11),
                                        Map.entry("K", 7),
                                        Map.entry("N", 7),
                                        Map.entry("R", 7),
                                        Map.entry("X", 9))));
    }

    @Test
    void everyRowHasANameOfItsOwnAndAnExitStatus() throws IOException {
        List<String[]> rows = rows();
        assertThat(rows).hasSizeGreaterThan(90);
        assertThat(rows.stream().map(row -> row[0])).doesNotHaveDuplicates();
        for (String[] row : rows) {
            assertThat(row[0]).matches("[PMSTDAOVKNRX]\\d+");
            assertThat(row[1]).as(row[0]).isNotBlank();
            assertThat(row[2].split(", ")).as(row[0]).allMatch(s -> s.matches("[0-7]|137"));
        }
    }
}
