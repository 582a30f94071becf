package cglora.models.training;

import cglora.kernels.Kernel;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.reduction.ReductionKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Gradients of several batches, summed, and the optimiser's step that they make.
final class GradientAccumulation {
    /// @param clip [2] the gradient's norm, and what it was multiplied by
    private record Step(LoadedProgram program, Buffer hyper, Buffer clip) {}

    private final Engine engine;
    private final AdamW optimizer;
    private final List<AdamW.Group> ofBatch;
    private final List<AdamW.Group> summed;
    private LoadedProgram start;
    private LoadedProgram more;
    private Step step;

    /// @param layout  where the sums are placed; who gives it allocates it
    /// @param ofBatch groups whose gradients are those of one batch
    GradientAccumulation(Engine engine, Layout layout, AdamW optimizer, List<AdamW.Group> ofBatch) {
        this.engine = engine;
        this.optimizer = optimizer;
        this.ofBatch = ofBatch;
        this.summed = ofBatch.stream().map(group -> group.withGradients(layout)).toList();
    }

    /// The groups with their sums as gradients.
    List<AdamW.Group> groups() {
        return summed;
    }

    /// Takes the last batch's gradients into the sums.
    ///
    /// @param first the sums start anew
    void add(boolean first) {
        if (first) {
            if (start == null) {
                start = sums("start", ReductionKernels.COPY_INTO);
            }
            start.run();
        } else {
            if (more == null) {
                more = sums("more", ReductionKernels.ADD_INTO);
            }
            more.run();
        }
    }

    private LoadedProgram sums(String name, Kernel kernel) {
        var launches = new ArrayList<Launch>();
        for (int i = 0; i < ofBatch.size(); i++) {
            Buffer from = ofBatch.get(i).gradients();
            Buffer to = summed.get(i).gradients();
            launches.add(
                    kernel == ReductionKernels.ADD_INTO
                            ? Launch.of(kernel, from.length(), from, to, 1f)
                            : Launch.of(kernel, from.length(), from, to));
        }
        return engine.load(Planner.plan("accumulate " + name, launches, Set.of(), Set.of()));
    }

    /// Whether all sums are finite; they are looked through on the host.
    boolean isFinite() {
        for (AdamW.Group group : summed) {
            for (float value : engine.read(group.gradients())) {
                if (!Float.isFinite(value)) {
                    return false;
                }
            }
        }
        return true;
    }

    /// Changes the parameters by the sums.
    ///
    /// @param hyper of the optimiser
    /// @return [2] the gradient's norm, and what it was multiplied by
    float[] step(float[] hyper) {
        if (step == null) {
            step = optimizerStep();
        }
        step.program().write(step.hyper(), hyper);
        step.program().run();
        return step.program().read(step.clip());
    }

    private Step optimizerStep() {
        Buffer hyper = Buffer.scratch("hyper", DataType.FLOAT32, AdamW.HYPER);
        AdamW.Step planned = optimizer.step(summed, hyper);
        LoadedProgram program =
                engine.load(
                        Planner.plan(
                                "optimizer step",
                                planned.launches(),
                                Set.of(hyper),
                                Set.of(planned.clip())));
        return new Step(program, hyper, planned.clip());
    }
}
