package cglora.models.weights;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.ModelProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
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

    private record Entry(TensorProto tensor, boolean transposed) {}

    private final String description;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final GraphProto graph;
    private final Map<String, TensorProto> initializers = new HashMap<>();

    /// @param description the file's name, for messages
    /// @throws CgloraException M-ONNX when it is not an ONNX model, or its graph is not understood
    public OnnxWeights(InputStream stream, String description) {
        this.description = description;
        try {
            byte[] bytes = stream.readAllBytes();
            CodedInputStream coded = CodedInputStream.newInstance(bytes);
            coded.enableAliasing(true);
            this.graph = ModelProto.parseFrom(coded).getGraph();
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    description,
                    "not an ONNX model: " + e.getMessage(),
                    "fetch the file again",
                    e);
        }
        for (TensorProto tensor : graph.getInitializerList()) {
            if (tensor.getDataLocation() == EXTERNAL) {
                throw new CgloraException(
                        ErrorCode.M_ONNX,
                        description,
                        "tensor '" + tensor.getName() + "' is stored outside the file",
                        "export the model into one file");
            }
            initializers.put(tensor.getName(), tensor);
            if (tensor.getDataType() == FLOAT32 && !isAnonymous(tensor.getName())) {
                entries.put(tensor.getName(), new Entry(tensor, false));
            }
        }
        for (NodeProto node : graph.getNodeList()) {
            if (node.getOpType().equals("MatMul") && node.getInputCount() == 2) {
                TensorProto tensor = initializers.get(node.getInput(1));
                if (tensor != null && tensor.getDataType() == FLOAT32) {
                    entries.put(moduleOf(node.getName()) + ".weight", new Entry(tensor, true));
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
        for (NodeProto node : graph.getNodeList()) {
            if (!node.getOpType().equals("Constant")
                    || !node.getName().contains("attention/self")) {
                continue;
            }
            var attributes = node.getAttributeList();
            for (var attribute : attributes) {
                TensorProto tensor = attribute.getT();
                if (tensor.getDataType() == INT64 && tensor.getDimsCount() <= 1) {
                    long value = firstLong(tensor);
                    // heads and head size both divide the hidden size; a head is the larger
                    if (value > 1 && hiddenSize % value == 0 && value != hiddenSize) {
                        long other = hiddenSize / value;
                        return OptionalInt.of((int) Math.min(value, other));
                    }
                }
            }
        }
        return OptionalInt.empty();
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
        Entry entry = entries.get(name);
        long[] dims = entry.tensor().getDimsList().stream().mapToLong(Long::longValue).toArray();
        return entry.transposed() ? new long[] {dims[1], dims[0]} : dims;
    }

    @Override
    public String dtype(String name) {
        return "F32";
    }

    @Override
    public void read(String name, float[] target, int offset) {
        Entry entry = entries.get(name);
        TensorProto tensor = entry.tensor();
        long[] shape = shape(name);
        int count = 1;
        for (long extent : shape) {
            count = Math.toIntExact(Math.multiplyExact((long) count, extent));
        }
        int stored =
                tensor.getFloatDataCount() > 0
                        ? tensor.getFloatDataCount()
                        : tensor.getRawData().size() / 4;
        if (stored != count) {
            throw new CgloraException(
                    ErrorCode.M_ONNX,
                    description,
                    "tensor '%s' holds %d values, its shape says %d"
                            .formatted(tensor.getName(), stored, count),
                    "fetch the file again");
        }
        float[] values = new float[count];
        if (tensor.getFloatDataCount() > 0) {
            for (int i = 0; i < count; i++) {
                values[i] = tensor.getFloatData(i);
            }
        } else {
            tensor.getRawData()
                    .asReadOnlyByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
        }
        if (entry.transposed()) {
            int rows = (int) shape[0];
            int columns = (int) shape[1];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    target[offset + i * columns + j] = values[j * rows + i];
                }
            }
        } else {
            System.arraycopy(values, 0, target, offset, count);
        }
        Safetensors.requireFinite(description, name, target, offset, count);
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public void close() {}
}
