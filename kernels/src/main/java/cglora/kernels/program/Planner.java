package cglora.kernels.program;

import cglora.kernels.Kernel.Role;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Gives every scratch buffer of a list of launches its place. Buffers whose lifetimes do not
/// meet share memory: largest first, each at the lowest offset that is free for all of its life
/// (greedy by size; Pisarchyk and Lee, arXiv 2001.03288). The answer is exact before anything
/// runs.
public final class Planner {
    private record Lifetime(Buffer buffer, int first, int last) {}

    private Planner() {}

    /// Launches that read weights of [DataType#BFLOAT16] become launches over float32.
    ///
    /// @param inputs  written by the host before the first launch
    /// @param outputs read by the host after the last launch
    /// @throws IllegalArgumentException when a launch reads a scratch buffer that nothing wrote
    public static Program plan(
            String name, List<Launch> unplanned, Set<Buffer> inputs, Set<Buffer> outputs) {
        List<Launch> launches = Widening.widened(unplanned);
        var firstUse = new LinkedHashMap<Buffer, Integer>();
        var lastUse = new HashMap<Buffer, Integer>();
        for (Buffer input : inOrderOfUse(inputs, launches)) {
            firstUse.put(input, -1);
            lastUse.put(input, -1);
        }
        for (int i = 0; i < launches.size(); i++) {
            Launch launch = launches.get(i);
            for (int k = 0; k < launch.buffers().size(); k++) {
                Buffer buffer = launch.buffers().get(k);
                if (buffer.isPersistent()) {
                    continue;
                }
                Role role = launch.kernel().operands().get(k).role();
                if (role == Role.READ && !firstUse.containsKey(buffer)) {
                    throw new IllegalArgumentException(
                            "program %s: launch %d (%s) reads %s, which nothing wrote"
                                    .formatted(name, i, launch.kernel(), buffer));
                }
                firstUse.putIfAbsent(buffer, i);
                lastUse.put(buffer, i);
            }
        }
        for (Buffer output : outputs) {
            if (!output.isPersistent()) {
                if (!firstUse.containsKey(output)) {
                    throw new IllegalArgumentException(
                            "program " + name + ": nothing writes the output " + output);
                }
                lastUse.put(output, launches.size());
            }
        }
        var places = new HashMap<Buffer, Program.Place>();
        List<Arena> inputArenas = placeInputs(inputs, firstUse, lastUse, places);
        Map<Buffer, Integer> colors = colors(name, launches, places);
        var arenas = new ArrayList<Arena>();
        int most = colors.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        for (int color = 0; color <= most; color++) {
            var arena = new Arena(Region.SCRATCH, DataType.FLOAT32);
            var lifetimes = new ArrayList<Lifetime>();
            for (var use : firstUse.entrySet()) {
                Buffer buffer = use.getKey();
                if (colors.getOrDefault(buffer, -1) == color) {
                    lifetimes.add(new Lifetime(buffer, use.getValue(), lastUse.get(buffer)));
                }
            }
            place(lifetimes, arena, places);
            arenas.add(arena);
        }
        return new Program(name, launches, places, inputArenas, List.copyOf(arenas), outputs);
    }

    /// In which scratch arena each buffer lies: what one launch writes lies in different ones,
    /// since TornadoVM's graphs know one writer of an array in a task.
    ///
    /// @param placed buffers that have a place already
    private static Map<Buffer, Integer> colors(
            String name, List<Launch> launches, Map<Buffer, Program.Place> placed) {
        var colors = new HashMap<Buffer, Integer>();
        for (Launch launch : launches) {
            var taken = new HashSet<Integer>();
            List<Buffer> written = writtenScratch(launch, placed);
            for (Buffer buffer : written) {
                if (buffer.type() != DataType.FLOAT32) {
                    throw new IllegalArgumentException(
                            "program " + name + ": " + launch.kernel() + " writes integers");
                }
                if (colors.containsKey(buffer) && !taken.add(colors.get(buffer))) {
                    throw new IllegalArgumentException(
                            "program %s: %s writes two buffers that share an arena"
                                    .formatted(name, launch.kernel()));
                }
            }
            for (Buffer buffer : written) {
                int color = 0;
                while (!colors.containsKey(buffer) && taken.contains(color)) {
                    color++;
                }
                if (colors.putIfAbsent(buffer, color) == null) {
                    taken.add(color);
                }
            }
        }
        return colors;
    }

    private static List<Buffer> writtenScratch(Launch launch, Map<Buffer, Program.Place> placed) {
        var written = new ArrayList<Buffer>();
        for (int k = 0; k < launch.buffers().size(); k++) {
            Buffer buffer = launch.buffers().get(k);
            if (launch.kernel().operands().get(k).role() != Role.READ
                    && !buffer.isPersistent()
                    && !placed.containsKey(buffer)) {
                written.add(buffer);
            }
        }
        return written;
    }

    /// Inputs lie beside each other, floats and ints apart, in arenas of their own: a device gets
    /// them in one transfer.
    private static List<Arena> placeInputs(
            Set<Buffer> inputs,
            Map<Buffer, Integer> firstUse,
            Map<Buffer, Integer> lastUse,
            Map<Buffer, Program.Place> places) {
        var floats = new Arena(Region.INPUT, DataType.FLOAT32);
        var ints = new Arena(Region.INPUT, DataType.INT32);
        for (Buffer buffer : firstUse.keySet()) {
            if (inputs.contains(buffer)) {
                Arena arena = buffer.type() == DataType.FLOAT32 ? floats : ints;
                Buffer placed = arena.allocate(buffer.name(), buffer.length());
                places.put(buffer, new Program.Place(arena, placed.offset()));
            }
        }
        return List.of(floats, ints);
    }

    /// The scratch buffers among the inputs in an order that does not depend on the set's: that of
    /// their first use, then those that no launch uses, by name.
    private static Set<Buffer> inOrderOfUse(Set<Buffer> inputs, List<Launch> launches) {
        var ordered = new LinkedHashSet<Buffer>();
        for (Launch launch : launches) {
            launch.buffers().stream().filter(inputs::contains).forEach(ordered::add);
        }
        inputs.stream().sorted(Comparator.comparing(Buffer::name)).forEach(ordered::add);
        ordered.removeIf(Buffer::isPersistent);
        return ordered;
    }

    private static void place(
            List<Lifetime> lifetimes, Arena arena, Map<Buffer, Program.Place> places) {
        lifetimes.sort(Comparator.comparingInt((Lifetime l) -> l.buffer().length()).reversed());
        var placed = new ArrayList<Lifetime>();
        for (Lifetime lifetime : lifetimes) {
            var conflicts = new ArrayList<Lifetime>();
            for (Lifetime other : placed) {
                if (lifetime.first() <= other.last() && other.first() <= lifetime.last()) {
                    conflicts.add(other);
                }
            }
            conflicts.sort(Comparator.comparingInt(other -> places.get(other.buffer()).offset()));
            long offset = 0;
            for (Lifetime other : conflicts) {
                long otherAt = places.get(other.buffer()).offset();
                if (offset + lifetime.buffer().length() <= otherAt) {
                    break;
                }
                offset = Math.max(offset, Arena.align(otherAt + other.buffer().length()));
            }
            long end = offset + lifetime.buffer().length();
            if (end > Integer.MAX_VALUE - 64L) {
                throw new CgloraException(
                        ErrorCode.K_MEMORY,
                        "",
                        "activations of more than %d elements".formatted(Integer.MAX_VALUE - 64L),
                        "a smaller batch");
            }
            places.put(lifetime.buffer(), new Program.Place(arena, (int) offset));
            arena.reserve((int) end);
            placed.add(lifetime);
        }
    }
}
