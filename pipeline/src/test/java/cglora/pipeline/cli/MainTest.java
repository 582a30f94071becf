package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import cglora.kernels.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class MainTest {
    @TempDir Path folder;

    private record Result(int status, String out, String err) {}

    private static Result run(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Result(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private String pipeline(String train) throws IOException {
        Files.writeString(folder.resolve("t.csv"), "text,label\na cat,animal\nsome soup,food\n");
        Path file = folder.resolve("p.json");
        Files.writeString(
                file,
                """
                {"cglora": 1, "stages": [
                  {"stage": "model", "path": "classpath:all-minilm-l6-v2.onnx",
                   "tokenizer": "classpath:all-minilm-l6-v2-tokenizer.json"},
                  {"stage": "data", "train": "t.csv", "max_length": 8},
                  {"stage": "train"%s}]}
                """
                        .formatted(train));
        return file.toString();
    }

    static Stream<Arguments> refusesUsageWithASuggestionAndTheUsageLine() {
        return Stream.of(
                arguments("vaildate x", "no command 'vaildate'|did you mean 'validate'"),
                arguments("--quite schema", "unknown option '--quite'|did you mean '--quiet'"),
                arguments("validate x --prnt", "unknown option '--prnt'|did you mean '--print'"),
                arguments("validate", "missing required parameter: 'FILE'"),
                arguments("validate a b", "unexpected argument 'b'"),
                arguments("validate a --set", "--set"),
                arguments("", "issing"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesUsageWithASuggestionAndTheUsageLine(String line, String pieces) {
        Result result = run(line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains("error P-USAGE", "usage: cglora")
                .contains(pieces.split("\\|"));
        assertThat(result.err().lines().count()).isLessThanOrEqualTo(6);
    }

    @Test
    void validateSaysOkWithTheNumberOfStages() throws IOException {
        Result result = run("validate", pipeline(", \"lr\": 1"));
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out())
                .startsWith("ok  ")
                .contains("p.json: 3 stages", "bert, 36 layers, train 2, 2 classes");
        assertThat(result.err())
                .contains("warning P-SPELLING", "warning D-STEPS")
                .doesNotContain("\u001b");
        assertThat(run("validate", "--quiet", pipeline(", \"lr\": 1")).err()).isEmpty();
    }

    @Test
    void validatePrintsAPipelineThatIsValidItself() throws IOException {
        Result result = run("validate", "--print", pipeline(""));
        Path printed = folder.resolve("printed.json");
        Files.writeString(printed, result.out());
        Result again = run("validate", "--print", printed.toString());
        assertThat(again.status()).isZero();
        assertThat(again.out()).isEqualTo(result.out());
    }

    @Test
    void validateReportsEveryErrorOnStandardError() throws IOException {
        Result result = run("validate", pipeline(", \"epochs\": 0, \"foo\": 1"));
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains("error O-RANGE: ", "error P-UNKNOWN: ", "/stages/2/epochs");
    }

    @Test
    void validateGoesOnBehindAnErrorAndReadsModelAndData() throws IOException {
        String file = pipeline("");
        Files.writeString(
                folder.resolve("t.csv"),
                "text,label\none two three four five six seven eight nine,x\ntwo [SEP],y\n");
        Result warned = run("validate", file);
        assertThat(warned.status()).as(warned.err()).isZero();
        assertThat(warned.err())
                .contains("D-TRUNC", "1 of 2 rows (50.0%) exceed 8 tokens; 11 would hold all")
                .contains("T-SPECIAL", "1 rows");
        Result result =
                run(
                        "validate",
                        "--json",
                        file,
                        "--set",
                        "model.tokenizer=nowhere.json",
                        "--set",
                        "data.validation=nowhere.csv",
                        "--set",
                        "data.max_length=4096");
        assertThat(result.status()).isEqualTo(3);
        assertThat(result.out())
                .contains("\"ok\": false", "T-MISSING", "O-RANGE", "D-MISSING", "nowhere.csv");
    }

    @Test
    void validateReportsProblemsAsJson() throws IOException {
        Result result = run("validate", "--json", pipeline(", \"epochs\": 0"));
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out())
                .contains("\"ok\": false", "\"code\": \"O-RANGE\"", "/stages/2/epochs");
        assertThat(run("validate", "--json", pipeline("")).out()).contains("\"ok\": true");
    }

    @Test
    void explainsErrors() {
        assertThat(run("explain", "D-LABEL").out()).contains("D-LABEL", "A label is", "status 3");
        assertThat(run("explain", "k-disk").out()).contains("K-DISK", "status 5");
        Result wrong = run("explain", "D-LABLE");
        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.err()).contains("did you mean 'D-LABEL'?");
        for (ErrorCode code : ErrorCode.values()) {
            assertThat(code.meaning()).as(code.toString()).endsWith(".");
        }
    }

    /// From the file, from what it extends, through a variable, from an option, or the default.
    @Test
    void explainsWhereAValueComesFrom() throws IOException {
        Files.writeString(
                folder.resolve("base.json"),
                "{\"stages\": [{\"stage\": \"adapter\", \"r\": 4,\n \"cg\": {\"damping\": 2}}]}");
        Path file =
                Files.writeString(
                        folder.resolve("p.json"),
                        """
                        {"cglora": 1, "extends": ["base.json"], "vars": {"rate": 3e-4}, "stages": [
                          {"stage": "adapter"},
                          {"stage": "train", "id": "again", "learning_rate": "${rate}"}]}
                        """);
        String in = file.toString();
        assertThat(run("explain", "again.learning_rate", "--in", in).out())
                .contains("Peak learning rate", "here     3e-4, from", "p.json:3:", "(from ");
        assertThat(run("explain", "adapter.cg.damping", "--in", in).out())
                .contains("here     2, from", "base.json:2:");
        assertThat(run("explain", "adapter.r", "--in", in, "--set", "adapter.r=16").out())
                .contains("here     16, from --set adapter.r=16");
        assertThat(run("explain", "adapter.lora_alpha", "--in", in).out())
                .contains("here     the default");
    }

    @Test
    void explainsSettingsAndStages() {
        assertThat(run("explain", "train.learning_rate").out())
                .contains("Peak learning rate", "above 0", "\"auto\"");
        assertThat(run("explain", "adapter.cg").out()).contains("adapter.cg.damping = 1.0");
        assertThat(run("explain", "export").out())
                .contains("needs a model and an adapter; gives files", "export.verify = true");
        Result wrong = run("explain", "train.lerning_rate");
        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.err()).contains("did you mean 'train.learning_rate'");
        assertThat(run("explain", "damping").err()).contains("adapter.cg.damping");
    }

    @Test
    void tellsItsVersion() {
        assertThat(run("version").out()).contains("cglora ", "java 25").doesNotContain("${");
    }

    @Test
    void helpNamesEveryVerb() {
        Result result = run("--help");
        assertThat(result.status()).isZero();
        assertThat(result.out()).contains("validate", "schema", "explain", "version");
        assertThat(run("validate", "--help").out()).contains("--set=PATH=VALUE");
    }

    /// Of a verb that is named only its own description is made; its class is found by its name.
    @Test
    void everyVerbIsFoundByTheNameOfItsClass() {
        for (Class<?> verb : Main.VERBS) {
            String name = verb.getAnnotation(CommandLine.Command.class).name();
            assertThat(Main.name(verb)).isEqualTo(name);
            assertThat(run(name, "--help").out()).contains("cglora " + name);
            assertThat(run("--help").out()).contains("\n  " + name + " ");
        }
    }

    /// An editor reads it where a pipeline names it as `$schema`.
    @Test
    void theSchemaInTheTreeIsTheOneThatIsPrinted() throws IOException {
        Path file =
                Path.of(System.getProperty("cglora.root")).resolve("pipeline/pipeline.schema.json");
        assertThat(Files.readString(file))
                .as("cglora schema > pipeline/pipeline.schema.json")
                .contains("2020-12")
                .isEqualTo(run("schema").out());
    }
}
