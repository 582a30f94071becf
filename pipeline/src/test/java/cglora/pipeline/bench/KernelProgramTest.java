package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.check.KernelSamples;
import cglora.kernels.program.Launch;
import cglora.pipeline.device.EngineChoice;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KernelProgramTest {
    private static Set<String> kernels(KernelProgram program) {
        return program.launches().stream()
                .map(launch -> launch.kernel().name())
                .collect(Collectors.toSet());
    }

    /// The samples are of all kernels there are. Those that move a device's memory for the engine
    /// are measured by suite device, as its transfers.
    @Test
    void everyFamilyHasLaunches() {
        Set<String> families =
                KernelSamples.all().stream()
                        .map(sample -> sample.kernel().family())
                        .filter(family -> !family.equals("tornado"))
                        .collect(Collectors.toSet());
        var timed = new HashSet<String>();
        for (KernelProgram program : KernelProgram.of(StepModel.MINILM)) {
            for (Launch launch : program.launches()) {
                timed.add(launch.kernel().family());
            }
        }
        assertThat(timed).containsAll(families);
        assertThat(families).contains("whitening", "storage", "dropout", "rotary");
    }

    @Test
    void theOtherFormsAddWhatTheStepHasNot() {
        List<KernelProgram> programs = KernelProgram.of(StepModel.MINILM);
        assertThat(programs).extracting(KernelProgram::name).startsWith("", "Llama", "T5");
        assertThat(kernels(programs.get(0))).contains("matmulNT", "layerNorm");
        assertThat(kernels(programs.get(1)))
                .contains("rmsNorm", "rotaryHalves", "gatedSilu", "dropout", "widenBfloat16")
                .contains("attentionForward")
                .doesNotContain("matmulNT", "adamW");
        assertThat(kernels(programs.get(2)))
                .contains("biasedAttention", "relativeBias", "gatedGeluTanh")
                .contains("biasedAttentionBiasGradient", "relativeBiasGradient")
                .doesNotContain("rmsNorm");
    }

    /// A model of the user's takes MiniLM's place, under its name.
    @Test
    void theStepIsThatOfTheModelAskedFor() {
        var model = StepModel.of("../models/src/test/resources/cglora/models/family/llama");
        List<KernelProgram> programs = KernelProgram.of(model);
        assertThat(programs.getFirst().prefix()).isEqualTo("llama: ");
        assertThat(kernels(programs.getFirst())).contains("rmsNorm").doesNotContain("layerNorm");
        assertThat(kernels(programs.get(1))).doesNotContain("rmsNorm", "rotaryHalves");
    }

    /// Integers of a launch fit it: the kernel's own Java method reads nothing beyond its operands.
    @Test
    void theOtherFormsRun() {
        List<KernelProgram> others = KernelProgram.of(StepModel.MINILM).stream().skip(1).toList();
        List<Result> results =
                new KernelSuite(
                                new EngineChoice.Jvm(2, ""),
                                others,
                                1,
                                Map.of("rotaryHalves", "element 1 is 0"),
                                new Peaks(0, 0),
                                _ -> {})
                        .run();
        assertThat(results)
                .filteredOn(Result::hasFailed)
                .allMatch(result -> result.test().contains("rotary"))
                .hasSize(2);
        assertThat(results)
                .extracting(result -> result.test().replaceAll(" \\(.*", ""))
                .contains(
                        "Llama: family normalization",
                        "Llama: family storage",
                        "Llama: attention/attentionGradient",
                        "T5: attention/biasedAttentionKeyGradient",
                        "T5: attention/biasedAttentionBiasGradient",
                        "T5: attention/relativeBiasGradient",
                        "initialisation: family whitening",
                        "initialisation: whitening/gramInto");
    }
}
