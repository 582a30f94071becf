package cglora.pipeline.bench;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What a benchmark measures, in the order in which it is shown.
public enum Suite {
    /// Transfers, bandwidth, launches.
    DEVICE,
    /// Matrix products at the shapes of transformers.
    GEMM,
    /// The launches of a training step and of other forms of models, each kind alone, with its part
    /// of the measured peaks: [#DEVICE] comes first.
    KERNELS,
    /// A whole training step.
    STEP,
    /// A language model that writes, token by token.
    GENERATE,
    /// Calibration and initialisation: the forms of CG-LoRA beside LoRA-GA.
    INIT;

    /// Changes with what is measured and how: records of other versions are not compared.
    public static final int VERSION = 4;

    /// @throws CgloraException P-USAGE for a name that is none
    public static Set<Suite> parse(List<String> names) {
        var suites = EnumSet.noneOf(Suite.class);
        for (String name : names) {
            suites.add(
                    Arrays.stream(values())
                            .filter(s -> s.toString().equals(name.strip().toLowerCase(Locale.ROOT)))
                            .findFirst()
                            .orElseThrow(
                                    () ->
                                            new CgloraException(
                                                    ErrorCode.P_USAGE,
                                                    "--suite",
                                                    "no suite '" + name + "'",
                                                    "some of device, kernels, gemm, step,"
                                                            + " generate, init")));
        }
        if (suites.contains(KERNELS)) {
            suites.add(DEVICE);
        }
        return suites;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
