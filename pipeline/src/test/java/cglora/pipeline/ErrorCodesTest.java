package cglora.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every code of an error or a warning is given somewhere in the product, and expected by a test:
/// one that is in no test may never be given, or given wrongly.
class ErrorCodesTest {
    private static final List<String> MODULES = List.of("kernels", "models", "pipeline");
    private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*//.*$|/\\*(?s:.*?)\\*/");

    /// The Java files of all modules without their comments, but for this file and the codes' own.
    private static List<String> sources(String kind) throws IOException {
        Path root = Path.of(System.getProperty("cglora.root"));
        var sources = new ArrayList<String>();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/" + kind))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    String name = file.getFileName().toString();
                    if (!name.equals("ErrorCodesTest.java") && !name.equals("ErrorCode.java")) {
                        sources.add(COMMENT.matcher(Files.readString(file)).replaceAll(""));
                    }
                }
            }
        }
        assertThat(sources).hasSizeGreaterThan(100);
        return sources;
    }

    /// The codes that none of these holds, as the constant or as people see it.
    private static List<ErrorCode> missing(List<String> sources) {
        return Stream.of(ErrorCode.values())
                .filter(
                        code -> {
                            var name =
                                    Pattern.compile(
                                            "(?<![A-Z_-])%s(?![A-Z_-])"
                                                    .formatted(code.name().replace("_", "[_-]")));
                            return sources.stream().noneMatch(s -> name.matcher(s).find());
                        })
                .toList();
    }

    @Test
    void everyCodeIsGiven() throws IOException {
        assertThat(missing(sources("main"))).isEmpty();
    }

    @Test
    void everyCodeIsExpectedByATest() throws IOException {
        assertThat(missing(sources("test"))).isEmpty();
    }

    @Test
    void aCodeInACommentOrInALongerNameIsNone() {
        assertThat(missing(List.of("\"K-EXISTS\" X_PATHS K_DISK"))).hasSize(ErrorCode.values().length - 2);
        assertThat(COMMENT.matcher("int a; // b\n    // K-DISK\n/* K-DISK */").replaceAll(""))
                .doesNotContain("K-DISK")
                .contains("int a;");
    }
}
