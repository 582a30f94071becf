package cglora.pipeline.spec;

/// Options of the method lora-ga; the names are those of its published code.
public record LoraGaSpec(
        @Setting(
                        value =
                                "Singular vectors of the gradient that A and B take: first r, second r",
                        byDefault = "\"ArB2r\"")
                Direction direction,
        @Setting(value = "Length of the factors", byDefault = "\"stable\"") Scale scale,
        @Setting(
                        value = "Divides the stable scale: out^(1/4) / sqrt(stable_gamma)",
                        byDefault = "16",
                        min = 0,
                        aboveMin = true)
                double stableGamma) {
    /// Which singular vectors go where.
    public enum Direction implements Named {
        AR_B2R("ArB2r"),
        A2R_BR("A2rBr"),
        AR_BR("ArBr");

        private final String jsonName;

        Direction(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// How long the factors are.
    public enum Scale implements Named {
        STABLE("stable"),
        UNIT("unit");

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
