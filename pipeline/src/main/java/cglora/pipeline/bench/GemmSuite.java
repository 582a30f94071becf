package cglora.pipeline.bench;

import cglora.kernels.check.GemmTiming;
import cglora.kernels.check.GemmTiming.Form;
import cglora.kernels.engine.Engine;
import cglora.pipeline.device.EngineChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// Products at the shapes of transformers, each compared with float64 before it is timed: tokens ×
/// width out × width in.
final class GemmSuite {
    /// Attention and both layers of the feed-forward block, from MiniLM to large models.
    private static final int[][] WIDTHS = {
        {384, 384},
        {1536, 384},
        {384, 1536},
        {512, 512},
        {768, 768},
        {3072, 768},
        {768, 3072},
        {1024, 1024},
        {4096, 1024},
        {1024, 4096},
        {4096, 4096}
    };

    private GemmSuite() {}

    /// @param rows of the products
    /// @param wrong kernels that gave wrong results, and what was wrong: they are not timed
    static List<Result> run(
            EngineChoice choice,
            List<Integer> rows,
            int repetitions,
            Map<String, String> wrong,
            Consumer<Result> progress) {
        var results = new ArrayList<Result>();
        for (int tokens : rows) {
            for (int[] width : WIDTHS) {
                for (Form form : Form.values()) {
                    int[] size = {tokens, width[0], width[1]};
                    String failure = wrong.get("matmul" + form);
                    Result result =
                            failure == null
                                    ? product(choice, Suite.GEMM, form, size, repetitions)
                                    : Result.failed(
                                            Suite.GEMM,
                                            name(form, size),
                                            Unit.GFLOP_PER_SECOND,
                                            failure);
                    results.add(result);
                    progress.accept(result);
                }
            }
        }
        return results;
    }

    private static String name(Form form, int[] size) {
        return String.format(Locale.ROOT, "%s %d×%d×%d", form, size[0], size[1], size[2]);
    }

    /// One product, on an engine of its own: its memory is free afterwards.
    ///
    /// @param size m, n, k
    static Result product(
            EngineChoice choice, Suite suite, Form form, int[] size, int repetitions) {
        try (Engine engine = choice.open()) {
            var timing = GemmTiming.of(engine, form, size[0], size[1], size[2], repetitions);
            double work = 2e-9 * size[0] * size[1] * size[2];
            return Result.rate(
                    suite, name(form, size), Unit.GFLOP_PER_SECOND, work, timing.seconds());
        } catch (RuntimeException e) {
            return Result.failed(suite, name(form, size), Unit.GFLOP_PER_SECOND, e);
        }
    }
}
