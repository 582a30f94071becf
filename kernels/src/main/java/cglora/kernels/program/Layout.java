package cglora.kernels.program;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Where the persistent buffers of a run are: its weights, trained parameters, gradients and
/// state. All programs of a run share one layout, so that they see the same contents.
public final class Layout {
    /// The most elements of one arena unless a device allows fewer: what an array can index.
    public static final long DEFAULT_LIMIT = Integer.MAX_VALUE - 64L;

    private static final double MIB = 1048576.0;

    private final Map<Region, List<Arena>> arenas = new EnumMap<>(Region.class);
    private final long limit;

    public Layout() {
        this(DEFAULT_LIMIT);
    }

    /// @param limit the most elements of one arena; a region that needs more gets several
    public Layout(long limit) {
        this.limit = limit;
    }

    /// The most elements of one arena.
    public long limit() {
        return limit;
    }

    /// A new float32 buffer in a region.
    public Buffer allocate(Region region, String name, long elements) {
        return allocate(region, name, elements, DataType.FLOAT32);
    }

    /// A new buffer in a region.
    ///
    /// @param elements how many numbers
    /// @throws CgloraException V-MEMORY where one arena does not hold it
    public Buffer allocate(Region region, String name, long elements, DataType type) {
        if (!region.isPersistent()) {
            throw new IllegalArgumentException(name + ": a layout holds persistent regions only");
        }
        if (type.elements(elements) > limit) {
            throw new CgloraException(
                    ErrorCode.V_MEMORY,
                    name,
                    String.format(
                            Locale.ROOT,
                            "needs one buffer of %.1f MiB, the largest one may have %.1f",
                            type.elements(elements) * type.bytes() / MIB,
                            limit * type.bytes() / MIB),
                    "--engine jvm, or a device that allows larger buffers: cglora devices shows"
                            + " them");
        }
        List<Arena> list = arenas.computeIfAbsent(region, _ -> new ArrayList<>());
        Arena last = null;
        for (Arena arena : list) {
            last = arena.type() == type ? arena : last;
        }
        if (last == null || !last.fits(elements, limit)) {
            last = new Arena(region, type);
            list.add(last);
        }
        return last.allocate(name, (int) elements);
    }

    /// Bytes of a region's arenas.
    public long bytes(Region region) {
        return arenas.getOrDefault(region, List.of()).stream().mapToLong(Arena::bytes).sum();
    }

    /// Bytes of all regions.
    public long bytes() {
        return arenas.keySet().stream().mapToLong(this::bytes).sum();
    }

    public List<Arena> arenas(Region region) {
        return List.copyOf(arenas.getOrDefault(region, List.of()));
    }
}
