package cglora.pipeline.spec;

import static cglora.pipeline.spec.BadPipeline.GOOD;
import static cglora.pipeline.spec.BadPipeline.check;
import static cglora.pipeline.spec.BadPipeline.errorOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Files that are no pipelines, and options that do not fit one.
class BadPipelineTest {
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
        CgloraException error = errorOf(folder, text, Overrides.none());
        assertThat(error.exitStatus()).isEqualTo(2);
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
                arguments("var", "r", "P_SET", "NAME=VALUE"),
                arguments("var", "rr=1", "P_VARIABLE", "nothing uses ${rr}|did you mean r?"),
                arguments("set", "train.max_steps=1e99999999999", "O_RANGE", "at most 2147483647"),
                arguments("set", "train.max_steps=1e-99999999999", "P_TYPE", "a whole number"),
                arguments(
                        "set",
                        "data.format.encoding=klingon",
                        "P_VALUE",
                        "no character set is called \"klingon\""),
                arguments("set", "data.format.encoding=UFT-8", "P_VALUE", "did you mean UTF-8?"),
                arguments("set", "data.format.encoding=a b", "P_VALUE", "no character set"),
                arguments("set", "model.config={\"x\": 1e999}", "O_RANGE", "a finite number"),
                arguments("set", "model.path=\"\\u0000\"", "P_VALUE", "not a path"),
                arguments("set", "data.train=[\"\\u0000\"]", "P_VALUE", "not a path"));
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
        CgloraException error = errorOf(folder, GOOD, overrides);
        assertThat(error.exitStatus()).isEqualTo(2);
        check(error, code, pieces);
    }

    /// The text is as it should be: a name that only a variable of a grid or of the file uses.
    @Test
    void aVariableThatIsUsedSomewhereIsTaken() throws IOException {
        String text = GOOD.replace("\"m\"", "\"${models}/m\"");
        var overrides = new Overrides(List.of("models=x"), List.of(), List.of(), folder, Map.of());
        assertThat(errorOf(folder, text, overrides)).isNull();
    }

    /// Each holds two of the one before: a trillion values.
    @Test
    @Timeout(60)
    void variablesThatDoubleEndInAnError() throws IOException {
        var vars = new StringBuilder("\"a0\": [1, 2]");
        for (int i = 1; i <= 40; i++) {
            vars.append(", \"a%d\": [\"${a%d}\", \"${a%d}\"]".formatted(i, i - 1, i - 1));
        }
        CgloraException error =
                errorOf(folder, GOOD.replace("\"r\": 8", "\"r\": 8, " + vars), Overrides.none());
        check(error, ErrorCode.P_VARIABLE, "more than 1048576 values by variables");
        assertThat(error.problems()).hasSize(1);
    }

    /// Eight times the same file in each of fifteen: read once.
    @Test
    @Timeout(60)
    void filesThatAreNamedAgainAreReadOnce() throws IOException {
        for (int i = 0; i < 15; i++) {
            String next = "\"e" + (i + 1) + ".json\"";
            Files.writeString(
                    folder.resolve("e" + i + ".json"),
                    "{\"extends\": [" + String.join(", ", Collections.nCopies(8, next)) + "]}");
        }
        Files.writeString(folder.resolve("e15.json"), GOOD);
        assertThat(errorOf(folder.resolve("e0.json"))).isNull();
        Files.writeString(
                folder.resolve("e15.json"), GOOD.replace("{\"stage\": \"calibrate\"}", "{}"));
        check(errorOf(folder.resolve("e0.json")), ErrorCode.X_LIMIT, "more than 1000 stages");
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
        assertThat(errorOf(folder, text, Overrides.none()).problems()).hasSize(5);
    }

    @Test
    void refusesFeaturesOfPeftThatItLacks() throws IOException {
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LOHA\", \"use_dora\": true, \"init_lora_weights\": \"pissa\"}");
        CgloraException error =
                errorOf(
                        folder,
                        GOOD.replace("\"r\": \"${r}\"", "\"from_peft\": \".\""),
                        Overrides.none());
        assertThat(error.exitStatus()).isEqualTo(3);
        check(error, ErrorCode.A_CONFIG, "\"LOHA\"|use_dora|not supported");
    }
}
