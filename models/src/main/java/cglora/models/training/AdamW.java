package cglora.models.training;

import cglora.kernels.optimizer.OptimizerKernels;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.kernels.reduction.ReductionKernels;
import java.util.ArrayList;
import java.util.List;

/// AdamW over groups of parameters that stand side by side: where its state is, and the launches
/// of one step.
final class AdamW {
    /// Settings of the optimiser.
    ///
    /// @param maxGradNorm no clipping where it is 0
    record Settings(double beta1, double beta2, double epsilon, double maxGradNorm) {}

    /// Parameters that share a rate and a decay.
    ///
    /// @param parameters all of them
    /// @param gradients  laid out as they are
    /// @param m          first moments
    /// @param v          second moments
    /// @param rateScale  their learning rate over the common one
    /// @param decay      their weight decay
    record Group(
            Buffer parameters, Buffer gradients, Buffer m, Buffer v, float rateScale, float decay) {
        static Group of(Layout layout, Buffer parameters, double rateScale, double decay) {
            return of(layout, parameters, Region.GRADIENTS, rateScale, decay);
        }

        /// @param region where the gradients are
        static Group of(
                Layout layout, Buffer parameters, Region region, double rateScale, double decay) {
            String name = parameters.name();
            int length = parameters.length();
            return new Group(
                    parameters,
                    layout.allocate(region, name + ".gradient", length),
                    layout.allocate(Region.STATE, name + ".m", length),
                    layout.allocate(Region.SECOND_MOMENTS, name + ".v", length),
                    (float) rateScale,
                    (float) decay);
        }

        /// The same group with other gradients.
        Group withGradients(Layout layout) {
            return new Group(
                    parameters,
                    layout.allocate(
                            Region.GRADIENTS, parameters.name() + ".sum", parameters.length()),
                    m,
                    v,
                    rateScale,
                    decay);
        }
    }

    /// Launches of a step, and where the gradient's norm is afterwards.
    ///
    /// @param launches in order
    /// @param clip     [2] norm of the gradient, and what it was multiplied by
    record Step(List<Launch> launches, Buffer clip) {}

    /// Length of the `hyper` input of [#step].
    static final int HYPER = 6;

    private final Settings settings;

    AdamW(Settings settings) {
        this.settings = settings;
    }

    /// Values of the `hyper` input for the `t`-th step, counted from 1.
    float[] hyper(double learningRate, int t) {
        return new float[] {
            (float) learningRate,
            (float) settings.beta1(),
            (float) settings.beta2(),
            (float) settings.epsilon(),
            (float) (1 - Math.pow(settings.beta1(), t)),
            (float) (1 - Math.pow(settings.beta2(), t))
        };
    }

    /// @param hyper [6] an input of the program
    Step step(List<Group> groups, Buffer hyper) {
        var launches = new ArrayList<Launch>();
        int blocks = 0;
        for (Group group : groups) {
            blocks += blocks(group);
        }
        Buffer sums = Buffer.scratch("squares", DataType.FLOAT32, blocks);
        Buffer clip = Buffer.scratch("clip", DataType.FLOAT32, 2);
        var parts = new ArrayList<Launch>();
        int start = 0;
        for (Group group : groups) {
            parts.add(
                    Launch.of(
                            ReductionKernels.SQUARES,
                            blocks(group),
                            group.gradients(),
                            sums,
                            group.gradients().length(),
                            start));
            start += blocks(group);
        }
        launches.addAll(parts);
        launches.add(
                Launch.of(
                        OptimizerKernels.CLIP_BY_NORM,
                        1,
                        sums,
                        clip,
                        blocks,
                        (float) settings.maxGradNorm()));
        for (Group group : groups) {
            launches.add(
                    Launch.of(
                            OptimizerKernels.ADAM_W,
                            group.parameters().length(),
                            group.gradients(),
                            hyper,
                            clip,
                            group.parameters(),
                            group.m(),
                            group.v(),
                            group.rateScale(),
                            group.decay()));
        }
        return new Step(launches, clip);
    }

    private static int blocks(Group group) {
        return (group.gradients().length() + ReductionKernels.BLOCK - 1) / ReductionKernels.BLOCK;
    }
}
