package cglora.models.weights;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.weights.onnx.AttributeProto;
import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.ModelProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// The float initialisers of an ONNX file under the names that Hugging Face gives them. Exporters
/// fold a linear layer's weight into an anonymous operand of a MatMul, stored [in, out]: the
/// layer's name is the MatMul's, `/encoder/layer.0/attention/self/query/MatMul`.
public final class OnnxWeights implements WeightSource {
    private static final int FLOAT32 = 1;
    private static final int INT64 = 7;
    private static final int EXTERNAL = 1;

    /// @param tensor     its initialiser
    /// @param shape      as it is read
    /// @param transposed whether it is stored the other way round
    private record Entry(String tensor, long[] shape, boolean transposed) {}

    private final Source source;
    private final String description;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final long[] attentionConstants;

    /// With their elements; null before they are read, and when released.
    private Map<String, TensorProto> initializers;

    /// Where the file comes from, time and again.
    @FunctionalInterface
    public interface Source {
        /// @throws IOException when it cannot be opened
        InputStream open() throws IOException;
    }

    /// @param description the file's name, for messages
    /// @throws CgloraException M-ONNX when it is not an ONNX model, or its graph is not understood
    public OnnxWeights(Source source, String description) {
        this(source, description, null, null);
    }

    /// The same of a file that may lie packed in a jar: its header is then kept for the next time.
    ///
    /// @param packed null for a file of its own
    public OnnxWeights(Source source, String description, PackedEntry packed) {
        this(source, description, packed, packed == null ? null : OnnxHeaderCache.ofUser());
    }

    /// @param headers of packed files
    OnnxWeights(Source source, String description, PackedEntry packed, OnnxHeaderCache headers) {
        this.source = source;
        this.description = description;
        GraphProto graph = packed == null ? parse(OnnxHeader::read) : kept(packed, headers);
        this.attentionConstants = attentionConstants(graph);
        Map<String, TensorProto> tensors = initializers(graph);
        for (TensorProto tensor : graph.getInitializerList()) {
            if (tensor.getDataLocation() == EXTERNAL) {
                throw new CgloraException(
                        ErrorCode.M_ONNX,
                        description,
                        "tensor '" + tensor.getName() + "' is stored outside the file",
                        "export the model into one file");
            }
            if (tensor.getDataType() == FLOAT32 && !isAnonymous(tensor.getName())) {
                entries.put(tensor.getName(), new Entry(tensor.getName(), extents(tensor), false));
            }
        }
        for (NodeProto node : graph.getNodeList()) {
            if (node.getOpType().equals("MatMul") && node.getInputCount() == 2) {
                TensorProto tensor = tensors.get(node.getInput(1));
                if (tensor != null && tensor.getDataType() == FLOAT32) {
                    long[] stored = extents(tensor);
                    if (stored.length != 2) {
                        throw malformed(
                                "'%s' multiplies by '%s' with %d dimensions, expected 2"
                                        .formatted(
                                                node.getName(), tensor.getName(), stored.length));
                    }
                    entries.put(
                            moduleOf(node.getName()) + ".weight",
                            new Entry(tensor.getName(), new long[] {stored[1], stored[0]}, true));
                }
            }
        }
        if (entries.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    description,
                    "holds no float32 weights",
                    "take a float32 export; quantised ones are not read");
        }
    }

    private GraphProto kept(PackedEntry packed, OnnxHeaderCache headers) {
        return headers.find(packed)
                .orElseGet(
                        () -> {
                            GraphProto header = parse(OnnxHeader::read);
                            headers.keep(packed, header);
                            return header;
                        });
    }

    /// How much is taken of the file.
    @FunctionalInterface
    private interface Parser {
        GraphProto parse(InputStream file) throws IOException;
    }

    private GraphProto parse(Parser parser) {
        try (InputStream stream = source.open()) {
            return parser.parse(stream);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    description,
                    "not an ONNX model: " + e.getMessage(),
                    "fetch the file again",
                    e);
        }
    }

    private static Map<String, TensorProto> initializers(GraphProto graph) {
        var byName = new HashMap<String, TensorProto>();
        graph.getInitializerList().forEach(tensor -> byName.put(tensor.getName(), tensor));
        return byName;
    }

    /// @throws CgloraException M-ONNX for extents that no array has
    private long[] extents(TensorProto tensor) {
        long[] extents = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
        long size = 1;
        for (long extent : extents) {
            if (extent < 0 || extent > 0 && size > Integer.MAX_VALUE / extent) {
                throw malformed(
                        "tensor '%s' has the shape %s"
                                .formatted(tensor.getName(), Arrays.toString(extents)));
            }
            size *= extent;
        }
        return extents;
    }

    private CgloraException malformed(String what) {
        return new CgloraException(ErrorCode.M_ONNX, description, what, "fetch the file again");
    }

    private static boolean isAnonymous(String name) {
        return name.startsWith("onnx::") || name.startsWith("/");
    }

    private static String moduleOf(String node) {
        String path = node.startsWith("/") ? node.substring(1) : node;
        int last = path.lastIndexOf('/');
        return (last < 0 ? path : path.substring(0, last)).replace('/', '.');
    }

    /// The number of attention heads, from the constants that the first layer reshapes its
    /// queries with, [0, 0, heads, headSize]; empty where the graph does not show it.
    public OptionalInt attentionHeads(int hiddenSize) {
        for (long value : attentionConstants) {
            // heads and head size both divide the hidden size; a head is the larger
            if (value > 1 && hiddenSize % value == 0 && value != hiddenSize) {
                return OptionalInt.of((int) Math.min(value, hiddenSize / value));
            }
        }
        return OptionalInt.empty();
    }

    private static long[] attentionConstants(GraphProto graph) {
        return graph.getNodeList().stream()
                .filter(node -> node.getOpType().equals("Constant"))
                .filter(node -> node.getName().contains("attention/self"))
                .flatMap(node -> node.getAttributeList().stream())
                .map(AttributeProto::getT)
                .filter(tensor -> tensor.getDataType() == INT64 && tensor.getDimsCount() <= 1)
                .mapToLong(OnnxWeights::firstLong)
                .toArray();
    }

    private static long firstLong(TensorProto tensor) {
        if (tensor.getInt64DataCount() > 0) {
            return tensor.getInt64Data(0);
        }
        return tensor.getRawData().size() >= 8
                ? tensor.getRawData()
                        .asReadOnlyByteBuffer()
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong(0)
                : 0;
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
        return "F32";
    }

    @Override
    public void read(String name, int first, int count, float[] target, int offset) {
        if (initializers == null) {
            initializers = initializers(parse(file -> ModelProto.parseFrom(file).getGraph()));
        }
        Entry entry = entries.get(name);
        TensorProto tensor = initializers.get(entry.tensor());
        int size = 1;
        for (long extent : entry.shape()) {
            size = Math.toIntExact(Math.multiplyExact((long) size, extent));
        }
        Elements elements = elements(tensor);
        if (elements.count() != size) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    description,
                    "tensor '%s' holds %d values, its shape says %d"
                            .formatted(tensor.getName(), elements.count(), size),
                    "fetch the file again");
        }
        if (entry.transposed()) {
            int rows = (int) entry.shape()[0];
            int columns = (int) entry.shape()[1];
            for (int i = 0; i < count; i++) {
                int row = (first + i) / columns;
                int column = (first + i) % columns;
                target[offset + i] = elements.get(column * rows + row);
            }
        } else {
            for (int i = 0; i < count; i++) {
                target[offset + i] = elements.get(first + i);
            }
        }
        Safetensors.requireFinite(description, name, first, target, offset, count);
    }

    /// A tensor's values, as the file has them.
    private interface Elements {
        int count();

        float get(int index);
    }

    private record Listed(TensorProto tensor) implements Elements {
        @Override
        public int count() {
            return tensor.getFloatDataCount();
        }

        @Override
        public float get(int index) {
            return tensor.getFloatData(index);
        }
    }

    private record Raw(FloatBuffer values) implements Elements {
        @Override
        public int count() {
            return values.limit();
        }

        @Override
        public float get(int index) {
            return values.get(index);
        }
    }

    private static Elements elements(TensorProto tensor) {
        return tensor.getFloatDataCount() > 0
                ? new Listed(tensor)
                : new Raw(
                        tensor.getRawData()
                                .asReadOnlyByteBuffer()
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .asFloatBuffer());
    }

    /// All tensors, and the largest once more while it is parsed.
    @Override
    public long readingBytes() {
        var sizes =
                entries.values().stream()
                        .mapToLong(e -> Arrays.stream(e.shape()).reduce(4, Math::multiplyExact))
                        .summaryStatistics();
        return sizes.getSum() + Math.max(0, sizes.getMax());
    }

    @Override
    public void release() {
        initializers = null;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public void close() {
        release();
    }
}
