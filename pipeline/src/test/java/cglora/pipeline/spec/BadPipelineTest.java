package cglora.pipeline.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// One row for each way in which a pipeline file or an option can be wrong.
class BadPipelineTest {
    private static final String GOOD =
            """
            { "cglora": 1, "vars": {"r": 8}, "stages": [
              {"stage": "model", "path": "m"},
              {"stage": "data", "train": "t.csv", "validation": "v.csv"},
              {"stage": "calibrate"},
              {"stage": "adapter", "r": "${r}"},
              {"stage": "train", "learning_rate": 1e-4},
              {"stage": "evaluate"},
              {"stage": "export"} ] }
            """;

    @TempDir Path folder;

    /// The whole file of each row, its code and pieces of the message.
    static Stream<Arguments> refusesFiles() {
        return Stream.of(
                arguments("{\"cglora\": 1,\n \"stages\": [],}", "P_JSON", "p.json:2:|^|comma"),
                arguments("{'cglora': 1}", "P_JSON", "p.json:1:2|^|double quotes"),
                arguments("{\"cglora\": 1", "P_JSON", "p.json:1:|ends before"),
                arguments("{\"cglora\": 1} x", "P_JSON", "p.json:1:15"),
                arguments("{\"cglora\": NaN}", "P_JSON", "p.json:1:|no NaN"),
                arguments("{\"cglora\" 1}", "P_JSON", "p.json:1:11|^"),
                arguments("[".repeat(10_000), "P_JSON", "limit|64 levels"),
                arguments("  \n", "P_FILE", "empty"),
                arguments("[1]", "P_TYPE", "object at the top"),
                arguments("{\"stages\": []}", "P_VERSION", "missing|version 1|\"cglora\": 1"),
                arguments("{\"cglora\": \"1\"}", "P_VERSION", "the string \"1\"|/cglora"),
                arguments("{\"cglora\": 2, \"nonsense\": 0}", "P_VERSION", "version 2|release"),
                arguments(
                        "{\"cglora\": 1,\n\"seed\": 1,\n\"seed\": 2}",
                        "P_DUPLICATE",
                        "p.json:3:1|'seed'|lines 2 and 3"),
                arguments("{\"cglora\": 1}", "P_VALUE", "'stages' is missing"),
                arguments("{\"cglora\": 1, \"stages\": []}", "P_VALUE", "no stages"),
                arguments(
                        "{\"cglora\": 1, \"stages\": {}}", "P_TYPE", "an object|a list of stages"),
                arguments(
                        "{\"cglora\": 1, \"stages\": [{\"stage\": \"trian\"}]}",
                        "P_STAGE",
                        "/stages/0/stage|'trian'|did you mean 'train'"),
                arguments(
                        "{\"cglora\": 1, \"stages\": [{\"path\": \"x\"}]}",
                        "P_STAGE",
                        "does not say what it is"),
                arguments("{\"cglora\": 1, \"stages\": [3]}", "P_TYPE", "the number 3|an object"),
                arguments(
                        "{\"cglora\": 1, \"extends\": [\"none.json\"]}",
                        "P_FILE",
                        "none.json|/extends/0"),
                arguments(
                        "{\"cglora\": 1, \"extends\": [\"p.json\"]}", "P_FILE", "p.json -> p.json"),
                arguments("{\"cglora\": 1, \"extends\": [\"\\u0000\"]}", "P_FILE", "not a file"),
                arguments("{\"cglora\": 1, \"extends\": \"b.json\"}", "P_TYPE", "a list of files"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesFiles(String text, ErrorCode code, String pieces) throws IOException {
        CgloraException error = errorOf(text, Overrides.none());
        assertThat(error.exitStatus()).isEqualTo(2);
        check(error, code, pieces);
    }

    /// A text of the good file, what takes its place, the code and pieces of the message.
    static Stream<Arguments> refusesSettings() {
        return Stream.of(
                // unknown and misplaced keys
                row(
                        "\"learning_rate\": 1e-4",
                        "\"learing_rate\": 1e-4",
                        "P_UNKNOWN",
                        "p.json:6:22 /stages/4/learing_rate|stage 'train'|did you mean"
                                + " 'learning_rate'"),
                row(
                        "\"r\": \"${r}\"",
                        "\"learning_rate\": 1",
                        "P_UNKNOWN",
                        "belongs to stage 'train'"),
                row("\"r\": \"${r}\"", "\"damping\": 1", "P_UNKNOWN", "belongs inside \"cg\""),
                row(
                        "\"r\": \"${r}\"",
                        "\"cg\": {\"dampping\": 1}",
                        "P_UNKNOWN",
                        "did you mean 'damping'"),
                row("\"vars\"", "\"sed\": 1, \"vars\"", "P_UNKNOWN", "/sed|did you mean 'seed'"),
                row(
                        "\"learning_rate\": 1e-4",
                        "\"learning_rate\": 1, \"lr\": 2",
                        "P_DUPLICATE",
                        "'learning_rate' is given twice"),
                // wrong types
                row(
                        "\"r\": \"${r}\"",
                        "\"r\": \"8\"",
                        "P_TYPE",
                        "the string \"8\"|a whole number|without quotes: 8"),
                row("\"r\": \"${r}\"", "\"r\": 3.5", "P_TYPE", "the number 3.5|a whole number"),
                row("\"r\": \"${r}\"", "\"r\": true", "P_TYPE", "found true"),
                row("\"r\": \"${r}\"", "\"r\": []", "P_TYPE", "a list"),
                row("1e-4", "\"1e-4\"", "P_TYPE", "\"auto\" or a number|without quotes: 1e-4"),
                row("1e-4", "\"atuo\"", "P_TYPE", "did you mean 'auto'"),
                row("\"path\": \"m\"", "\"path\": null", "P_TYPE", "found null"),
                row("\"path\": \"m\"", "\"path\": \" \"", "P_VALUE", "empty"),
                row(", \"path\": \"m\"", "", "P_VALUE", "'path' is missing"),
                row(
                        "\"r\": \"${r}\"",
                        "\"use_rslora\": \"true\"",
                        "P_TYPE",
                        "true or false|without quotes"),
                row("\"r\": \"${r}\"", "\"cg\": 1", "P_TYPE", "an object with the keys"),
                row(
                        "\"r\": \"${r}\"",
                        "\"rank_pattern\": {\"a\": 0}",
                        "O_RANGE",
                        "/rank_pattern/a|1 or more"),
                row("\"r\": \"${r}\"", "\"rank_pattern\": {\"a\": null}", "P_TYPE", "found null"),
                row("\"r\": \"${r}\"", "\"target_modules\": 3", "P_TYPE", "all-linear"),
                row(
                        "\"r\": \"${r}\"",
                        "\"target_modules\": \"(q\"",
                        "P_VALUE",
                        "regular expression|go in a list"),
                row("\"r\": \"${r}\"", "\"target_modules\": []", "P_VALUE", "the list is empty"),
                row("\"r\": \"${r}\"", "\"target_modules\": [\"q\", \"q\"]", "P_VALUE", "twice"),
                row("\"r\": \"${r}\"", "\"head_warmup\": 1", "P_TYPE", "true, false or an object"),
                row("1e-4", "1, \"eval_steps\": \"epochs\"", "P_TYPE", "did you mean 'epoch'"),
                // unknown values
                row(
                        "\"r\": \"${r}\"",
                        "\"method\": \"cglora\"",
                        "P_VALUE",
                        "eva, cg-lora, full|did you mean 'cg-lora'"),
                row("1e-4", "1, \"optimizer\": \"adam\"", "P_VALUE", "adamw|did you mean"),
                row(
                        "\"vars\"",
                        "\"engine\": {\"type\": \"jmv\"}, \"vars\"",
                        "P_VALUE",
                        "/engine/type|did you mean 'jvm'"),
                row(
                        "\"path\": \"m\"",
                        "\"path\": \"m\", \"task\": \"CASUAL_LM\"",
                        "P_VALUE",
                        "SEQ_CLS, SEQ_2_SEQ_LM, CAUSAL_LM, TOKEN_CLS|did you mean 'CAUSAL_LM'"),
                row(
                        "\"path\": \"m\"",
                        "\"path\": \"m\", \"task\": \"CAUSAL_LM\", \"head\": \"new\"",
                        "O_CONFLICT",
                        "'head' is for classes and numbers, the task is CAUSAL_LM"),
                // ranges
                row("\"r\": \"${r}\"", "\"r\": 0", "O_RANGE", "found 0|1 or more"),
                row("\"r\": \"${r}\"", "\"r\": 99999999999", "O_RANGE", "2147483647"),
                row("\"r\": \"${r}\"", "\"r\": 1e999999999", "O_RANGE", "2147483647"),
                row("\"r\": \"${r}\"", "\"lora_dropout\": 1", "O_RANGE", "0 or more and below 1"),
                row("\"r\": \"${r}\"", "\"cg\": {\"p_a\": 0.6}", "O_RANGE", "0 to 0.5"),
                row("\"r\": \"${r}\"", "\"cg\": {\"p_s\": -0.1}", "O_RANGE", "0 to 0.5"),
                row("\"r\": \"${r}\"", "\"cg\": {\"damping\": -1}", "O_RANGE", "0 or more"),
                row("1e-4", "0", "O_RANGE", "above 0"),
                row("1e-4", "-1e-4", "O_RANGE", "above 0"),
                row("1e-4", "1e999", "O_RANGE", "above 0"),
                row("1e-4", "1, \"warmup_ratio\": 6", "O_RANGE", "0 to 1|did you mean 0.06"),
                row("1e-4", "1, \"adam_beta2\": 1", "O_RANGE", "below 1"),
                row("1e-4", "1, \"epochs\": -1", "O_RANGE", "above 0"),
                row("1e-4", "1, \"max_steps\": 0", "O_RANGE", "1 or more"),
                row("1e-4", "1, \"per_device_batch_size\": 0", "O_RANGE", "1 or more"),
                row("1e-4", "1, \"eval_steps\": 0", "O_RANGE", "1 or more"),
                row("\"v.csv\"", "null, \"validation_split\": 1", "O_RANGE", "below 1"),
                // variables
                row("${r}", "${rr}", "P_VARIABLE", "${rr} is not defined|did you mean ${r}"),
                row("${r}", "${x.y.z}", "P_VARIABLE", "--var x.y.z=VALUE"),
                row("${r}", "${env:CGLORA_UNSET}", "P_VARIABLE", "CGLORA_UNSET is not set|:-"),
                row("${r}", "${r", "P_VARIABLE", "without '}'"),
                row(
                        "{\"r\": 8}",
                        "{\"r\": \"${q}\", \"q\": \"${r}\"}",
                        "P_VARIABLE",
                        "refers to itself|q -> r -> q"),
                row("{\"r\": 8}", "{\"r\": \"${r}\"}", "P_VARIABLE", "r -> r"),
                row("{\"r\": 8}", "{\"r\": 8, \"name\": 1}", "P_VARIABLE", "${name}"),
                row("{\"r\": 8}", "{\"r\": \"x\"}", "P_TYPE", "/stages/3/r (from |p.json:1:"),
                row("\"m\"", "\"${l}/m\"", "P_VARIABLE", "${l}"),
                // between settings
                row(
                        "1e-4",
                        "1, \"warmup_ratio\": 0.1, \"warmup_steps\": 5",
                        "O_CONFLICT",
                        "both given"),
                row(
                        "\"v.csv\"",
                        "\"v.csv\", \"validation_split\": 0.1",
                        "O_CONFLICT",
                        "both given"),
                row(
                        "\"v.csv\"",
                        "\"v.csv\", \"buckets\": [64, 32, 128]",
                        "O_CONFLICT",
                        "do not ascend"),
                row(
                        "\"v.csv\"",
                        "\"v.csv\", \"buckets\": [32, 64]",
                        "O_CONFLICT",
                        "largest bucket is 64|max_length is 128"),
                row(
                        "\"r\": \"${r}\"",
                        "\"cg\": {\"step\": \"fixed\"}",
                        "O_CONFLICT",
                        "needs step_size"),
                row(
                        "\"r\": \"${r}\"",
                        "\"cg\": {\"step_size\": 1}",
                        "O_CONFLICT",
                        "step 'fixed' only"),
                row(
                        "1e-4",
                        "1, \"eval_steps\": null, \"load_best\": \"f1\"",
                        "O_CONFLICT",
                        "eval_steps is null"),
                // between stages
                row("{\"stage\": \"calibrate\"},", "", "P_STAGE", "needs the statistics|calibrate"),
                row(
                        "{\"stage\": \"calibrate\"},",
                        "{\"stage\": \"data\"},",
                        "P_STAGE",
                        "two stages have the id 'data'"),
                // what stages take from others
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"from\": \"data\"}",
                        "P_STAGE",
                        "/stages/5/from|'data' gives examples|adapter, train"),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"from\": \"trian\"}",
                        "P_VALUE",
                        "no stage has the id 'trian'|did you mean 'train'"),
                row(
                        "\"learning_rate\": 1e-4",
                        "\"from\": \"export\"",
                        "P_STAGE",
                        "/stages/4/from|'export' comes later|adapter"),
                row(
                        "\"learning_rate\": 1e-4",
                        "\"from\": \"runs/x\"",
                        "P_VALUE",
                        "'runs/x' is a folder|the adapter stage"),
                row(
                        "{\"stage\": \"export\"}",
                        "{\"stage\": \"train\", \"id\": \"off\", \"when\": false},"
                                + " {\"stage\": \"export\", \"from\": \"off\"}",
                        "P_STAGE",
                        "'off' does not take part"),
                row("\"stage\": \"export\"", "\"stage\": \"export\", \"from\": 3", "P_TYPE", "3"),
                row(
                        "{\"stage\": \"model\", \"path\": \"m\"},",
                        "",
                        "P_STAGE",
                        "'train' needs a stage 'model'"),
                row(
                        "\"stage\": \"model\"",
                        "\"when\": false, \"stage\": \"model\"",
                        "P_STAGE",
                        "needs a stage 'model'"),
                row(
                        "{\"stage\": \"data\", \"train\": \"t.csv\", \"validation\": \"v.csv\"},",
                        "",
                        "P_STAGE",
                        "'train' needs a stage 'data'"),
                row("\"train\": \"t.csv\", ", "", "P_STAGE", "needs training examples"),
                row(", \"validation\": \"v.csv\"", "", "P_STAGE", "measures on 'validation'"),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"data\": \"test\"}",
                        "P_STAGE",
                        "measures on 'test'"),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"metrics\": [\"acuracy\"]}",
                        "P_VALUE",
                        "did you mean 'accuracy'"),
                row(
                        "\"path\": \"m\"",
                        "\"path\": \"m\", \"problem_type\": \"regression\"",
                        "P_VALUE",
                        "",
                        "1e-4",
                        "1, \"load_best\": \"f1\""),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"align\", \"reference\": \"f\"}",
                        "P_STAGE",
                        "from the start of training|before 'train'"),
                row(
                        "{\"stage\": \"calibrate\"},",
                        "{\"stage\": \"calibrate\"}, {\"stage\": \"align\", \"reference\": \"f\"},",
                        "P_STAGE",
                        "stands before it|between 'adapter' and 'train'"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\"}, {\"stage\": \"train\"",
                        "P_VALUE",
                        "'reference' is missing"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\", \"reference\": \"f\", \"examples\": 0},"
                                + " {\"stage\": \"train\"",
                        "O_RANGE",
                        "examples"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\", \"reference\": \"f\", \"data\": \"test\"},"
                                + " {\"stage\": \"train\"",
                        "P_STAGE",
                        "'align' measures on 'test'"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\", \"reference\": \"f\", \"layers\": true},"
                                + " {\"stage\": \"train\"",
                        "O_CONFLICT",
                        "subspace of an adapter",
                        "\"r\": \"${r}\"",
                        "\"method\": \"full\""),
                // PEFT
                row("\"r\": \"${r}\"", "\"from_peft\": \"none.json\"", "A_CONFIG", "no file"));
    }

    private static Arguments row(
            String old, String replacement, String code, String pieces, String... more) {
        var texts = new ArrayList<>(List.of(old, replacement));
        texts.addAll(List.of(more));
        return arguments(texts, code, pieces);
    }

    @ParameterizedTest
    @MethodSource
    void refusesSettings(List<String> texts, ErrorCode code, String pieces) throws IOException {
        String text = GOOD;
        for (int i = 0; i < texts.size(); i += 2) {
            assertThat(text).contains(texts.get(i));
            text = text.replace(texts.get(i), texts.get(i + 1));
        }
        CgloraException error = errorOf(text, Overrides.none());
        assertThat(error.problems().getFirst().code().kind()).isEqualTo(code.kind());
        check(error, code, pieces);
    }

    static Stream<Arguments> refusesOptions() {
        return Stream.of(
                arguments(
                        "set",
                        "train.learing_rate=1",
                        "P_SET",
                        "--set train.learing_rate=1|did you mean 'learning_rate'"),
                arguments("set", "trian.epochs=1", "P_SET", "did you mean 'train'"),
                arguments("set", "learning_rate=1", "P_SET", "did you mean 'train.learning_rate'"),
                arguments("set", "adapter.cg.dampin=1", "P_SET", "did you mean 'damping'"),
                arguments("set", "train.epochs.x=1", "P_SET", "no settings inside"),
                arguments("set", "train=1", "P_SET", "is a stage"),
                arguments("set", "train.epochs", "P_SET", "PATH=VALUE"),
                arguments("set", "=1", "P_SET", "PATH=VALUE"),
                arguments("set", "stages=[]", "P_SET", "no stage and no setting"),
                arguments(
                        "set",
                        "train.epochs=three",
                        "P_TYPE",
                        "--set train.epochs=three|the string \"three\""),
                arguments("set", "adapter.r=1.5", "P_TYPE", "a whole number"),
                arguments("set", "seed=-1", "O_RANGE", "0 or more"),
                arguments("set", "engine.type=cuda", "P_VALUE", "auto, jvm, tornado"),
                arguments("unset", "train.epoch", "P_SET", "did you mean 'epochs'"),
                arguments("unset", "nothing", "P_SET", "no stage and no setting"),
                arguments("var", "r=x", "P_TYPE", "(from --var r=x)"),
                arguments("var", "r", "P_SET", "NAME=VALUE"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesOptions(String option, String text, ErrorCode code, String pieces)
            throws IOException {
        var overrides =
                new Overrides(
                        option.equals("var") ? List.of(text) : List.of(),
                        option.equals("set") ? List.of(text) : List.of(),
                        option.equals("unset") ? List.of(text) : List.of(),
                        folder,
                        Map.of());
        CgloraException error = errorOf(GOOD, overrides);
        assertThat(error.exitStatus()).isEqualTo(2);
        check(error, code, pieces);
    }

    /// Whatever the text, there is a pipeline or a message, never another exception.
    @Test
    void survivesDamagedFiles() throws IOException {
        String[] pieces = {
            "{",
            "}",
            "[",
            "]",
            "\"",
            ",",
            ":",
            "null",
            "\"${r}\"",
            "${",
            "$$",
            "1e999",
            "-0",
            "{}",
            "[[]]",
            "\"stage\"",
            "\"id\": \"train\",",
            "true",
            "/*",
            "//",
            "\\u0000",
            "3.5"
        };
        var random = new Random(42);
        Path file = folder.resolve("damaged.json");
        for (int i = 0; i < 3000; i++) {
            var text = new StringBuilder(GOOD);
            for (int k = random.nextInt(1, 4); k > 0; k--) {
                int at = random.nextInt(text.length());
                int to = Math.min(text.length(), at + random.nextInt(12));
                text.replace(at, to, pieces[random.nextInt(pieces.length)]);
            }
            Files.writeString(file, text);
            try {
                assertThat(PipelineReader.read(file, Overrides.none()).spec()).isNotNull();
            } catch (CgloraException e) {
                assertThat(e.problems()).isNotEmpty();
            } catch (RuntimeException e) {
                throw new AssertionError(text.toString(), e);
            }
        }
    }

    /// The same for values of the right and of the wrong kind in every setting.
    @Test
    void survivesEveryKindOfValueInEverySetting() throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, GOOD);
        for (String path : SettingPath.all()) {
            for (String value :
                    List.of(
                            "null",
                            "true",
                            "1",
                            "-1",
                            "0.5",
                            "1e400",
                            "\"\"",
                            "x",
                            "[]",
                            "[1]",
                            "{}",
                            "[null]",
                            "{\"a\": null}",
                            "{\"a\": [1]}",
                            "\"${nope}\"",
                            "[\"${nope}\"]",
                            "{\"a\": \"${nope}\"}",
                            "\"\\u0000\"")) {
                var overrides =
                        new Overrides(
                                List.of(),
                                List.of(path + "=" + value),
                                List.of(),
                                folder,
                                Map.of());
                try {
                    PipelineSpec spec = PipelineReader.read(file, overrides).spec();
                    Path again = folder.resolve("again.json");
                    Files.writeString(again, PipelineWriter.write(spec));
                    assertThat(PipelineReader.read(again, Overrides.none()).spec())
                            .as(path + "=" + value)
                            .isEqualTo(spec);
                } catch (CgloraException e) {
                    assertThat(e.problems()).as(path + "=" + value).isNotEmpty();
                    assertThat(e.getMessage()).as(path + "=" + value).doesNotContain("again.json");
                } catch (RuntimeException e) {
                    throw new AssertionError(path + "=" + value, e);
                }
            }
        }
    }

    @Test
    void namesTheByteThatIsNotUtf8() throws IOException {
        Path file = folder.resolve("p.json");
        Files.write(
                file,
                "{\"cglora\": 1,\n\"name\": \"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
        check(errorOf(file), ErrorCode.P_JSON, "p.json:2|byte 0xe9 at offset 26");
    }

    @Test
    void namesTheNearestFileWhenOneIsMissing() throws IOException {
        Files.writeString(folder.resolve("mrpc.json"), GOOD);
        check(errorOf(folder.resolve("mrcp.json")), ErrorCode.P_FILE, "no such file|mrpc.json'?");
        check(errorOf(folder), ErrorCode.P_FILE, "directory|mrpc.json");
        check(errorOf(folder.resolve("x/y.json")), ErrorCode.P_FILE, "no such folder");
    }

    @Test
    void refusesFilesBeyondTheSizeLimit() throws IOException {
        Path file = folder.resolve("big.json");
        Files.writeString(file, " ".repeat(JsonSource.MAX_BYTES + 1));
        check(errorOf(file), ErrorCode.P_JSON, "at most 16777216");
    }

    @Test
    void showsTheChainOfFilesThatExtendEachOther() throws IOException {
        Files.writeString(folder.resolve("a.json"), "{\"extends\": [\"b.json\"]}");
        Files.writeString(folder.resolve("b.json"), "{\"extends\": [\"a.json\"]}");
        check(errorOf(folder.resolve("a.json")), ErrorCode.P_FILE, "a.json -> b.json -> a.json");
    }

    @Test
    void limitsTheDepthOfExtends() throws IOException {
        for (int i = 0; i < 20; i++) {
            Files.writeString(
                    folder.resolve(i + ".json"), "{\"extends\": [\"" + (i + 1) + ".json\"]}");
        }
        Files.writeString(folder.resolve("20.json"), GOOD);
        check(errorOf(folder.resolve("0.json")), ErrorCode.P_FILE, "deeper than 16");
    }

    @Test
    void listsAllErrorsAtOnce() throws IOException {
        String text =
                GOOD.replace("1e-4", "\"x\", \"foo\": 1")
                        .replace("\"path\": \"m\"", "\"path\": 3")
                        .replace("\"r\": \"${r}\"", "\"r\": 0, \"bias\": \"all\"");
        assertThat(errorOf(text, Overrides.none()).problems()).hasSize(5);
    }

    @Test
    void refusesFeaturesOfPeftThatItLacks() throws IOException {
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LOHA\", \"use_dora\": true, \"init_lora_weights\": \"pissa\"}");
        CgloraException error =
                errorOf(GOOD.replace("\"r\": \"${r}\"", "\"from_peft\": \".\""), Overrides.none());
        assertThat(error.exitStatus()).isEqualTo(3);
        check(error, ErrorCode.A_CONFIG, "\"LOHA\"|use_dora|not supported");
    }

    private CgloraException errorOf(String text, Overrides overrides) throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, text);
        return catchThrowableOfType(
                CgloraException.class, () -> PipelineReader.read(file, overrides));
    }

    private static CgloraException errorOf(Path file) {
        return catchThrowableOfType(
                CgloraException.class, () -> PipelineReader.read(file, Overrides.none()));
    }

    private static void check(CgloraException error, ErrorCode code, String pieces) {
        assertThat(error).isNotNull();
        assertThat(error.problems()).extracting("code").contains(code);
        for (String piece : pieces.split("\\|")) {
            assertThat(error.getMessage()).contains(piece);
        }
    }
}
