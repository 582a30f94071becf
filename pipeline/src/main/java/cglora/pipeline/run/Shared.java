package cglora.pipeline.run;

import cglora.kernels.error.Problem;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LoraLayer;
import cglora.models.training.AdapterStart;
import cglora.models.training.HeadWarmup;
import cglora.pipeline.run.CellKeys.HeadKey;
import cglora.pipeline.run.CellKeys.StartKey;
import cglora.pipeline.run.CellKeys.StatisticsKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// What runs of one process have in common: made by the first that needs it, kept while one to
/// come does and Java's heap has room. A run that finds nothing makes it anew, with the same
/// bits.
final class Shared {
    /// Share of the heap's limit that the runs themselves are given beyond what they count.
    private static final double SLACK = 0.15;

    /// A warmed-up head.
    ///
    /// @param metrics of the model with it, on the reported split; empty where there is none
    record Head(HeadWarmup.Head head, Map<String, Double> metrics) {}

    /// An adapter's first values.
    ///
    /// @param adapters   with the ranks that the start gave them
    /// @param parameters what the start wrote to the session
    /// @param metrics    after it, on the reported split; null where the start changes nothing
    /// @param shown      what the stage showed
    /// @param event      what it recorded; empty for nothing
    /// @param effort     of the run that made it
    /// @param warnings   of statistics and start
    record Start(
            List<LoraLayer> adapters,
            Map<String, float[]> parameters,
            AdapterStart.Result result,
            Map<String, Double> metrics,
            String shown,
            Map<String, Double> event,
            StartEffort effort,
            List<Problem> warnings) {
        long bytes() {
            return parameters.values().stream().mapToLong(v -> (long) Float.BYTES * v.length).sum();
        }
    }

    private record Statistics(
            Supplier<StatisticsSource> source,
            double seconds,
            long bytes,
            List<Problem> warnings) {}

    private final long heapLimit;
    private final Map<HeadKey, Head> heads = new HashMap<>();
    private final Map<StatisticsKey, Statistics> statistics = new HashMap<>();
    private final Map<StartKey, Start> starts = new HashMap<>();
    private CellKeys now;
    private List<CellKeys> later = List.of();
    private long counted;

    /// @param heapLimit the most that Java's heap may grow to, in bytes
    Shared(long heapLimit) {
        this.heapLimit = heapLimit;
    }

    /// For a run of its own: keeps nothing.
    static Shared nothing() {
        return new Shared(0);
    }

    /// @param run   the keys of the run that begins; what neither it nor a later one needs goes
    /// @param after the keys of those that come behind it
    /// @param bytes the largest heap that any of them counts
    void begin(CellKeys run, List<CellKeys> after, long bytes) {
        now = run;
        later = List.copyOf(after);
        counted = bytes;
        heads.keySet().removeIf(k -> !k.equals(run.head()) && !isNeeded(k));
        statistics.keySet().removeIf(k -> !k.equals(run.statistics()) && !isNeeded(k));
        starts.keySet().removeIf(k -> !k.equals(run.start()) && !isNeeded(k));
    }

    private boolean isNeeded(HeadKey key) {
        return later.stream().anyMatch(k -> key.equals(k.head()));
    }

    /// A run whose start is kept does not need the statistics.
    private boolean isNeeded(StatisticsKey key) {
        return later.stream()
                .anyMatch(k -> key.equals(k.statistics()) && !k.start().equals(now.start()));
    }

    private boolean isNeeded(StartKey key) {
        return later.stream().anyMatch(k -> key.equals(k.start()));
    }

    /// Bytes of what is kept.
    long bytes() {
        return statistics.values().stream().mapToLong(Statistics::bytes).sum()
                + starts.values().stream().mapToLong(Start::bytes).sum();
    }

    private boolean hasRoom(long more) {
        return counted + bytes() + more <= (1 - SLACK) * heapLimit;
    }

    /// Null where it is not there.
    Head head() {
        return now == null ? null : heads.get(now.head());
    }

    void keep(Head head) {
        if (now != null && isNeeded(now.head())) {
            heads.put(now.head(), head);
        }
    }

    /// Null where it is not there.
    Start start() {
        return now == null || now.start() == null ? null : starts.get(now.start());
    }

    /// Whether a start of this size is to be handed to [#keep].
    boolean wantsStart(long bytes) {
        return now != null && now.start() != null && isNeeded(now.start()) && hasRoom(bytes);
    }

    void keep(Start start) {
        starts.put(now.start(), start);
    }

    /// Null where they are not there.
    StatisticsSource statistics() {
        Statistics kept = now == null ? null : statistics.get(now.statistics());
        return kept == null ? null : kept.source().get();
    }

    /// Seconds that it took to gather what [#statistics] gives.
    double statisticsSeconds() {
        return statistics.get(now.statistics()).seconds();
    }

    /// What there was to say of them.
    List<Problem> statisticsWarnings() {
        return statistics.get(now.statistics()).warnings();
    }

    /// @param bytes    of the statistics
    /// @param warnings of their making
    void keep(StatisticsSource source, double seconds, long bytes, List<Problem> warnings) {
        if (now != null
                && now.statistics() != null
                && isNeeded(now.statistics())
                && hasRoom(bytes)) {
            statistics.put(
                    now.statistics(), new Statistics(source.keep(), seconds, bytes, warnings));
        }
    }
}
