package cglora.pipeline.spec;

import java.util.List;
import java.util.Map;

/// What is trained: a LoRA adapter with its initialization, or all weights.
public record AdapterSpec(
        @Setting(
                        value =
                                "Name of this stage in --set paths and references; needed when a"
                                        + " adapter stage repeats",
                        byDefault = "null",
                        nullable = true,
                        also = "name",
                        examples = "\"first\"")
                String id,
        @Setting(value = "Whether this stage takes part; usually a variable", byDefault = "true")
                boolean when,
        @Setting(
                        value = "How the adapter starts; full trains all weights",
                        byDefault = "\"cg-lora\"")
                Method method,
        @Setting(
                        value = "Rank of the adapter",
                        byDefault = "8",
                        min = 1,
                        also = "lora_rank",
                        examples = {"8", "16"})
                int r,
        @Setting(
                        value = "The adapter is scaled by lora_alpha / r",
                        byDefault = "8",
                        min = 0,
                        aboveMin = true,
                        examples = "16")
                double loraAlpha,
        @Setting(value = "Scale by lora_alpha / sqrt(r) instead", byDefault = "false")
                boolean useRslora,
        @Setting(
                        value = "Dropout on the adapter's input",
                        byDefault = "0",
                        min = 0,
                        max = 1,
                        belowMax = true,
                        examples = "0.05")
                double loraDropout,
        @Setting(value = "Which biases are trained", byDefault = "\"none\"") Bias bias,
        @Setting(
                        value =
                                "all-linear, names, or one regular expression; null takes PEFT's"
                                        + " choice for the model family",
                        byDefault = "null",
                        nullable = true,
                        examples = {
                            "\"all-linear\"",
                            "[\"query\", \"value\"]",
                            "\".*attention.*\""
                        })
                TargetModules targetModules,
        @Setting(
                        value = "Names, or one regular expression, of modules that get no adapter",
                        byDefault = "null",
                        nullable = true,
                        examples = "[\"pooler\"]")
                TargetModules excludeModules,
        @Setting(
                        value = "Modules trained whole and saved; auto takes the task's head",
                        byDefault = "\"auto\"",
                        examples = "[\"classifier\"]")
                AutoOr<List<String>> modulesToSave,
        @Setting(
                        value =
                                "Ranks of modules that differ from r, by name or regular"
                                        + " expression",
                        byDefault = "{}",
                        min = 1,
                        examples = "{\"query\": 16}")
                Map<String, Integer> rankPattern,
        @Setting(
                        value = "lora_alpha of modules that differ, by name or regular expression",
                        byDefault = "{}",
                        min = 0,
                        aboveMin = true,
                        examples = "{\"query\": 32}")
                Map<String, Double> alphaPattern,
        @Setting(value = "Distribution of A where the method is lora", byDefault = "\"kaiming\"")
                InitLoraWeights initLoraWeights,
        @Setting(
                        value =
                                "Lengths of the factors: own, those of the method; stable, every"
                                        + " row of A and column of B out^(1/4)/4, and a product that is"
                                        + " not zero is taken off the base",
                        byDefault = "\"own\"")
                Scale scale,
        @Setting(
                        value =
                                "Fit a new head before the adapter is initialized: auto, true,"
                                        + " false, or its options",
                        byDefault = "\"auto\"",
                        examples = {"false", "{\"examples\": 512}"})
                HeadWarmup headWarmup,
        @Setting(value = "Options of the method cg-lora", byDefault = "{}") CgSpec cg,
        @Setting(value = "Options of the method lora-ga", byDefault = "{}") LoraGaSpec loraGa,
        @Setting(value = "Options of the method lora-one", byDefault = "{}") LoraOneSpec loraOne,
        @Setting(
                        value =
                                "An adapter_config.json whose values are taken where this stage"
                                        + " gives none",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        examples = "\"adapters/mine/adapter_config.json\"")
                String fromPeft,
        @Setting(
                        value =
                                "A run, or the folder of an adapter, whose trained adapter and head this"
                                        + " one starts as; rank, scale and modules are that one's",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        examples = "\"runs/sst2/latest\"")
                String from,
        @Setting(
                        value =
                                "Write the adapter as it starts, its coordinates and the head to"
                                        + " start/ of the run: for later runs with the same settings",
                        byDefault = "false")
                boolean keep,
        @Setting(
                        value =
                                "A run that has kept its adapter's start, with these settings: it and"
                                        + " its head are taken, and nothing is calibrated or"
                                        + " initialized",
                        byDefault = "null",
                        nullable = true,
                        path = true,
                        examples = "\"runs/sst2/latest\"")
                String start)
        implements StageSpec {
    /// The value of `stage` in the file.
    public static final String STAGE = "adapter";

    public AdapterSpec {
        id = id == null ? STAGE : id;
        useRslora = useRslora || method == Method.RSLORA;
    }

    @Override
    public String stage() {
        return STAGE;
    }

    /// The same with what earlier runs give from other places.
    AdapterSpec withEarlier(String adapter, String begin) {
        return new AdapterSpec(
                id,
                when,
                method,
                r,
                loraAlpha,
                useRslora,
                loraDropout,
                bias,
                targetModules,
                excludeModules,
                modulesToSave,
                rankPattern,
                alphaPattern,
                initLoraWeights,
                scale,
                headWarmup,
                cg,
                loraGa,
                loraOne,
                fromPeft,
                adapter,
                keep,
                begin);
    }

    /// Whether its first values are made here, not taken from an earlier run.
    public boolean initializes() {
        return method != Method.FULL && from == null && start == null;
    }

    /// The same stage where an earlier adapter is taken: what that one decides is at its
    /// default, and nothing is initialized.
    AdapterSpec taken() {
        return new AdapterSpec(
                id,
                when,
                Method.LORA,
                8,
                8,
                false,
                loraDropout,
                bias,
                null,
                null,
                new AutoOr.Auto<>(),
                Map.of(),
                Map.of(),
                InitLoraWeights.KAIMING,
                Scale.OWN,
                new HeadWarmup.Auto(),
                cg,
                loraGa,
                loraOne,
                fromPeft,
                from,
                keep,
                start);
    }

    /// The initializers, and full fine-tuning.
    public enum Method implements Named {
        LORA("lora", false),
        RSLORA("rslora", false),
        PISSA("pissa", false),
        OLORA("olora", false),
        LORA_GA("lora-ga", true),
        LORA_ONE("lora-one", true),
        EVA("eva", true),
        CG_LORA("cg-lora", true),
        FULL("full", false);

        private final String jsonName;
        private final boolean calibrated;

        Method(String jsonName, boolean calibrated) {
            this.jsonName = jsonName;
            this.calibrated = calibrated;
        }

        /// Whether it needs what a calibrate stage gathers.
        public boolean isCalibrated() {
            return calibrated;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Lengths of the factors at the start.
    public enum Scale implements Named {
        OWN("own"),
        STABLE("stable");

        private final String jsonName;

        Scale(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Which biases are trained.
    public enum Bias implements Named {
        NONE("none");

        private final String jsonName;

        Bias(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Distributions of A.
    public enum InitLoraWeights implements Named {
        KAIMING("kaiming"),
        GAUSSIAN("gaussian");

        private final String jsonName;

        InitLoraWeights(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
