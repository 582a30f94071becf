package cglora.pipeline.run;

import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import java.util.Arrays;

/// Some examples of a split that stand for all: each class with its share, as the seed draws them.
final class EvalSample {
    private EvalSample() {}

    /// @param count of the examples; all where there are no more
    static Dataset of(Dataset data, int count, long seed) {
        return count >= data.size() ? data : data.select(places(data.labels(), count, seed));
    }

    /// The places of `count` examples, ascending. Of a class with `n` of all `N` examples there are
    /// `n · count / N`, rounded so that their sum is `count`; where all labels are one, as of
    /// numbers and texts, the seed alone draws.
    static int[] places(int[] labels, int count, long seed) {
        int size = labels.length;
        int[] drawn = Batcher.draw(size, size, seed);
        int classes = Arrays.stream(labels).max().orElse(0) + 1;
        int[] of = new int[classes];
        for (int label : labels) {
            of[label]++;
        }
        // where a class ends on the way through all classes, scaled: its share is the difference
        int[] left = new int[classes];
        long before = 0;
        long taken = 0;
        for (int c = 0; c < classes; c++) {
            before += of[c];
            long until = Math.round((double) before * count / size);
            left[c] = (int) (until - taken);
            taken = until;
        }
        return Arrays.stream(drawn).filter(place -> left[labels[place]]-- > 0).sorted().toArray();
    }
}
