package cglora.kernels.check;

import cglora.kernels.Kernel;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.matmul.MatmulKernels;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Times one product as a program of one launch, behind an untimed execution whose result is
/// compared with float64: a product that is wrong has no time.
///
/// @param seconds of every timed execution, in their order
public record GemmTiming(Form form, int m, int n, int k, double[] seconds) {
    /// Which operands are transposed: first `a`, then `b`.
    public enum Form {
        NN(MatmulKernels.MATMUL_NN),
        NT(MatmulKernels.MATMUL_NT),
        TN(MatmulKernels.MATMUL_TN);

        private final Kernel kernel;

        Form(Kernel kernel) {
            this.kernel = kernel;
        }
    }

    /// Elements that are compared with float64.
    private static final int COMPARED = 64;

    /// Runs the product once, compares, and runs it `repetitions` times.
    ///
    /// @throws CgloraException A-VERIFY for a wrong result
    public static GemmTiming of(Engine engine, Form form, int m, int n, int k, int repetitions) {
        var random = new SplittableRandom(1);
        float[] left = random(random, m * k);
        float[] right = random(random, k * n);
        var layout = new Layout();
        Buffer a = layout.allocate(Region.WEIGHTS, "a", left.length);
        Buffer b = layout.allocate(Region.WEIGHTS, "b", right.length);
        Buffer c = layout.allocate(Region.STATE, "c", (long) m * n);
        Launch launch =
                form == Form.TN
                        ? Launch.of(form.kernel, m, a, b, c, m, n, k, 1f, 0)
                        : Launch.of(form.kernel, m, a, b, c, n, k, 1f, 0);
        engine.allocate(layout);
        try {
            engine.write(a, left);
            engine.write(b, right);
            LoadedProgram program =
                    engine.load(Planner.plan("gemm", List.of(launch), Set.of(), Set.of()));
            program.run();
            compare(form, m, n, k, left, right, engine.read(c), engine.description());
            double[] seconds = Stopwatch.seconds(program::run, repetitions);
            return new GemmTiming(form, m, n, k, seconds);
        } finally {
            engine.release(layout);
        }
    }

    private static float[] random(SplittableRandom random, int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    /// Elements spread over all of `c`; a sum of `k` products may be off by k roundings.
    static void compare(
            Form form, int m, int n, int k, float[] a, float[] b, float[] c, String engine) {
        for (int s = 0; s < COMPARED; s++) {
            int at = (int) ((long) s * (c.length - 1) / (COMPARED - 1));
            int row = at / n;
            int column = at % n;
            double sum = 0;
            double size = 0;
            for (int p = 0; p < k; p++) {
                double x = form == Form.TN ? a[p * m + row] : a[row * k + p];
                double y = form == Form.NT ? b[column * k + p] : b[p * n + column];
                sum += x * y;
                size += Math.abs(x * y);
            }
            if (!(Math.abs(c[at] - sum) <= (k + 1) * 0x1p-24 * size)) {
                throw new CgloraException(
                        ErrorCode.A_VERIFY,
                        engine,
                        "%s product %d×%d×%d gives %s at (%d, %d), expected %s"
                                .formatted(form, m, n, k, c[at], row, column, sum),
                        "cglora doctor tells which kernels of the device are wrong");
            }
        }
    }

    /// Of all executions, in GFLOP/s: lowest, median and highest.
    public double[] rates() {
        double[] rates = Arrays.stream(seconds).map(s -> 2e-9 * m * n * k / s).sorted().toArray();
        return new double[] {rates[0], rates[rates.length / 2], rates[rates.length - 1]};
    }
}
