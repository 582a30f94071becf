package cglora.pipeline.bench;

import cglora.kernels.check.GemmTiming;
import cglora.kernels.check.GemmTiming.Form;
import cglora.pipeline.device.EngineChoice;
import java.io.PrintStream;
import java.util.Locale;

/// Products at the shapes of transformers, each compared with float64 before it is timed.
public final class GemmBenchmark {
    private static final int[] TOKENS = {512, 2048};
    private static final int[][] WIDTHS = {{384, 384}, {1536, 384}, {768, 768}};

    private final EngineChoice choice;
    private final int repetitions;
    private final PrintStream out;

    public GemmBenchmark(EngineChoice choice, int repetitions, PrintStream out) {
        this.choice = choice;
        this.repetitions = repetitions;
        this.out = out;
    }

    /// Prints the median, lowest and highest rate of each product.
    public void run() {
        try (var engine = choice.open()) {
            out.println("engine        " + engine.description());
            for (int tokens : TOKENS) {
                for (int[] width : WIDTHS) {
                    for (Form form : Form.values()) {
                        var timing =
                                GemmTiming.of(
                                        engine, form, tokens, width[0], width[1], repetitions);
                        double[] rates = timing.rates();
                        out.printf(
                                Locale.ROOT,
                                "gemm %s  %4d x %4d x %4d  %8.1f GFLOP/s (%.1f … %.1f)%n",
                                form,
                                tokens,
                                width[0],
                                width[1],
                                rates[1],
                                rates[0],
                                rates[2]);
                    }
                }
            }
        }
    }
}
