package cglora.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReadingOrderTest {
    private static final Path ROOT = Path.of(System.getProperty("cglora.root"));
    private static final Pattern CLASS = Pattern.compile("`([A-Z][A-Za-z0-9]+)`");

    /// Who follows CONTRIBUTING.md from the command line to a kernel finds each class.
    @Test
    void everyClassOfTheReadingOrderIsThere() throws IOException {
        String text = Files.readString(ROOT.resolve("CONTRIBUTING.md"));
        String order = text.substring(text.indexOf("## From the command line to a kernel"));
        order = order.substring(0, order.indexOf("\n## "));
        var named = new TreeSet<String>();
        CLASS.matcher(order).results().forEach(found -> named.add(found.group(1)));
        var there = new TreeSet<String>();
        for (String module : new String[] {"kernels", "models", "pipeline"}) {
            try (var files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
                there.addAll(
                        files.map(file -> file.getFileName().toString())
                                .filter(name -> name.endsWith(".java"))
                                .map(name -> name.substring(0, name.length() - ".java".length()))
                                .collect(Collectors.toSet()));
            }
        }
        assertThat(named).hasSizeGreaterThan(20);
        assertThat(there).containsAll(named);
    }
}
