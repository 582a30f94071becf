package cglora.pipeline.spec;

import static cglora.pipeline.spec.BadPipeline.GOOD;
import static cglora.pipeline.spec.BadPipeline.check;
import static cglora.pipeline.spec.BadPipeline.errorOf;
import static cglora.pipeline.spec.BadPipeline.row;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// One row for each way in which the settings of a stage can be wrong, alone or together.
class BadSettingsTest {
    @TempDir Path folder;

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
                // PEFT
                row("\"r\": \"${r}\"", "\"from_peft\": \"none.json\"", "A_CONFIG", "no file"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesSettings(List<String> texts, ErrorCode code, String pieces) throws IOException {
        String text = GOOD;
        for (int i = 0; i < texts.size(); i += 2) {
            assertThat(text).contains(texts.get(i));
            text = text.replace(texts.get(i), texts.get(i + 1));
        }
        CgloraException error = errorOf(folder, text, Overrides.none());
        assertThat(error.problems().getFirst().code().kind()).isEqualTo(code.kind());
        check(error, code, pieces);
    }
}
