package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An update that is added part by part, wherever the parts begin and end.
class MergedWeightsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 13, 14, 91, 200})
    void partsGiveTheFormula(int part) {
        int in = 13;
        int out = 7;
        int r = 3;
        var random = new Random(part);
        float[] a = floats(r * in, random);
        float[] b = floats(out * r, random);
        float[] weight = floats(out * in, random);
        var layer = new PeftAdapter.Layer(in, out, r, 0.7, false, a, b);
        var target = new float[part + 2];
        for (int first = 0; first < weight.length; first += part) {
            int count = Math.min(part, weight.length - first);
            System.arraycopy(weight, first, target, 2, count);
            MergedWeights.add(layer, first, count, target, 2);
            for (int i = 0; i < count; i++) {
                int o = (first + i) / in;
                double sum = 0;
                double size = 0;
                for (int k = 0; k < r; k++) {
                    double term = (double) b[o * r + k] * a[k * in + (first + i) % in];
                    sum += term;
                    size += Math.abs(term);
                }
                double expected = weight[first + i] + 0.7 * sum;
                double bound = 0x1p-24 * Math.abs(expected) + 0x1p-50 * (size + 1);
                assertThat(Math.abs(target[2 + i] - expected)).isLessThanOrEqualTo(bound);
            }
        }
    }

    private static float[] floats(int count, Random random) {
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
