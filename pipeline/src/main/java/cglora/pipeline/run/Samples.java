package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.HeadWarmupSpec;
import java.util.Arrays;

/// Examples of the training set that share none: for the head, the curvature and the step.
record Samples(Dataset head, Dataset headHeldOut, Dataset curvature, Dataset step) {
    /// Share of the head's examples on which its ℓ₂ is chosen.
    private static final double L2_SHARE = 0.2;

    /// How many examples each purpose gets, in the order of the record. The head takes at most half
    /// of them whatever else is asked for, so that it is the same with every method.
    ///
    /// @param calibrate null for none
    /// @throws CgloraException D-STEPS when a purpose would get none
    static int[] sizes(Inputs inputs, CalibrateSpec calibrate, Problems notes) {
        int head = HeadChoice.wanted(inputs).map(HeadWarmupSpec::examples).orElse(0);
        int[] wanted = {
            head,
            (int) Math.round(L2_SHARE * head),
            calibrate == null ? 0 : calibrate.samples(),
            calibrate == null ? 0 : calibrate.stepSamples()
        };
        int available = inputs.train().size();
        int[] heads = share(new int[] {wanted[0], wanted[1]}, available / 2);
        int[] others = share(new int[] {wanted[2], wanted[3]}, available - heads[0] - heads[1]);
        int[] sizes = {heads[0], heads[1], others[0], others[1]};
        long total = 0;
        for (int i = 0; i < wanted.length; i++) {
            total += wanted[i];
            if (wanted[i] > 0 && sizes[i] == 0) {
                throw new CgloraException(
                        ErrorCode.D_STEPS,
                        inputs.dataSpec().id() + ".train",
                        "%d training examples are too few for a head, a curvature and a step that"
                                        .formatted(inputs.train().size())
                                + " share none",
                        "give more examples, or take \"method\": \"lora\"");
            }
        }
        if (total > Arrays.stream(sizes).sum()) {
            notes.warning(
                    ErrorCode.N_CALIBRATION,
                    calibrate == null ? "adapter.head_warmup" : calibrate.id(),
                    ("head, curvature and step want %d examples that they do not share; the"
                                    + " training set has %d, at most half of them for the head: head %d and"
                                    + " %d, curvature %d, step %d")
                            .formatted(
                                    total,
                                    inputs.train().size(),
                                    sizes[0],
                                    sizes[1],
                                    sizes[2],
                                    sizes[3]),
                    "");
        }
        return sizes;
    }

    /// Small wishes are met first; what is left is shared alike among the larger ones.
    static int[] share(int[] wanted, int available) {
        int[] given = new int[wanted.length];
        int left = available;
        int open = wanted.length;
        boolean[] done = new boolean[wanted.length];
        while (open > 0) {
            int fair = left / open;
            int smallest = -1;
            for (int i = 0; i < wanted.length; i++) {
                if (!done[i] && (smallest < 0 || wanted[i] < wanted[smallest])) {
                    smallest = i;
                }
            }
            given[smallest] = Math.min(wanted[smallest], fair);
            left -= given[smallest];
            done[smallest] = true;
            open--;
        }
        return given;
    }

    /// @param calibrate null for none
    static Samples draw(Inputs inputs, CalibrateSpec calibrate, Problems notes) {
        Dataset train = inputs.train();
        int[] sizes = sizes(inputs, calibrate, notes);
        Dataset order =
                train.select(
                        Batcher.draw(
                                train.size(), Arrays.stream(sizes).sum(), inputs.spec().seed()));
        int a = sizes[0];
        int b = a + sizes[1];
        int c = b + sizes[2];
        int d = c + sizes[3];
        return new Samples(
                order.slice(0, a), order.slice(a, b), order.slice(b, c), order.slice(c, d));
    }
}
