package cglora.pipeline.run;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceMemory;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.LargeArrays;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.device.EngineChoice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// The memory of the process in one stage of a run: counted bytes, and what the machine that runs
/// it takes.
///
/// @param stage  what runs
/// @param counted arrays of the Java heap, in bytes
/// @param held    what the heap has grown to beyond that in earlier stages, in bytes
/// @param items  in the order in which they are shown
/// @param largest bytes of the largest array of an engine that cannot be split
public record MemoryPlan(String stage, long counted, long held, List<Item> items, long largest) {
    /// @param what     what takes the memory
    /// @param bytes    how much
    /// @param onEngine whether an engine holds it, which may have a memory of its own
    public record Item(String what, long bytes, boolean onEngine) {
        /// Arrays of an engine.
        public static Item engine(String what, long bytes) {
            return new Item(what, bytes, true);
        }

        /// What an engine does not hold.
        public static Item host(String what, long bytes) {
            return new Item(what, bytes, false);
        }
    }

    private static final double MIB = 1048576.0;

    /// What the process holds beside what is counted: the JVM, its classes and compiled code, the
    /// native libraries of BLAS and tokenizer with their buffers, small objects, and the young
    /// generation of 24 MiB that the launcher sets. Measured: resident peaks of runs less what
    /// is counted.
    private static final long BASELINE = 150L << 20;

    /// The part of it that is in the heap.
    private static final long BASELINE_HEAP = 40L << 20;

    public MemoryPlan {
        items = List.copyOf(items);
    }

    /// @param heap   arrays of the Java heap
    /// @param others native memory
    static MemoryPlan of(String stage, List<Item> heap, List<Item> others) {
        var more = new ArrayList<>(others);
        more.add(Item.host("JVM and libraries", BASELINE));
        return sum(stage, heap, more);
    }

    /// The plan of arrays in a process of which is known what it holds.
    ///
    /// @param held what the process holds without the arrays
    public static MemoryPlan above(Item held, String stage, Item... heap) {
        return sum(stage, List.of(heap), List.of(held));
    }

    private static MemoryPlan sum(String stage, List<Item> heap, List<Item> others) {
        var items = new ArrayList<>(heap);
        items.addAll(others);
        return new MemoryPlan(
                stage,
                heap.stream().mapToLong(Item::bytes).sum(),
                0,
                items.stream().filter(item -> item.bytes() > 0).toList(),
                0);
    }

    /// The same with the size of its largest array.
    MemoryPlan withLargest(long bytes) {
        return new MemoryPlan(stage, counted, held, items, bytes);
    }

    /// The plan of arrays alone.
    public static MemoryPlan of(String stage, Item... heap) {
        return of(stage, List.of(heap), List.of());
    }

    /// The same stage after others: a heap does not give back what it has grown to.
    ///
    /// @param heap what it has grown to, in bytes
    MemoryPlan after(long heap) {
        long more = heap - counted;
        if (more <= 0) {
            return this;
        }
        var all = new ArrayList<>(items);
        all.add(Item.host("held from before", more));
        return new MemoryPlan(stage, counted, more, all, largest);
    }

    /// Lets the heap grow to what is planned before it is collected.
    public void allowHeap() {
        allowHeap(0);
    }

    /// @param beside bytes of the heap that the plan does not count
    void allowHeap(long beside) {
        LargeArrays.allow(counted + held + BASELINE_HEAP + beside);
    }

    /// Of a device, too, each array has its double in the heap.
    ///
    /// @throws CgloraException V-MEMORY where a device has less than a stage takes, K-MEMORY
    ///     where a stage's arrays alone are more than Java's heap may grow to
    static void requireFit(List<MemoryPlan> stages, EngineChoice engine) {
        if (engine instanceof EngineChoice.Tornado(var info, var profile, _)) {
            stages.forEach(plan -> plan.requireFit(info, profile));
        }
        requireHeap(stages);
    }

    private static void requireHeap(List<MemoryPlan> stages) {
        MemoryPlan largest =
                stages.stream().max(Comparator.comparingLong(MemoryPlan::counted)).orElse(null);
        long limit = Runtime.getRuntime().maxMemory();
        if (largest != null && largest.counted() > limit) {
            throw new CgloraException(
                    ErrorCode.K_MEMORY,
                    largest.stage(),
                    "%d MiB of arrays are needed, Java's heap may grow to %d; %s"
                            .formatted(largest.counted() >> 20, limit >> 20, largest),
                    "a smaller train.per_device_batch_size or data.max_length, or"
                            + " CGLORA_JAVA_OPTS=-Xmx with more");
        }
    }

    /// For the run's record: of each stage the bytes by kind.
    static List<Map<String, Object>> records(List<MemoryPlan> plans) {
        var records = new ArrayList<Map<String, Object>>();
        for (MemoryPlan plan : plans) {
            var bytes = new LinkedHashMap<String, Long>();
            plan.items().forEach(item -> bytes.merge(item.what(), item.bytes(), Long::sum));
            records.add(Map.of("stage", plan.stage(), "bytes", bytes));
        }
        return records;
    }

    /// The same of what a device holds.
    static List<Map<String, Object>> deviceRecords(List<MemoryPlan> plans) {
        return records(
                plans.stream()
                        .map(
                                plan ->
                                        new MemoryPlan(
                                                plan.stage(),
                                                plan.counted(),
                                                plan.held(),
                                                plan.items().stream()
                                                        .filter(Item::onEngine)
                                                        .toList(),
                                                plan.largest()))
                        .toList());
    }

    /// The stage that takes most; null where there is none.
    static MemoryPlan largest(List<MemoryPlan> stages) {
        return stages.stream().max(Comparator.comparingLong(MemoryPlan::bytes)).orElse(null);
    }

    public long bytes() {
        return items.stream().mapToLong(Item::bytes).sum();
    }

    /// Bytes of what an engine holds.
    long engineBytes() {
        return items.stream().filter(Item::onEngine).mapToLong(Item::bytes).sum();
    }

    /// @throws CgloraException V-MEMORY where a device has less than the stage takes
    void requireFit(DeviceInfo device, DeviceProfile profile) {
        long most = device.maxAllocation();
        if (most > 0 && largest > most) {
            throw new CgloraException(
                    ErrorCode.V_MEMORY,
                    stage,
                    String.format(
                            Locale.ROOT,
                            "needs one buffer of %.1f MiB for its activations; %s allows %.1f MiB",
                            largest / MIB,
                            device,
                            most / MIB),
                    DeviceMemory.ADVICE);
        }
        long limit = profile.memoryLimit(device);
        if (engineBytes() > limit) {
            throw new CgloraException(
                    ErrorCode.V_MEMORY,
                    stage,
                    String.format(
                            Locale.ROOT,
                            "needs %.1f MiB on %s, which has %.1f MiB for it",
                            engineBytes() / MIB,
                            device,
                            limit / MIB),
                    DeviceMemory.ADVICE + "; or " + profile.memoryLimiter());
        }
    }

    public double mib() {
        return bytes() / MIB;
    }

    /// `706 MiB at adapter: weights 86 + …`.
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.0f MiB at %s: ", mib(), stage)
                + items.stream()
                        .map(i -> String.format(Locale.ROOT, "%s %.0f", i.what(), i.bytes() / MIB))
                        .collect(Collectors.joining(" + "));
    }
}
