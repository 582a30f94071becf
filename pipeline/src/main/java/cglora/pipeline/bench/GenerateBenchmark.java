package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.Profile;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.DataType;
import cglora.models.generation.Sampling;
import cglora.models.training.CausalGenerator;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.PeakMemory;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// A language model that writes on behind a prompt, one sequence, the likeliest token each time:
/// what `predict` does with one text. Start-up is not part of it; the prompt is.
final class GenerateBenchmark {
    /// Tokens of the prompt, and tokens that are written behind it.
    static final int PROMPT = 16;

    static final int WRITTEN = 64;

    private static final int UNTIMED = 2;

    /// So long it writes before it is timed, in nanoseconds: until its code is compiled.
    private static final long WARMED = 3_000_000_000L;

    private final EngineChoice choice;
    private final GenerateModel model;
    private final int repetitions;
    private final PrintStream out;
    private int[] written = {};

    GenerateBenchmark(EngineChoice choice, GenerateModel model, int repetitions, PrintStream out) {
        this.choice = choice;
        this.model = model;
        this.repetitions = repetitions;
        this.out = out;
    }

    /// The prompt: ids spread over the vocabulary.
    static int[] prompt(int vocabulary) {
        int[] ids = new int[PROMPT];
        for (int i = 0; i < PROMPT; i++) {
            ids[i] = (int) (7919L * (i + 1) % vocabulary);
        }
        return ids;
    }

    /// The tokens that were written, for whoever compares them with another program's.
    String note() {
        return Arrays.stream(written)
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(" ", model.test() + ": ", ""));
    }

    /// Prints what people read and returns what the record holds.
    List<Result> run() {
        requireStorage();
        PeakMemory.restart();
        String test = model.test();
        try (Engine engine = choice.open();
                Session session = model.session(engine);
                var generator = new CausalGenerator(session, 1, PROMPT + WRITTEN, 0)) {
            int vocabulary = session.task().body().vocabularySize();
            List<int[]> prompts = List.of(prompt(vocabulary));
            var all = new CausalGenerator.Options(WRITTEN, Set.of(), Sampling.GREEDY, 0);
            var one = new CausalGenerator.Options(1, Set.of(), Sampling.GREEDY, 0);
            long begin = System.nanoTime();
            for (int i = 0; i < UNTIMED || System.nanoTime() - begin < WARMED; i++) {
                written = generator.write(prompts, all).getFirst();
            }
            double[] seconds = new double[repetitions];
            double[] processors = new double[repetitions];
            double[] ofPrompt = new double[repetitions];
            for (int i = 0; i < repetitions; i++) {
                long processorStart = ProcessorTime.nanos();
                long start = System.nanoTime();
                generator.write(prompts, all);
                seconds[i] = (System.nanoTime() - start) * 1e-9;
                processors[i] = (ProcessorTime.nanos() - processorStart) * 1e-9;
                start = System.nanoTime();
                generator.write(prompts, one);
                ofPrompt[i] = (System.nanoTime() - start) * 1e-9;
            }
            var results =
                    List.of(
                            Result.rate(
                                    Suite.GENERATE, test, Unit.TOKENS_PER_SECOND, WRITTEN, seconds),
                            Result.of(
                                    Suite.GENERATE,
                                    test + " processors' time",
                                    Unit.SECONDS,
                                    processors),
                            Result.of(Suite.GENERATE, test + " prompt", Unit.SECONDS, ofPrompt),
                            Result.of(
                                    Suite.GENERATE,
                                    test + " resident peak",
                                    Unit.MEBIBYTES,
                                    PeakMemory.residentMiB()));
            line("engine        %s", engine.description());
            line(
                    "written       %.1f tokens/s   prompt %.1f ms   resident peak %.0f MiB   weights"
                            + " %.0f MiB",
                    results.getFirst().median(),
                    1e3 * results.get(2).median(),
                    PeakMemory.residentMiB(),
                    session.persistentBytes() / 1048576.0);
            report(engine, () -> generator.write(prompts, all));
            return results;
        }
    }

    private void requireStorage() {
        if (model.dtype() == DataType.BFLOAT16 && !(choice instanceof EngineChoice.Jvm)) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    "--dtype bfloat16",
                    "bfloat16 is for the jvm engine; TornadoVM's keeps weights in float32",
                    "--dtype float32, or --device jvm");
        }
    }

    /// What the launches of one more answer take.
    private void report(Engine engine, Runnable answer) {
        if (!(engine instanceof JvmEngine jvm)) {
            return;
        }
        Profile profile = jvm.startProfile();
        long start = System.nanoTime();
        answer.run();
        double wall = System.nanoTime() - start;
        jvm.stopProfile();
        var kernels = new ArrayList<>(profile.kernels().entrySet());
        kernels.sort((a, b) -> Long.compare(b.getValue().nanos(), a.getValue().nanos()));
        double launched = 0;
        for (var kernel : kernels) {
            launched += kernel.getValue().nanos();
            line(
                    "  %-24s %6.1f %%  %8.3f ms a token  %6.1f launches  %6.1f GFLOP/s",
                    kernel.getKey(),
                    100 * kernel.getValue().nanos() / wall,
                    kernel.getValue().nanos() / (1e6 * WRITTEN),
                    (double) kernel.getValue().launches() / WRITTEN,
                    (double) kernel.getValue().operations() / kernel.getValue().nanos());
        }
        line("  %-24s %6.1f %%", "beyond the launches", 100 * (1 - launched / wall));
    }

    private void line(String format, Object... arguments) {
        out.println(String.format(Locale.ROOT, format, arguments));
    }
}
