package cglora.pipeline.spec;

/// Options of the method lora-one.
public record LoraOneSpec(
        @Setting(
                        value =
                                "Length of the leading pair: gamma is 1/sqrt(gamma), stable out^(1/4)/4",
                        byDefault = "\"gamma\"")
                Scale scale,
        @Setting(value = "Gamma of the scale gamma", byDefault = "128", min = 0, aboveMin = true)
                double gamma) {
    /// How long the factors are.
    public enum Scale implements Named {
        GAMMA("gamma"),
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
}
