package cglora.pipeline.bench;

import cglora.kernels.check.LaunchTiming;
import cglora.kernels.program.Launch;
import cglora.pipeline.device.EngineChoice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The launches of training steps, each kind alone: by kernel and by family.
final class KernelSuite {
    /// Launches that do the same over arrays of the same lengths.
    private record Kind(
            String kernel,
            int count,
            List<Integer> lengths,
            List<Integer> packed,
            List<?> scalars) {
        static Kind of(Launch launch) {
            return new Kind(
                    launch.kernel().name(),
                    launch.count(),
                    launch.buffers().stream().map(b -> b.length()).toList(),
                    launch.packed(),
                    launch.scalars());
        }
    }

    /// The time and the work of several launches together.
    private static final class Sum {
        private final double[] seconds;
        private double bytes;
        private double operations;
        private int launches;
        private String failure = "";

        Sum(int repetitions) {
            seconds = new double[repetitions];
        }

        /// The work counts even where there is no time: test and unit are the same on all devices.
        void add(LaunchTiming timing, int times) {
            bytes += (double) times * LaunchTiming.bytes(timing.launch());
            operations += (double) times * timing.launch().operations();
            launches += times;
            if (!timing.failure().isEmpty()) {
                failure = timing.failure();
                return;
            }
            for (int i = 0; i < seconds.length; i++) {
                seconds[i] += times * timing.seconds()[i];
            }
        }

        Result result(String name, Peaks peaks) {
            Unit unit = operations > 0 ? Unit.GFLOP_PER_SECOND : Unit.GB_PER_SECOND;
            if (!failure.isEmpty()) {
                return Result.failed(Suite.KERNELS, name, unit, failure);
            }
            double work = 1e-9 * (operations > 0 ? operations : bytes);
            Result rate = Result.rate(Suite.KERNELS, name, unit, work, seconds);
            Double part = peaks.part(bytes, operations, work / rate.median());
            return part == null ? rate : rate.withPeak(part);
        }
    }

    private final EngineChoice choice;
    private final List<KernelProgram> programs;
    private final int repetitions;
    private final Map<String, String> wrong;
    private final Peaks peaks;
    private final Consumer<Result> progress;

    /// @param wrong kernels that gave wrong results, and what was wrong: they are not timed
    /// @param peaks what the fractions are of
    KernelSuite(
            EngineChoice choice,
            List<KernelProgram> programs,
            int repetitions,
            Map<String, String> wrong,
            Peaks peaks,
            Consumer<Result> progress) {
        this.choice = choice;
        this.programs = List.copyOf(programs);
        this.repetitions = repetitions;
        this.wrong = wrong;
        this.peaks = peaks;
        this.progress = progress;
    }

    List<Result> run() {
        return programs.stream().map(this::run).flatMap(List::stream).toList();
    }

    private List<Result> run(KernelProgram program) {
        Map<Kind, List<Launch>> kinds = new LinkedHashMap<>();
        for (Launch launch : program.launches()) {
            if (launch.count() > 0) {
                kinds.computeIfAbsent(Kind.of(launch), _ -> new ArrayList<>()).add(launch);
            }
        }
        var families = new TreeMap<String, Sum>();
        var kernels = new TreeMap<String, Sum>();
        for (List<Launch> same : kinds.values()) {
            Launch launch = same.getFirst();
            LaunchTiming timing = time(launch, program.integers(launch));
            String family = launch.kernel().family();
            String kernel = family + "/" + launch.kernel().name();
            families.computeIfAbsent(family, _ -> new Sum(repetitions)).add(timing, same.size());
            kernels.computeIfAbsent(kernel, _ -> new Sum(repetitions)).add(timing, same.size());
        }
        var results = new ArrayList<Result>();
        families.forEach((name, sum) -> add(results, program.prefix() + "family " + name, sum));
        kernels.forEach((name, sum) -> add(results, program.prefix() + name, sum));
        return results;
    }

    private LaunchTiming time(Launch launch, LaunchTiming.Integers integers) {
        String failure = wrong.get(launch.kernel().name());
        return failure == null
                ? LaunchTiming.of(choice::open, launch, integers, repetitions)
                : new LaunchTiming(launch, new double[0], failure);
    }

    private void add(List<Result> results, String name, Sum sum) {
        String launches = sum.launches == 1 ? "1 launch" : sum.launches + " launches";
        Result result = sum.result(name + " (" + launches + ")", peaks);
        results.add(result);
        progress.accept(result);
    }
}
