package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.A_CONFIG;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Takes the values of an `adapter_config.json` that `from_peft` names; what the stage gives itself
/// wins. Features we do not have are refused rather than ignored.
final class PeftConfig {
    private static final List<String> TAKEN =
            List.of(
                    "r",
                    "lora_alpha",
                    "use_rslora",
                    "lora_dropout",
                    "bias",
                    "target_modules",
                    "exclude_modules",
                    "modules_to_save",
                    "rank_pattern",
                    "alpha_pattern");
    private static final List<String> UNSUPPORTED =
            List.of(
                    "use_dora",
                    "use_qalora",
                    "megatron_config",
                    "target_parameters",
                    "trainable_token_indices",
                    "layers_to_transform",
                    "layer_replication",
                    "lora_bias",
                    "fan_in_fan_out");

    private final Problems problems;

    PeftConfig(Problems problems) {
        this.problems = problems;
    }

    ObjectValue fill(ObjectValue root) {
        if (!(root.get("stages") instanceof ArrayValue list)) {
            return root;
        }
        var stages = new ArrayList<JsonValue>();
        for (JsonValue item : list.items()) {
            boolean asks =
                    item instanceof ObjectValue stage
                            && stage.get("stage") instanceof StringValue(_, String name)
                            && name.equals(AdapterSpec.STAGE)
                            && stage.get("from_peft") instanceof StringValue;
            stages.add(asks ? filled((ObjectValue) item) : item);
        }
        return root.with(
                "stages",
                new Member(
                        root.members().get("stages").nameOrigin(),
                        new ArrayValue(list.origin(), stages)));
    }

    private ObjectValue filled(ObjectValue stage) {
        var from = (StringValue) stage.get("from_peft");
        Path file;
        try {
            file = from.origin().folder().resolve(from.text());
        } catch (InvalidPathException _) {
            // The binder reads the same text as a path and reports it.
            return stage;
        }
        if (Files.isDirectory(file)) {
            file = file.resolve("adapter_config.json");
        }
        if (!Files.isRegularFile(file)) {
            problems.error(
                    A_CONFIG,
                    from.origin().toString(),
                    "there is no file " + file,
                    "correct from_peft");
            return stage;
        }
        JsonValue value;
        try {
            value = JsonSource.read(file, problems);
        } catch (CgloraException e) {
            problems.error(e);
            return stage;
        }
        return value instanceof ObjectValue config && isSupported(file, config)
                ? taken(stage, config)
                : stage;
    }

    private boolean isSupported(Path file, ObjectValue config) {
        boolean supported = true;
        if (!(config.get("peft_type") instanceof StringValue(_, String type)
                && type.equals("LORA"))) {
            JsonValue found = config.get("peft_type");
            problems.error(
                    A_CONFIG,
                    (found == null ? config : found).origin().toString(),
                    "peft_type is "
                            + (found == null ? "missing" : found.describe())
                            + ", expected \"LORA\"",
                    "only LoRA configurations can be taken");
            supported = false;
        }
        for (String key : UNSUPPORTED) {
            JsonValue value = config.get(key);
            boolean off =
                    value == null
                            || value instanceof NullValue
                            || (value instanceof BooleanValue(_, boolean on) && !on)
                            || (value instanceof ArrayValue(_, List<JsonValue> items)
                                    && items.isEmpty());
            if (!off) {
                problems.error(
                        A_CONFIG,
                        value.origin().toString(),
                        "'" + key + "' is not supported by cglora",
                        "remove it from " + file.getFileName() + ", or write the settings out");
                supported = false;
            }
        }
        return supported;
    }

    private ObjectValue taken(ObjectValue stage, ObjectValue config) {
        ObjectValue filled = stage;
        for (String key : TAKEN) {
            if (config.has(key) && !stage.members().containsKey(key)) {
                filled = filled.with(key, config.members().get(key));
            }
        }
        if (config.has("init_lora_weights") && !stage.members().containsKey("init_lora_weights")) {
            Member init = config.members().get("init_lora_weights");
            switch (init.value()) {
                case BooleanValue(Origin origin, boolean on) when on ->
                        filled =
                                filled.with(
                                        "init_lora_weights",
                                        new Member(origin, new StringValue(origin, "kaiming")));
                case StringValue(_, String text) when text.equals("gaussian") ->
                        filled = filled.with("init_lora_weights", init);
                default ->
                        problems.error(
                                A_CONFIG,
                                init.value().origin().toString(),
                                "init_lora_weights is "
                                        + init.value().describe()
                                        + ", expected true or \"gaussian\"",
                                "give \"method\" and \"init_lora_weights\" in the adapter stage");
            }
        }
        return filled;
    }
}
