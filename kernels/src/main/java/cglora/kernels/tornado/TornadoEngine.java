package cglora.kernels.tornado;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceMemory;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.engine.PackedParts;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.program.Arena;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/// Runs programs on a device of TornadoVM. Weights, parameters, optimiser state and activations
/// stay there; an execution takes the inputs up and the small outputs down, other outputs come
/// when they are read.
///
/// Each arena has a Java array beside it, which TornadoVM takes for the buffer's name: a `float[]`,
/// or the `int[]` of weights in bfloat16. Its elements are those of the buffer only until the first
/// program is loaded; words are the same on both sides, since nothing writes them.
public final class TornadoEngine implements Engine {
    private final DeviceInfo info;
    private final DeviceProfile profile;
    private final Residents residents;
    private final Map<Arena, Object> arrays = new IdentityHashMap<>();
    private final List<Object> released = new ArrayList<>();
    private final Map<float[], Channel> channels = new IdentityHashMap<>();
    private final List<DeviceVariant> variants;
    private final Statistics statistics = new Statistics();
    private final List<float[]> scratch = new ArrayList<>();
    private long outgrownBytes;
    private int graphs;
    private boolean isProfiling;
    private SampledTimes times;

    /// @throws CgloraException V-ENGINE where TornadoVM is absent or may fall back silently
    public TornadoEngine(DeviceInfo info, DeviceProfile profile) {
        this(info, profile, DeviceVariants.of(profile, info));
    }

    /// @param variants what may run instead of the kernels' own methods
    TornadoEngine(DeviceInfo info, DeviceProfile profile, List<DeviceVariant> variants) {
        TornadoStatus.require();
        this.variants = List.copyOf(variants);
        this.info = info;
        this.profile = profile;
        this.residents = new Residents(device());
    }

    private TornadoDevice device() {
        try {
            return TornadoExecutionPlan.getDevice(info.backendIndex(), info.deviceIndex());
        } catch (RuntimeException e) {
            throw DeviceFailure.of(info.toString(), info.id().toString(), e);
        }
    }

    @Override
    public String description() {
        return "tornado, " + info + ", profile " + profile.name();
    }

    @Override
    public int parallelism() {
        return Math.max(1, info.computeUnits());
    }

    @Override
    public boolean compiles() {
        return true;
    }

    public DeviceInfo info() {
        return info;
    }

    public DeviceProfile profile() {
        return profile;
    }

    /// Launches, compilations and bytes since the engine was made.
    public Statistics statistics() {
        return statistics;
    }

    /// From now on TornadoVM takes the time of each kernel; [Statistics#kernelNanos()] is their
    /// sum. A whole execution may take longer than without.
    public void startProfile() {
        isProfiling = true;
    }

    public void stopProfile() {
        isProfiling = false;
    }

    boolean isProfiling() {
        return isProfiling;
    }

    /// From now on some executions of each program are looked at; what has been sampled before is
    /// not added to any more.
    public SampledTimes sampleTimes() {
        times = new SampledTimes();
        return times;
    }

    /// Null where nobody samples.
    SampledTimes times() {
        return times;
    }

    /// Bytes of all arrays that stay on the device now.
    public long allocatedBytes() {
        return bytes(arrays.values()) + bytes(released) + bytes(scratch) + outgrownBytes;
    }

    /// What TornadoVM threw, with what is on the device.
    ///
    /// @param where the kernel or program that was being compiled or run
    CgloraException failure(String where, Throwable thrown) {
        long largest = 0;
        String name = "activations";
        for (Map.Entry<Arena, Object> entry : arrays.entrySet()) {
            long bytes = 4L * Array.getLength(entry.getValue());
            if (bytes > largest) {
                largest = bytes;
                Region region = entry.getKey().region();
                name = region.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            }
        }
        for (float[] array : scratch) {
            if (4L * array.length >= largest) {
                largest = 4L * array.length;
                name = "activations";
            }
        }
        var memory =
                new DeviceFailure.Memory(
                        allocatedBytes(), profile.memoryLimit(info), largest, name);
        return DeviceFailure.of(info.toString(), where, thrown, memory);
    }

    private static long bytes(Collection<?> arrays) {
        return arrays.stream().mapToLong(TornadoEngine::bytes).sum();
    }

    /// Bytes of a `float[]` or an `int[]`.
    static long bytes(Object array) {
        return 4L * Array.getLength(array);
    }

    @Override
    public Layout layout() {
        return info.layout();
    }

    @Override
    public void allocate(Layout layout) {
        for (Arena arena : arenas(layout)) {
            if (!arrays.containsKey(arena)) {
                arrays.put(arena, zeros(arena));
            }
        }
    }

    /// An array of zeros that is or will be on the device: one that was released, or a new one.
    private Object zeros(Arena arena) {
        int length = Math.max(1, arena.length());
        if (arena.type() == DataType.FLOAT32) {
            for (Object array : released) {
                if (array instanceof float[] floats && floats.length == length) {
                    released.removeIf(other -> other == array);
                    clear(floats);
                    return floats;
                }
            }
        }
        require(4L * length, arena.region().toString());
        Object array = arena.type() == DataType.FLOAT32 ? new float[length] : new int[length];
        residents.add(array);
        return array;
    }

    private void clear(float[] array) {
        if (residents.isOnDevice(array)) {
            channel(array).write(new float[array.length], 0);
        } else {
            Arrays.fill(array, 0f);
        }
    }

    /// The arrays stay on the device for the next layout of the same size.
    @Override
    public void release(Layout layout) {
        for (Arena arena : arenas(layout)) {
            Object array = arrays.remove(arena);
            if (array != null) {
                released.add(array);
            }
        }
    }

    private static List<Arena> arenas(Layout layout) {
        return Arrays.stream(Region.values())
                .flatMap(region -> layout.arenas(region).stream())
                .toList();
    }

    /// @throws CgloraException V-MEMORY if `bytes` more do not fit, before anything is compiled
    private void require(long bytes, String what) {
        if (bytes > info.maxAllocation() && info.maxAllocation() > 0) {
            throw new CgloraException(
                    ErrorCode.V_MEMORY,
                    what,
                    "%s needs one buffer of %d MiB; %s allows %d MiB"
                            .formatted(what, bytes >> 20, info, info.maxAllocation() >> 20),
                    DeviceMemory.ADVICE);
        }
        long limit = profile.memoryLimit(info);
        long all = allocatedBytes() + bytes;
        if (all > limit) {
            throw new CgloraException(
                    ErrorCode.V_MEMORY,
                    what,
                    "the plan needs %d MiB on %s, which has %d MiB for it"
                            .formatted(all >> 20, info, limit >> 20),
                    DeviceMemory.ADVICE + "; or " + profile.memoryLimiter());
        }
    }

    @Override
    public LoadedProgram load(Program program) {
        return new TornadoProgram(this, program);
    }

    @Override
    public void reserve(Program program) {
        reserveScratch(program);
    }

    /// Arrays for a program's activations. A program that runs later and needs more gets longer
    /// ones; those that have been compiled keep theirs.
    List<float[]> reserveScratch(Program program) {
        for (int i = 0; i < program.scratchArenas().size(); i++) {
            int length = program.scratchArenas().get(i).length();
            if (i == scratch.size()) {
                scratch.add(new float[0]);
            }
            if (length > scratch.get(i).length) {
                require(4L * length, "activations of " + program.name());
                float[] array = new float[length];
                outgrownBytes += 4L * scratch.set(i, array).length;
                residents.add(array);
            }
        }
        return List.copyOf(scratch);
    }

    @Override
    public void fill(Buffer buffer, Filler filler) {
        Program.Place place = persistentPlace(buffer);
        Object array = arrays.get(place.arena());
        boolean there = residents.isOnDevice(array);
        if (array instanceof float[] floats && !there) {
            filler.fill(floats, place.offset());
            return;
        }
        float[] values = new float[buffer.length()];
        filler.fill(values, 0);
        if (array instanceof float[] floats) {
            channel(floats).write(values, place.offset());
        } else if (there) {
            throw new IllegalStateException(buffer + " is kept as bfloat16 and on the device");
        } else {
            Bfloat16.pack(values, (int[]) array, place.offset());
        }
    }

    @Override
    public void fillByParts(Buffer buffer, PartFiller filler) {
        Program.Place place = persistentPlace(buffer);
        Object array = arrays.get(place.arena());
        if (array instanceof int[] words && !residents.isOnDevice(array)) {
            PackedParts.fill(buffer.length(), words, place.offset(), filler);
        } else {
            Engine.super.fillByParts(buffer, filler);
        }
    }

    @Override
    public float[] read(Buffer buffer) {
        float[] values = new float[buffer.length()];
        read(buffer, 0, values.length, values, 0);
        return values;
    }

    @Override
    public void read(Buffer buffer, int first, int count, float[] target, int offset) {
        Program.Place place = persistentPlace(buffer);
        Object array = arrays.get(place.arena());
        if (array instanceof int[] words) { // what the device has, too
            Bfloat16.unpack(buffer.length(), words, place.offset(), first, target, offset, count);
        } else if (residents.isOnDevice(array)) {
            channel((float[]) array).read(place.offset() + first, count, target, offset);
        } else {
            System.arraycopy(array, place.offset() + first, target, offset, count);
        }
    }

    private Program.Place persistentPlace(Buffer buffer) {
        Program.Place place = Program.persistentPlace(buffer);
        if (!arrays.containsKey(place.arena())) {
            throw new IllegalStateException(buffer + " has not been allocated");
        }
        return place;
    }

    /// How the host reaches parts of a resident array.
    Channel channel(float[] array) {
        return channels.computeIfAbsent(array, _ -> new Channel(this, array));
    }

    /// The array of a persistent arena.
    Object array(Arena arena) {
        Object array = arrays.get(arena);
        if (array == null) {
            throw new IllegalStateException(arena + " has not been allocated");
        }
        return array;
    }

    /// What runs a launch instead of its kernel's own method.
    Optional<DeviceVariant> variant(Launch launch) {
        return variants.stream()
                .filter(v -> v.kernel() == launch.kernel() && v.fits().test(launch))
                .findFirst();
    }

    /// The work sizes of a launch: the variant's, or for a kernel's own method one work item an
    /// element of its range in work groups of the profile. None, which leaves them to TornadoVM,
    /// where the profile does not want any or the range is not a multiple of a group: with given
    /// sizes TornadoVM leaves out the loop's bound.
    Optional<Grid> grid(Launch launch, Optional<DeviceVariant> variant) {
        if (variant.isPresent()) {
            return variant.map(v -> v.grid().apply(launch));
        }
        int items = (int) Math.min(profile.workGroup(), Grid.widest(info));
        return items > 0 && launch.count() % items == 0
                ? Optional.of(new Grid(launch.count(), 1, items, 1))
                : Optional.empty();
    }

    Residents residents() {
        return residents;
    }

    /// A name that no other graph of the process has.
    String graphName(String what) {
        return what + graphs++;
    }

    @Override
    public void close() {
        residents.close();
        channels.clear();
        arrays.clear();
        scratch.clear();
    }
}
