package cglora.models.weights;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// One `.safetensors` file, checked whole before any tensor is read: header bounds, no duplicate
/// names, and tensors that touch without holes or overlap to the file's end (the format's own
/// README and `tensor.rs`). A part of a tensor is memory-mapped while it is read,
/// and no longer.
public final class Safetensors implements WeightSource {
    private static final long MAX_HEADER = 100_000_000;
    private static final Map<String, Integer> BYTES =
            Map.of(
                    "F32", 4, "F16", 2, "BF16", 2, "F64", 8, "I64", 8, "I32", 4, "U8", 1, "BOOL", 1,
                    "I8", 1, "I16", 2);
    private static final Set<String> FLOATS_READ = Set.of("F32", "F16", "BF16", "F64");

    /// Elements that are mapped at a time.
    private static final int PART = 1 << 20;

    private static final ValueLayout.OfInt INT = little(ValueLayout.JAVA_INT_UNALIGNED);
    private static final ValueLayout.OfLong LONG = little(ValueLayout.JAVA_LONG_UNALIGNED);
    private static final ValueLayout.OfShort SHORT = little(ValueLayout.JAVA_SHORT_UNALIGNED);

    private record Entry(String dtype, long[] shape, long begin, long end) {}

    private final Path path;
    private final FileChannel channel;
    private final long dataAt;
    private final long dataBytes;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /// Opens and checks a file.
    ///
    /// @throws CgloraException S-READ, S-TRUNCATED, S-LFS, S-HEADER, S-LAYOUT or S-DTYPE
    public Safetensors(Path path) {
        this.path = path;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
        try (var arena = Arena.ofConfined()) {
            long size = channel.size();
            refuseLfsPointer(size);
            if (size < 8) {
                throw error(
                        ErrorCode.S_TRUNCATED,
                        "the file has " + size + " bytes, fewer than a header's length takes",
                        "fetch the file again");
            }
            long header = map(0, 8, arena).get(LONG, 0);
            if (header < 2 || header > MAX_HEADER || header > size - 8) {
                throw error(
                        header > 0 && header <= MAX_HEADER
                                ? ErrorCode.S_TRUNCATED
                                : ErrorCode.S_HEADER,
                        "the header claims %s bytes; the file has %d, and at most %d are allowed"
                                .formatted(Long.toUnsignedString(header), size, MAX_HEADER),
                        "fetch the file again; this is not a whole safetensors file");
            }
            dataAt = 8 + header;
            dataBytes = size - dataAt;
            readHeader(map(8, header, arena).toArray(ValueLayout.JAVA_BYTE));
            checkLayout();
        } catch (IOException e) {
            close();
            throw unreadable(path, e);
        } catch (CgloraException e) {
            close();
            throw e;
        }
    }

    static CgloraException unreadable(Path path, IOException e) {
        return new CgloraException(
                ErrorCode.S_READ,
                path.toString(),
                "cannot be read: " + e,
                "check its permissions and the disk that it is on",
                e);
    }

    private MemorySegment map(long from, long bytes, Arena arena) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, from, bytes, arena);
    }

    private static <L extends ValueLayout> L little(L layout) {
        @SuppressWarnings("unchecked")
        L ordered = (L) layout.withOrder(ByteOrder.LITTLE_ENDIAN);
        return ordered;
    }

    private void refuseLfsPointer(long size) throws IOException {
        if (size >= 1024) {
            return;
        }
        String text = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        if (text.startsWith("version https://git-lfs")) {
            var promised = java.util.regex.Pattern.compile("size (\\d+)").matcher(text);
            throw error(
                    ErrorCode.S_LFS,
                    "the file (" + size + " bytes) is a Git LFS pointer, not the weights",
                    "fetch the "
                            + (promised.find() ? promised.group(1) : "missing")
                            + " bytes that it stands for (git lfs pull)");
        }
    }

    private void readHeader(byte[] text) {
        String json;
        try {
            json =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(java.nio.ByteBuffer.wrap(text))
                            .toString();
        } catch (CharacterCodingException e) {
            throw header("is not UTF-8", e);
        }
        if (!json.startsWith("{")) {
            throw header("does not begin with '{'", null);
        }
        JsonNode root;
        try {
            root =
                    JsonMapper.builder(
                                    JsonFactory.builder()
                                            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                            .streamReadConstraints(
                                                    StreamReadConstraints.builder()
                                                            .maxNestingDepth(8)
                                                            .build())
                                            .build())
                            .build()
                            .readTree(json);
        } catch (JacksonException e) {
            String reason = e.getOriginalMessage();
            if (reason.contains("Duplicate")) {
                throw error(
                        ErrorCode.S_LAYOUT,
                        "the header names a tensor twice: " + reason,
                        "write the file again");
            }
            throw header("is not JSON: " + reason, e);
        }
        for (var property : root.properties()) {
            if (property.getKey().equals("__metadata__")) {
                for (var pair : property.getValue().properties()) {
                    if (!pair.getValue().isString()) {
                        throw header(
                                "has a __metadata__ value that is no string: " + pair.getKey(),
                                null);
                    }
                    metadata.put(pair.getKey(), pair.getValue().asString());
                }
            } else {
                entries.put(property.getKey(), entry(property.getKey(), property.getValue()));
            }
        }
    }

    private Entry entry(String name, JsonNode node) {
        String dtype = node.path("dtype").asString("");
        JsonNode extents = node.path("shape");
        JsonNode offsets = node.path("data_offsets");
        if (!BYTES.containsKey(dtype)) {
            throw error(
                    ErrorCode.S_DTYPE,
                    "tensor '" + name + "' has dtype '" + dtype + "'",
                    "supported weights: F32, F16, BF16, F64; convert the checkpoint");
        }
        if (!extents.isArray() || !offsets.isArray() || offsets.size() != 2) {
            throw header("has no shape or data_offsets for tensor '" + name + "'", null);
        }
        long[] shape = new long[extents.size()];
        long size = BYTES.get(dtype);
        try {
            for (int i = 0; i < shape.length; i++) {
                shape[i] = extents.get(i).longValue();
                if (shape[i] < 0) {
                    throw header("has a negative extent in tensor '" + name + "'", null);
                }
                size = Math.multiplyExact(size, shape[i]);
            }
        } catch (ArithmeticException | JacksonException e) {
            throw error(
                    ErrorCode.S_LAYOUT,
                    "tensor '" + name + "' with shape " + extents + " overflows 64 bits",
                    "fetch the file again");
        }
        long begin;
        long end;
        try {
            begin = offsets.get(0).longValue();
            end = offsets.get(1).longValue();
        } catch (JacksonException e) {
            throw header("has data_offsets " + offsets + " for tensor '" + name + "'", e);
        }
        if (end - begin != size) {
            throw error(
                    ErrorCode.S_LAYOUT,
                    "tensor '%s' %s of %s takes %d bytes, its offsets span %d"
                            .formatted(name, Arrays.toString(shape), dtype, size, end - begin),
                    "fetch the file again");
        }
        return new Entry(dtype, shape, begin, end);
    }

    private void checkLayout() {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(
                Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin())
                        .thenComparingLong(e -> e.getValue().end()));
        long at = 0;
        String before = "the start";
        for (var entry : sorted) {
            if (entry.getValue().begin() != at) {
                throw error(
                        ErrorCode.S_LAYOUT,
                        "tensor '%s' begins at %d, but %s ends at %d: the tensors %s"
                                .formatted(
                                        entry.getKey(),
                                        entry.getValue().begin(),
                                        before,
                                        at,
                                        entry.getValue().begin() < at ? "overlap" : "leave a hole"),
                        "fetch the file again");
            }
            at = entry.getValue().end();
            before = "'" + entry.getKey() + "'";
        }
        if (at != dataBytes) {
            throw error(
                    ErrorCode.S_TRUNCATED,
                    "the tensors take %d bytes, the file has %d for them".formatted(at, dataBytes),
                    "fetch the file again: the download was not complete");
        }
    }

    private CgloraException header(String what, Throwable cause) {
        return new CgloraException(
                ErrorCode.S_HEADER,
                path.toString(),
                "the header " + what,
                "fetch the file again; it is not a safetensors file as it stands",
                cause);
    }

    private CgloraException error(ErrorCode code, String what, String fix) {
        return new CgloraException(code, path.toString(), what, fix);
    }

    /// The file's `__metadata__`.
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public Set<String> names() {
        return entries.keySet();
    }

    @Override
    public long[] shape(String name) {
        return entries.get(name).shape().clone();
    }

    @Override
    public String dtype(String name) {
        return entries.get(name).dtype();
    }

    @Override
    public void read(String name, int first, int count, float[] target, int offset) {
        Entry entry = entries.get(name);
        int size = requireFloats(name, entry.dtype());
        for (int done = 0; done < count; done += PART) {
            int part = Math.min(PART, count - done);
            long at = dataAt + entry.begin() + (long) size * (first + done);
            try (var arena = Arena.ofConfined()) {
                MemorySegment bytes = map(at, (long) size * part, arena);
                widen(entry.dtype(), bytes, part, target, offset + done);
            } catch (IOException e) {
                throw unreadable(path, e);
            }
        }
        requireFinite(path.toString(), name, first, target, offset, count);
    }

    @Override
    public boolean equal(String name, String other) {
        return equal(name, this, other);
    }

    /// Whether a tensor and one of another file hold the same values; nothing is copied where they
    /// are of one type.
    boolean equal(String name, Safetensors file, String other) {
        Entry mine = entries.get(name);
        Entry its = file.entries.get(other);
        if (!Arrays.equals(mine.shape(), its.shape())) {
            return false;
        }
        if (!mine.dtype().equals(its.dtype())) {
            return Arrays.equals(read(name), file.read(other));
        }
        long bytes = mine.end() - mine.begin();
        try (var arena = Arena.ofConfined()) {
            return map(dataAt + mine.begin(), bytes, arena)
                            .mismatch(file.map(file.dataAt + its.begin(), bytes, arena))
                    == -1;
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    /// @return bytes of an element
    private int requireFloats(String name, String dtype) {
        if (!FLOATS_READ.contains(dtype)) {
            throw error(
                    ErrorCode.S_DTYPE,
                    "tensor '" + name + "' has dtype " + dtype + ", weights are floats",
                    "take a float checkpoint; quantised ones are not read");
        }
        return BYTES.get(dtype);
    }

    private static void widen(
            String dtype, MemorySegment bytes, int count, float[] target, int offset) {
        switch (dtype) {
            case "F32" -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = Float.intBitsToFloat(bytes.get(INT, 4L * i));
                }
            }
            case "F16" -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = Float.float16ToFloat(bytes.get(SHORT, 2L * i));
                }
            }
            case "BF16" -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = Float.intBitsToFloat(bytes.get(SHORT, 2L * i) << 16);
                }
            }
            case "F64" -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = (float) Double.longBitsToDouble(bytes.get(LONG, 8L * i));
                }
            }
            default -> throw new IllegalArgumentException(dtype);
        }
    }

    /// @param from number of the first element that is given
    /// @throws CgloraException S-NONFINITE, with how many and where
    static void requireFinite(
            String file, String name, int from, float[] values, int offset, int count) {
        int bad = 0;
        int first = -1;
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[offset + i])) {
                first = bad++ == 0 ? from + i : first;
            }
        }
        if (bad > 0) {
            throw new CgloraException(
                    ErrorCode.S_NONFINITE,
                    file,
                    "tensor '%s' holds %d NaN or infinite values, the first at %d"
                            .formatted(name, bad, first),
                    "take another checkpoint; this one is damaged");
        }
    }

    /// The largest part of a tensor: only one is mapped at a time.
    @Override
    public long readingBytes() {
        return entries.values().stream()
                .mapToLong(e -> Math.min(e.end() - e.begin(), (long) PART * BYTES.get(e.dtype())))
                .max()
                .orElse(0);
    }

    @Override
    public List<Path> files() {
        return List.of(path);
    }

    @Override
    public String description() {
        return path.toString();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
