package cglora.pipeline.spec;

/// What computes.
public record EngineSpec(
        @Setting(
                        value =
                                "jvm: this processor; tornado: a device by TornadoVM; auto: tornado where it works",
                        byDefault = "\"auto\"")
                Type type,
        @Setting(
                        value =
                                "Name of a device as cglora devices lists it; null takes the first that fits",
                        byDefault = "null",
                        nullable = true,
                        examples = {"\"opencl:0:0\"", "\"jvm\""})
                String device,
        @Setting(
                        value = "Threads of the jvm engine; null takes all cores",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        max = 4096,
                        examples = "4")
                Integer threads,
        @Setting(
                        value =
                                "Part of the device's memory that a run may take; null takes that of the device's profile",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        aboveMin = true,
                        max = 1,
                        examples = "0.9")
                Double memoryFraction) {
    /// The engines.
    public enum Type implements Named {
        AUTO("auto"),
        JVM("jvm"),
        TORNADO("tornado");

        private final String jsonName;

        Type(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
