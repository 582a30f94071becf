package cglora.kernels.tornado;

import cglora.kernels.engine.Profile;
import cglora.kernels.program.Launch;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The time of kernels on a device by family, of a sample: TornadoVM's profiler looks at a
/// program's second execution, its third, fifth, ninth and so on, so that a long run is hardly
/// slowed down. What a program does is the same each time, and the executions between count as
/// the mean of those that were looked at.
public final class SampledTimes {
    /// One task in the profiler's JSON: graph, number and what is known of it.
    private static final Pattern TASK =
            Pattern.compile("\"[^\"]*\\.t(\\d+)\"\\s*:\\s*\\{([^}]*)\\}");

    private static final Pattern TIME = Pattern.compile("\"TASK_KERNEL_TIME\"\\s*:\\s*\"?(\\d+)");

    private static final class Counts {
        private final Map<String, Long> nanos = new TreeMap<>();
        private final Map<String, Long> launches = new TreeMap<>();
        private final Map<String, Long> operations = new TreeMap<>();
        private long executions;
        private long sampled;
        private long next = 2;
    }

    private final Map<TornadoProgram, Counts> programs = new IdentityHashMap<>();

    SampledTimes() {}

    /// Counts an execution that is going to be.
    ///
    /// @param canBeSampled not where the execution compiles the program
    /// @return whether it is one of the sample
    boolean count(TornadoProgram program, boolean canBeSampled) {
        Counts counts = programs.computeIfAbsent(program, _ -> new Counts());
        counts.executions++;
        if (!canBeSampled || counts.executions < counts.next) {
            return false;
        }
        counts.next = 2 * counts.executions - 1;
        counts.sampled++;
        return true;
    }

    /// @param tasks the launches of a graph, in the order of its tasks
    /// @param log   what TornadoVM's profiler says of an execution of the graph
    void add(TornadoProgram program, List<Launch> tasks, String log) {
        Counts counts = programs.get(program);
        Matcher task = TASK.matcher(log);
        while (task.find()) {
            Matcher time = TIME.matcher(task.group(2));
            int number = Integer.parseInt(task.group(1));
            if (number < tasks.size() && time.find()) {
                Launch launch = tasks.get(number);
                String family = launch.kernel().family();
                counts.nanos.merge(family, Long.parseLong(time.group(1)), Long::sum);
                counts.launches.merge(family, 1L, Long::sum);
                counts.operations.merge(family, launch.operations(), Long::sum);
            }
        }
    }

    /// By family, for all executions since the sample began; programs of which none was looked at
    /// are left out.
    public Map<String, Profile.Entry> families() {
        var families = new TreeMap<String, Profile.Entry>();
        for (Counts counts : programs.values()) {
            if (counts.sampled == 0) {
                continue;
            }
            double times = (double) counts.executions / counts.sampled;
            counts.nanos.forEach(
                    (family, nanos) ->
                            families.merge(
                                    family,
                                    new Profile.Entry(
                                            Math.round(times * counts.launches.get(family)),
                                            Math.round(times * nanos),
                                            Math.round(times * counts.operations.get(family))),
                                    SampledTimes::sum));
        }
        return families;
    }

    private static Profile.Entry sum(Profile.Entry a, Profile.Entry b) {
        return new Profile.Entry(
                a.launches() + b.launches(),
                a.nanos() + b.nanos(),
                a.operations() + b.operations());
    }
}
