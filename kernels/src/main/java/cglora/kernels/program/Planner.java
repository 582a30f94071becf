package cglora.kernels.program;

import cglora.kernels.Kernel.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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

    /// @param inputs  written by the host before the first launch
    /// @param outputs read by the host after the last launch
    /// @throws IllegalArgumentException when a launch reads a scratch buffer that nothing wrote
    public static Program plan(
            String name, List<Launch> launches, Set<Buffer> inputs, Set<Buffer> outputs) {
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
        var floats = new Arena(Region.SCRATCH, DataType.FLOAT32);
        var ints = new Arena(Region.SCRATCH, DataType.INT32);
        for (Arena arena : List.of(floats, ints)) {
            var lifetimes = new ArrayList<Lifetime>();
            firstUse.forEach(
                    (buffer, first) -> {
                        if (buffer.type() == arena.type() && !places.containsKey(buffer)) {
                            lifetimes.add(new Lifetime(buffer, first, lastUse.get(buffer)));
                        }
                    });
            place(lifetimes, arena, places);
        }
        return new Program(name, launches, places, inputArenas, List.of(floats, ints), outputs);
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
                throw new IllegalArgumentException(
                        "activations of more than 2^31 elements: take a smaller batch");
            }
            places.put(lifetime.buffer(), new Program.Place(arena, (int) offset));
            arena.reserve((int) end);
            placed.add(lifetime);
        }
    }
}
