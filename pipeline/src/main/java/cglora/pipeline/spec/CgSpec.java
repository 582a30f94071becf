package cglora.pipeline.spec;

/// Options of Curvature-Guided LoRA.
public record CgSpec(
        @Setting(
                        value = "Added to the curvature factors before inversion",
                        byDefault = "1.0",
                        min = 0,
                        examples = "0.1")
                double damping,
        @Setting(
                        value =
                                "relative: times the mean eigenvalue; pi: split by traces;"
                                        + " absolute: as given",
                        byDefault = "\"relative\"")
                DampingType dampingType,
        @Setting(
                        value = "Power of the input factor in the whitening",
                        byDefault = "0.5",
                        min = 0,
                        max = 0.5)
                double pA,
        @Setting(
                        value = "Power of the output factor in the whitening",
                        byDefault = "0.5",
                        min = 0,
                        max = 0.5)
                double pS,
        @Setting(
                        value =
                                "Start from the base model by subtracting the initial adapter from"
                                        + " the weights",
                        byDefault = "false")
                boolean shift,
        @Setting(value = "How the step is split between A and B", byDefault = "\"balanced\"")
                Scale scale,
        @Setting(
                        value =
                                "How the length of the initial step is chosen: by losses of"
                                        + " held-out examples, by their linearised predictions (fewer"
                                        + " forward passes), by the quadratic model, or as given",
                        byDefault = "\"held-out\"")
                Step step,
        @Setting(
                        value = "Length of the step where step is fixed",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        aboveMin = true,
                        examples = "1.0")
                Double stepSize,
        @Setting(
                        value =
                                "Coordinates in which the optimizer sees the factors; null is"
                                        + " whitened, and plain with shift",
                        byDefault = "null",
                        nullable = true)
                Coordinates coordinates,
        @Setting(
                        value =
                                "Leading eigenvectors that the roots of whitened coordinates keep"
                                        + " of each factor, so that no matrix of a layer's width"
                                        + " squared is kept; null keeps the roots whole",
                        byDefault = "null",
                        nullable = true,
                        min = 1)
                Integer whiteningRank,
        @Setting(
                        value = "Power of the input factor in whitened coordinates; null takes p_a",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        max = 0.5)
                Double whiteningPA,
        @Setting(
                        value =
                                "Power of the output factor in whitened coordinates; null takes"
                                        + " p_s",
                        byDefault = "null",
                        nullable = true,
                        min = 0,
                        max = 0.5)
                Double whiteningPS,
        @Setting(
                        value =
                                "uniform: r everywhere; curvature: where the whitened spectra gain"
                                        + " most, at rank_budget",
                        byDefault = "\"uniform\"")
                RankAllocation rankAllocation,
        @Setting(
                        value =
                                "Parameters of all factors where rank_allocation is curvature; null"
                                        + " takes those of r everywhere",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "200000")
                Integer rankBudget,
        @Setting(
                        value = "Least rank of a module where rank_allocation is curvature",
                        byDefault = "1",
                        min = 1)
                int minRank,
        @Setting(
                        value =
                                "Largest rank of a module where rank_allocation is curvature; null"
                                        + " takes 4 r",
                        byDefault = "null",
                        nullable = true,
                        min = 1,
                        examples = "32")
                Integer maxRank,
        @Setting(
                        value =
                                "Who whitens: host, by eigendecompositions in float64; engine, by"
                                        + " matrix products in float32, with the host for what they"
                                        + " do not serve; auto: the engine where it is a device",
                        byDefault = "\"auto\"")
                Arithmetic arithmetic) {
    public CgSpec {
        if (coordinates == null) {
            coordinates = shift ? Coordinates.PLAIN : Coordinates.WHITENED;
        }
    }

    /// What the damping is relative to.
    public enum DampingType implements Named {
        RELATIVE("relative"),
        PI("pi"),
        ABSOLUTE("absolute");

        private final String jsonName;

        DampingType(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// How a step is split between A and B.
    public enum Scale implements Named {
        BALANCED("balanced"),
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

    /// How the step length is chosen.
    public enum Step implements Named {
        HELD_OUT("held-out"),
        PREDICTED("predicted"),
        QUADRATIC("quadratic"),
        FIXED("fixed");

        private final String jsonName;

        Step(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// How ranks are given to modules.
    public enum RankAllocation implements Named {
        UNIFORM("uniform"),
        CURVATURE("curvature");

        private final String jsonName;

        RankAllocation(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Who computes the whitening.
    public enum Arithmetic implements Named {
        AUTO("auto"),
        HOST("host"),
        ENGINE("engine");

        private final String jsonName;

        Arithmetic(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }

    /// Coordinates of the optimizer.
    public enum Coordinates implements Named {
        WHITENED("whitened"),
        PLAIN("plain");

        private final String jsonName;

        Coordinates(String jsonName) {
            this.jsonName = jsonName;
        }

        @Override
        public String jsonName() {
            return jsonName;
        }
    }
}
