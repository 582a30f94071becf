package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.block.ParameterSpec;
import cglora.models.json.JsonFile;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// A LoRA adapter as PEFT lays it out: `adapter_config.json` and `adapter_model.safetensors`
/// (huggingface/peft, docs/source/developer_guides/checkpoint.md).
///
/// @param layers     by module path, `bert.encoder.layer.0.attention.self.query`
/// @param saved      modules trained whole, by parameter name: `classifier.weight`
/// @param shapes     extents of the saved parameters
/// @param base       name of the base model
/// @param metadata   what else the safetensors file says: fingerprint, labels
public record PeftAdapter(
        Map<String, Layer> layers,
        Map<String, float[]> saved,
        Map<String, int[]> shapes,
        String base,
        Map<String, String> metadata) {
    private static final String PREFIX = "base_model.model.";

    /// Key of PEFT's `task_type` in the metadata; without it a head tells the task.
    public static final String TASK = "cglora.task";

    /// Starts that PEFT subtracts from the base, each time that it loads the adapter.
    private static final Pattern OFF_THE_BASE =
            Pattern.compile("(pissa|corda|loftq|olora|lora_ga).*", Pattern.CASE_INSENSITIVE);

    /// Keys that are understood, each where it is needed.
    private static final Set<String> CHECKED =
            Set.of(
                    "alpha_pattern",
                    "base_model_name_or_path",
                    "bias",
                    "init_lora_weights",
                    "lora_alpha",
                    "modules_to_save",
                    "peft_type",
                    "r",
                    "rank_pattern",
                    "target_modules",
                    "task_type",
                    "use_dora",
                    "use_rslora");

    /// PEFT's other keys that an adapter which has been trained does not depend on: what is
    /// adapted is in its tensors. Every other key that is on is refused: aLoRA, replicated
    /// layers, biases of its own, trained tokens, block-diagonal factors, and what is to come.
    private static final Set<String> HARMLESS =
            Set.of(
                    "auto_mapping",
                    "corda_config",
                    "ensure_weight_tying",
                    "eva_config",
                    "exclude_modules",
                    "fan_in_fan_out",
                    "inference_mode",
                    "layers_pattern",
                    "layers_to_transform",
                    "loftq_config",
                    "lora_dropout",
                    "lora_ga_config",
                    "megatron_core",
                    "peft_version",
                    "qalora_group_size",
                    "revision",
                    "runtime_config",
                    "velora_config");

    public static final String CONFIG = "adapter_config.json";
    public static final String WEIGHTS = "adapter_model.safetensors";

    /// The factors of one layer.
    ///
    /// @param loraA [r, in]
    /// @param loraB [out, r]
    public record Layer(
            int in, int out, int r, double scaling, boolean rslora, float[] loraA, float[] loraB) {
        double alpha() {
            double alpha = scaling * (rslora ? Math.sqrt(r) : r);
            double whole = Math.rint(alpha);
            return Math.abs(alpha - whole) < 1e-5 * Math.max(1, whole) ? whole : alpha;
        }
    }

    /// Writes both files into `folder`, which must exist.
    public void write(Path folder, double loraDropout) throws IOException {
        var tensors = new TreeMap<String, TensorData>();
        layers.forEach(
                (name, layer) -> {
                    tensors.put(
                            PREFIX + name + ".lora_A.weight",
                            new TensorData(new int[] {layer.r(), layer.in()}, layer.loraA()));
                    tensors.put(
                            PREFIX + name + ".lora_B.weight",
                            new TensorData(new int[] {layer.out(), layer.r()}, layer.loraB()));
                });
        saved.forEach(
                (name, values) ->
                        tensors.put(PREFIX + name, new TensorData(shapes.get(name), values)));
        var all = new TreeMap<>(metadata);
        all.put("format", "pt");
        SafetensorsWriter.write(folder.resolve(WEIGHTS), tensors, all);
        Path config = folder.resolve(CONFIG);
        Files.writeString(
                config,
                JsonMapper.builder()
                                .enable(SerializationFeature.INDENT_OUTPUT)
                                .build()
                                .writeValueAsString(config(loraDropout))
                        + "\n");
    }

    private Map<String, Object> config(double loraDropout) {
        Layer first = layers.values().iterator().next();
        var modules = new TreeSet<String>();
        saved.keySet().forEach(name -> modules.add(name.split("\\.")[0]));
        var ranks = new TreeMap<String, Object>();
        var alphas = new TreeMap<String, Object>();
        layers.forEach(
                (name, layer) -> {
                    if (layer.r() != first.r()) {
                        ranks.put(
                                Pattern.quote(name)
                                        .replace("\\Q", "")
                                        .replace("\\E", "")
                                        .replace(".", "\\."),
                                layer.r());
                    }
                    if (layer.alpha() != first.alpha()) {
                        alphas.put(name.replace(".", "\\."), layer.alpha());
                    }
                });
        var config = new TreeMap<String, Object>();
        config.put("alpha_pattern", alphas);
        config.put("auto_mapping", null);
        config.put("base_model_name_or_path", base);
        config.put("bias", "none");
        config.put("exclude_modules", null);
        config.put("fan_in_fan_out", false);
        config.put("inference_mode", true);
        config.put("init_lora_weights", true);
        config.put("layers_pattern", null);
        config.put("layers_to_transform", null);
        config.put("lora_alpha", number(first.alpha()));
        config.put("lora_dropout", loraDropout);
        config.put("modules_to_save", modules.isEmpty() ? null : modules);
        config.put("peft_type", "LORA");
        config.put("peft_version", "0.20.0");
        config.put("r", first.r());
        config.put("rank_pattern", ranks);
        config.put("revision", null);
        config.put("target_modules", new TreeSet<>(layers.keySet()));
        config.put("task_type", taskType(!modules.isEmpty()));
        config.put("use_dora", false);
        config.put("use_rslora", first.rslora());
        return config;
    }

    /// PEFT asks an adapter of a classifier for its head; one without, such as a shift of the base,
    /// has no task.
    private String taskType(boolean head) {
        String task = metadata.getOrDefault(TASK, "SEQ_CLS");
        return head || !task.endsWith("_CLS") ? task : null;
    }

    private static Object number(double value) {
        return value == Math.rint(value) ? (Object) (int) value : (Object) value;
    }

    /// Reads an adapter that this product or PEFT wrote; whether it has the head that its model
    /// needs is for [#requireSaved].
    ///
    /// @throws CgloraException A-CONFIG, A-TENSOR or one of the S codes
    public static PeftAdapter read(Path folder) {
        Path configFile = folder.resolve(CONFIG);
        if (!Files.isRegularFile(configFile) || !Files.isRegularFile(folder.resolve(WEIGHTS))) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    folder.toString(),
                    "is no adapter: " + CONFIG + " and " + WEIGHTS + " are not both there",
                    "give the adapter's folder");
        }
        JsonNode config;
        try {
            config = JsonFile.read(configFile, JsonFile.CONFIGURATION);
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    configFile.toString(),
                    e.getOriginalMessage(),
                    "write the adapter again",
                    e);
        }
        refuseUnsupported(config, configFile);
        boolean rslora = config.path("use_rslora").asBoolean(false);
        var layers = new LinkedHashMap<String, Layer>();
        var saved = new LinkedHashMap<String, float[]>();
        var shapes = new LinkedHashMap<String, int[]>();
        var problems = new Problems();
        try (var file = new Safetensors(folder.resolve(WEIGHTS))) {
            for (String key : new TreeSet<>(file.names())) {
                String name = key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : null;
                if (name == null || name.contains(".default.") || name.contains("_orig_mod.")) {
                    problems.error(
                            ErrorCode.A_TENSOR,
                            file.description(),
                            "tensor '" + key + "' has no name that PEFT gives",
                            "save the adapter with save_pretrained");
                } else if (name.endsWith(".lora_A.weight")) {
                    String module = name.substring(0, name.length() - ".lora_A.weight".length());
                    String other = PREFIX + module + ".lora_B.weight";
                    if (!file.names().contains(other)) {
                        problems.error(
                                ErrorCode.A_TENSOR,
                                file.description(),
                                "tensor '" + other + "' is missing",
                                "save the adapter again");
                        continue;
                    }
                    long[] a = file.shape(key);
                    long[] b = file.shape(other);
                    if (a.length != 2 || b.length != 2) {
                        problems.error(
                                ErrorCode.A_TENSOR,
                                file.description(),
                                "%s: lora_A is %s, lora_B %s, expected matrices"
                                        .formatted(module, Arrays.toString(a), Arrays.toString(b)),
                                "only adapters of linear layers are read");
                        continue;
                    }
                    int r =
                            number(config, "rank_pattern", module, config.path("r").asInt(8))
                                    .intValue();
                    double alpha =
                            number(
                                            config,
                                            "alpha_pattern",
                                            module,
                                            config.path("lora_alpha").asDouble(8))
                                    .doubleValue();
                    if (a[0] != b[1] || a[0] != r) {
                        problems.error(
                                ErrorCode.A_TENSOR,
                                file.description(),
                                "%s: lora_A has rank %d, lora_B %d, the configuration %d"
                                        .formatted(module, a[0], b[1], r),
                                "save the adapter again");
                        continue;
                    }
                    layers.put(
                            module,
                            new Layer(
                                    (int) a[1],
                                    (int) b[0],
                                    r,
                                    alpha / (rslora ? Math.sqrt(r) : r),
                                    rslora,
                                    file.read(key),
                                    file.read(other)));
                } else if (name.endsWith(".lora_B.weight")) {
                    String other = key.replace(".lora_B.weight", ".lora_A.weight");
                    if (!file.names().contains(other)) {
                        problems.error(
                                ErrorCode.A_TENSOR,
                                file.description(),
                                "tensor '" + other + "' is missing",
                                "save the adapter again");
                    }
                } else {
                    saved.put(name, file.read(key));
                    long[] shape = file.shape(key);
                    int[] extents = new int[shape.length];
                    for (int i = 0; i < shape.length; i++) {
                        extents[i] = (int) shape[i];
                    }
                    shapes.put(name, extents);
                }
            }
            if (layers.isEmpty()) {
                problems.error(
                        ErrorCode.A_TENSOR,
                        file.description(),
                        "holds no lora_A",
                        "check the file");
            }
            for (String target : targets(config)) {
                boolean savedWhole = saved.keySet().stream().anyMatch(n -> isOf(n, target));
                if (!savedWhole
                        && layers.keySet().stream()
                                .noneMatch(n -> n.equals(target) || n.endsWith("." + target))) {
                    problems.error(
                            ErrorCode.A_TENSOR,
                            file.description(),
                            "holds nothing for target_modules entry '" + target + "'",
                            "save the adapter again");
                }
            }
            problems.throwIfAny();
            return new PeftAdapter(
                    layers,
                    saved,
                    shapes,
                    config.path("base_model_name_or_path").asString(""),
                    withTask(file.metadata(), config));
        }
    }

    /// What the file says, and the task of the configuration where it says none.
    private static Map<String, String> withTask(Map<String, String> metadata, JsonNode config) {
        var all = new TreeMap<>(metadata);
        if (config.hasNonNull("task_type")) {
            all.putIfAbsent(TASK, config.path("task_type").asString());
        }
        return all;
    }

    /// Whether a parameter belongs to the module of a name, or of such an end.
    private static boolean isOf(String parameter, String module) {
        String owner = parameter.substring(0, Math.max(0, parameter.lastIndexOf('.')));
        return owner.equals(module) || owner.endsWith("." + module);
    }

    /// Refuses an adapter without a trained module that nothing else brings.
    ///
    /// @param needed the parameters that it has to hold
    /// @param modules what PEFT's `modules_to_save` has to name for it
    /// @param where  the adapter's folder, for messages
    /// @throws CgloraException A-HEAD with all that are missing or are no weights or biases
    public void requireSaved(List<ParameterSpec> needed, List<String> modules, String where) {
        var problems = new Problems();
        for (ParameterSpec spec : needed) {
            int[] shape = shapes.get(spec.name());
            if (shape == null || shape.length != spec.shape().rank()) {
                problems.error(
                        ErrorCode.A_HEAD,
                        where,
                        shape == null
                                ? "holds no " + spec.name() + ": a random head would answer"
                                : spec.name() + " is " + Arrays.toString(shape),
                        "save the adapter with modules_to_save "
                                + modules.stream().map(m -> '"' + m + '"').toList());
            }
        }
        problems.throwIfAny();
    }

    /// The names of a list; a regular expression is not looked into.
    private static List<String> targets(JsonNode config) {
        var names = new ArrayList<String>();
        if (config.path("target_modules").isArray()) {
            config.path("target_modules").forEach(name -> names.add(name.asString("")));
        }
        return names;
    }

    private static Number number(
            JsonNode config, String patterns, String module, Number otherwise) {
        for (var property : config.path(patterns).properties()) {
            if (NamePattern.ofKey(property.getKey(), patterns).matches(module)
                    && property.getValue().isNumber()) {
                return property.getValue().numberValue();
            }
        }
        return otherwise;
    }

    /// Whether a module may be the other half of a pair that a model ties.
    private static boolean isTied(JsonNode module) {
        String name = module.asString("");
        return name.endsWith("embed_tokens") || name.endsWith("lm_head") || name.endsWith("shared");
    }

    /// An empty list or object asks for something, too: `target_parameters`.
    private static boolean isOn(JsonNode value) {
        return !value.isNull() && !(value.isBoolean() && !value.booleanValue());
    }

    private static void refuseUnsupported(JsonNode config, Path file) {
        var wrong = new ArrayList<String>();
        if (!config.path("peft_type").asString("").equals("LORA")) {
            wrong.add("peft_type " + config.path("peft_type"));
        }
        if (config.path("use_dora").asBoolean(false)) {
            wrong.add("use_dora");
        }
        if (!config.path("bias").asString("none").equals("none")) {
            wrong.add("bias " + config.path("bias"));
        }
        String start = config.path("init_lora_weights").asString("");
        if (OFF_THE_BASE.matcher(start).matches()) {
            wrong.add(
                    "init_lora_weights '%s', which PEFT takes off the base's weights whenever it loads;"
                                    .formatted(start)
                            + " save_pretrained with path_initial_model_for_weight_conversion makes"
                            + " an ordinary adapter of it");
        }
        if (config.path("ensure_weight_tying").asBoolean(false)
                && config.path("modules_to_save").valueStream().anyMatch(PeftAdapter::isTied)) {
            wrong.add("ensure_weight_tying with modules_to_save " + config.get("modules_to_save"));
        }
        for (var property : config.properties()) {
            String key = property.getKey();
            if (!HARMLESS.contains(key) && !CHECKED.contains(key) && isOn(property.getValue())) {
                wrong.add(key + " " + property.getValue());
            }
        }
        if (!wrong.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    file.toString(),
                    "uses what is not supported: " + String.join(", ", wrong),
                    "nothing was loaded; plain LoRA adapters are");
        }
    }
}
