package cglora.kernels.program;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// An ordered list of launches over buffers that all have their place: what an engine executes.
public final class Program {
    /// Where a buffer is.
    ///
    /// @param arena  the array that holds it
    /// @param offset its first element there
    public record Place(Arena arena, int offset) {}

    private final String name;
    private final List<Launch> launches;
    private final Map<Buffer, Place> places;
    private final List<Arena> inputs;
    private final List<Arena> scratch;
    private final Set<Buffer> outputs;

    Program(
            String name,
            List<Launch> launches,
            Map<Buffer, Place> places,
            List<Arena> inputs,
            List<Arena> scratch,
            Set<Buffer> outputs) {
        this.name = name;
        this.launches = List.copyOf(launches);
        this.places = Map.copyOf(places);
        this.inputs = inputs;
        this.scratch = scratch;
        this.outputs = Collections.unmodifiableSet(new LinkedHashSet<>(outputs));
    }

    public String name() {
        return name;
    }

    public List<Launch> launches() {
        return launches;
    }

    /// Where `buffer` is for this program.
    public Place place(Buffer buffer) {
        if (buffer.isPersistent()) {
            return persistentPlace(buffer);
        }
        Place place = places.get(buffer);
        if (place == null) {
            throw new IllegalArgumentException("program " + name + " does not use " + buffer);
        }
        return place;
    }

    /// Where a persistent buffer is, for any program.
    public static Place persistentPlace(Buffer buffer) {
        if (!buffer.isPersistent()) {
            throw new IllegalArgumentException(buffer + " has no place outside a program");
        }
        return new Place(buffer.arena(), buffer.offset());
    }

    /// The arenas of activations and outputs, float32; engines have one array for each number.
    public List<Arena> scratchArenas() {
        return scratch;
    }

    /// The arenas of inputs: floats, then ints.
    public List<Arena> inputArenas() {
        return inputs;
    }

    /// What the host may read after an execution.
    public Set<Buffer> outputs() {
        return outputs;
    }

    /// Bytes of inputs, outputs and activations together, at the fullest moment.
    public long scratchBytes() {
        return Stream.concat(inputs.stream(), scratch.stream()).mapToLong(Arena::bytes).sum();
    }

    /// Bytes of the largest arena of inputs, outputs and activations.
    public long largestArenaBytes() {
        return Stream.concat(inputs.stream(), scratch.stream())
                .mapToLong(Arena::bytes)
                .max()
                .orElse(0);
    }

    /// Floating-point operations of one execution, as far as the launches count them.
    public long operations() {
        return launches.stream().mapToLong(Launch::operations).sum();
    }

    /// The listing: one line a launch.
    @Override
    public String toString() {
        return "program %s  launches %d  scratch %.1f MiB%n"
                        .formatted(name, launches.size(), scratchBytes() / 1048576.0)
                + launches.stream()
                        .map(
                                l ->
                                        "  "
                                                + l
                                                + "  "
                                                + l.buffers().stream()
                                                        .map(b -> "@" + place(b).offset())
                                                        .collect(Collectors.joining(" ")))
                        .collect(Collectors.joining("\n"));
    }
}
