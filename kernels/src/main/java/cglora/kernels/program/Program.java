package cglora.kernels.program;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// An ordered list of launches over buffers that all have their place: what an engine executes.
public final class Program {
    /// Where a buffer is.
    ///
    /// @param arena  the array that holds it
    /// @param offset its first element there
    public record Place(Arena arena, int offset) {}

    private final String name;
    private final List<Launch> launches;
    private final Map<Buffer, Place> scratch;
    private final Arena floats;
    private final Arena ints;

    Program(
            String name,
            List<Launch> launches,
            Map<Buffer, Place> scratch,
            Arena floats,
            Arena ints) {
        this.name = name;
        this.launches = List.copyOf(launches);
        this.scratch = Map.copyOf(scratch);
        this.floats = floats;
        this.ints = ints;
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
        Place place = scratch.get(buffer);
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

    /// The scratch arenas: floats, then ints.
    public List<Arena> scratchArenas() {
        return List.of(floats, ints);
    }

    /// Bytes of inputs, outputs and activations together, at the fullest moment.
    public long scratchBytes() {
        return (long) floats.length() * floats.type().bytes()
                + (long) ints.length() * ints.type().bytes();
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
