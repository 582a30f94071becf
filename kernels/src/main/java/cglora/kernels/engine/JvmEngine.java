package cglora.kernels.engine;

import cglora.kernels.Kernel;
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
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.IntFunction;

/// The embedded engine: every launch is a call of the kernel's method, or of its [HostVariant]
/// for this processor, shared by a fixed number of threads. Same threads, same bits.
public final class JvmEngine implements Engine {
    private final RangePool pool;
    private final Map<Arena, Object> arrays = new IdentityHashMap<>();
    private final Map<Kernel, MethodHandle> variants;
    private final List<float[]> scratch = new ArrayList<>();
    /// Programs whose launches hold the scratch arrays.
    private final Set<JvmProgram> bound = Collections.newSetFromMap(new WeakHashMap<>());
    private long inputBytes;
    private Profile profile;

    /// @param threads number of threads that share a launch, at least 1
    public JvmEngine(int threads) {
        this(threads, HostVariant.all());
    }

    /// @param variants what runs instead of a kernel's own method; empty for the plain kernels
    JvmEngine(int threads, List<HostVariant> variants) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads, expected at least 1");
        }
        this.pool = new RangePool(threads);
        this.variants = new IdentityHashMap<>();
        for (HostVariant variant : variants) {
            this.variants.put(variant.kernel(), variant.handle());
        }
    }

    @Override
    public String description() {
        return "jvm, " + pool.threads() + " threads, " + OpenBlas.get().description();
    }

    @Override
    public int parallelism() {
        return pool.threads();
    }

    /// Bytes of all arrays that this engine holds now.
    public long allocatedBytes() {
        long bytes = inputBytes + scratch.stream().mapToLong(array -> 4L * array.length).sum();
        for (Arena arena : arrays.keySet()) {
            bytes += arena.bytes();
        }
        return bytes;
    }

    /// Counts the time of each launch from now on.
    public Profile startProfile() {
        profile = new Profile();
        return profile;
    }

    public void stopProfile() {
        profile = null;
    }

    @Override
    public void allocate(Layout layout) {
        for (Region region : Region.values()) {
            for (Arena arena : layout.arenas(region)) {
                arrays.computeIfAbsent(
                        arena,
                        a ->
                                allocate(
                                        a.length(),
                                        region.toString(),
                                        a.type() == DataType.FLOAT32
                                                ? LargeArrays::floats
                                                : LargeArrays::ints));
            }
        }
    }

    @Override
    public void release(Layout layout) {
        for (Region region : Region.values()) {
            layout.arenas(region).forEach(arrays::remove);
        }
    }

    private static float[] newArray(int length, String what) {
        return allocate(length, what, LargeArrays::floats);
    }

    private static <T> T allocate(int length, String what, IntFunction<T> array) {
        try {
            return array.apply(length);
        } catch (OutOfMemoryError e) {
            throw new CgloraException(
                    ErrorCode.K_MEMORY,
                    what,
                    "the Java heap of %d MiB has no room for %d MiB"
                            .formatted(
                                    Runtime.getRuntime().maxMemory() >> 20,
                                    (long) length * Float.BYTES >> 20),
                    "set CGLORA_JAVA_OPTS=-Xmx…, or take a smaller batch",
                    e);
        }
    }

    @Override
    public LoadedProgram load(Program program) {
        return new JvmProgram(program);
    }

    /// Scratch arrays as long as a program needs; longer ones of others serve as well.
    private void reserveScratch(Program program) {
        List<Arena> arenas = program.scratchArenas();
        int[] lengths = new int[Math.max(arenas.size(), scratch.size())];
        boolean longer = arenas.size() > scratch.size();
        for (int i = 0; i < lengths.length; i++) {
            int has = i < scratch.size() ? scratch.get(i).length : 0;
            lengths[i] = Math.max(has, i < arenas.size() ? arenas.get(i).length() : 0);
            longer |= lengths[i] > has;
        }
        if (longer) {
            trim(); // the old arrays may go before the new ones come
            for (int length : lengths) {
                scratch.add(newArray(length, "activations of " + program.name()));
            }
        }
    }

    @Override
    public void trim() {
        bound.forEach(program -> Arrays.fill(program.bodies, null));
        bound.clear();
        scratch.clear();
    }

    @Override
    public void fill(Buffer buffer, Filler filler) {
        Program.Place place = persistentPlace(buffer);
        if (buffer.type() == DataType.BFLOAT16) {
            float[] values = newArray(buffer.length(), buffer.name());
            filler.fill(values, 0);
            Bfloat16.pack(values, (int[]) arrays.get(place.arena()), place.offset());
            return;
        }
        filler.fill((float[]) arrays.get(place.arena()), place.offset());
    }

    @Override
    public void fillByParts(Buffer buffer, PartFiller filler) {
        if (buffer.type() == DataType.BFLOAT16) {
            Program.Place place = persistentPlace(buffer);
            int[] words = (int[]) arrays.get(place.arena());
            PackedParts.fill(buffer.length(), words, place.offset(), filler);
        } else {
            Engine.super.fillByParts(buffer, filler);
        }
    }

    @Override
    public float[] read(Buffer buffer) {
        float[] values = LargeArrays.floats(buffer.length());
        read(buffer, 0, values.length, values, 0);
        return values;
    }

    @Override
    public void read(Buffer buffer, int first, int count, float[] target, int offset) {
        Program.Place place = persistentPlace(buffer);
        Object array = arrays.get(place.arena());
        if (array instanceof int[] words) {
            Bfloat16.unpack(buffer.length(), words, place.offset(), first, target, offset, count);
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

    @Override
    public void close() {
        pool.close();
        arrays.clear();
        trim();
    }

    private final class JvmProgram implements LoadedProgram {
        private final Program program;
        private final float[] inputFloats;
        private final int[] inputInts;
        private final RangePool.Body[] bodies;

        JvmProgram(Program program) {
            this.program = program;
            this.inputFloats = new float[program.inputArenas().get(0).length()];
            this.inputInts = new int[program.inputArenas().get(1).length()];
            inputBytes += program.inputArenas().stream().mapToLong(Arena::bytes).sum();
            this.bodies = new RangePool.Body[program.launches().size()];
        }

        private Object array(Arena arena) {
            boolean isFloat = arena.type() == DataType.FLOAT32;
            return switch (arena.region()) {
                case INPUT -> isFloat ? inputFloats : inputInts;
                case SCRATCH -> scratch.get(program.scratchArenas().indexOf(arena));
                default -> {
                    Object array = arrays.get(arena);
                    if (array == null) {
                        throw new IllegalStateException(arena + " has not been allocated");
                    }
                    yield array;
                }
            };
        }

        @Override
        public Program program() {
            return program;
        }

        @Override
        public void write(Buffer input, float[] values) {
            copyIn(input, values, values.length);
        }

        @Override
        public void write(Buffer input, int[] values) {
            copyIn(input, values, values.length);
        }

        private void copyIn(Buffer input, Object values, int length) {
            if (length != input.length()) {
                throw new IllegalArgumentException(input + " given " + length + " values");
            }
            Program.Place place = program.place(input);
            System.arraycopy(values, 0, array(place.arena()), place.offset(), length);
        }

        @Override
        public void read(Buffer output, float[] target) {
            if (target.length != output.length()) {
                throw new IllegalArgumentException(
                        output + " read into " + target.length + " values");
            }
            Program.Place place = program.place(output);
            System.arraycopy(array(place.arena()), place.offset(), target, 0, target.length);
        }

        @Override
        public void run() {
            if (!bound.contains(this)) {
                reserveScratch(program);
                bind();
                bound.add(this);
            }
            List<Launch> launches = program.launches();
            Profile current = profile;
            for (int i = 0; i < bodies.length; i++) {
                Launch launch = launches.get(i);
                long start = current == null ? 0 : System.nanoTime();
                try {
                    pool.run(launch.count(), launch.grain(), bodies[i]);
                } catch (Throwable failure) {
                    throw new IllegalStateException(
                            "launch " + i + " of " + program.name() + ": " + launch, failure);
                }
                if (current != null) {
                    current.add(launch, System.nanoTime() - start);
                }
            }
        }

        private void bind() {
            for (int i = 0; i < bodies.length; i++) {
                bodies[i] = bind(program.launches().get(i));
            }
        }

        /// The kernel's method with all arguments but the range bound to it.
        private RangePool.Body bind(Launch launch) {
            var arguments = new ArrayList<Object>();
            int operands = launch.buffers().size();
            int[] at = new int[operands + launch.packed().size()];
            for (int k = 0; k < operands; k++) {
                Program.Place place = program.place(launch.buffers().get(k));
                arguments.add(array(place.arena()));
                at[k] = place.offset();
            }
            for (int k = 0; k < launch.packed().size(); k++) {
                at[operands + k] = launch.packed().get(k);
            }
            arguments.add(at);
            arguments.add(0);
            arguments.addAll(launch.scalars());
            MethodHandle handle = variants.getOrDefault(launch.kernel(), launch.kernel().handle());
            MethodHandle bound = MethodHandles.insertArguments(handle, 2, arguments.toArray());
            // a statement: as the lambda's expression the call would be compiled to return Object
            return (first, count) -> {
                bound.invokeExact(first, count);
            };
        }
    }
}
