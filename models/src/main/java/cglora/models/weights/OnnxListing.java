package cglora.models.weights;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What any ONNX file holds, understood or not: its tensors as they are stored and how often each
/// operator occurs.
///
/// @param tensors   in the file's order
/// @param operators how many nodes of each
public record OnnxListing(List<Tensor> tensors, Map<String, Integer> operators) {
    private static final int EXTERNAL = 1;

    /// TensorProto.DataType (onnx/onnx.proto3), by the names that safetensors has for them.
    private static final Map<Integer, String> TYPES =
            Map.ofEntries(
                    Map.entry(1, "F32"),
                    Map.entry(2, "U8"),
                    Map.entry(3, "I8"),
                    Map.entry(4, "U16"),
                    Map.entry(5, "I16"),
                    Map.entry(6, "I32"),
                    Map.entry(7, "I64"),
                    Map.entry(8, "STRING"),
                    Map.entry(9, "BOOL"),
                    Map.entry(10, "F16"),
                    Map.entry(11, "F64"),
                    Map.entry(12, "U32"),
                    Map.entry(13, "U64"),
                    Map.entry(16, "BF16"));

    /// @param dtype    the element type
    /// @param external whether its elements are in another file
    public record Tensor(String name, String dtype, long[] shape, boolean external) {}

    public OnnxListing {
        tensors = List.copyOf(tensors);
        operators = new TreeMap<>(operators);
    }

    /// @param description the file's name, for messages
    /// @throws CgloraException M-ONNX where it is not an ONNX model
    public static OnnxListing of(OnnxWeights.Source source, String description) {
        GraphProto graph;
        try (InputStream stream = source.open()) {
            graph = OnnxHeader.read(stream);
        } catch (IOException e) {
            throw notOnnx(description, "not an ONNX model: " + e.getMessage(), e);
        }
        if (graph.getNodeCount() == 0 && graph.getInitializerCount() == 0) {
            throw notOnnx(description, "not an ONNX model: it holds no graph", null);
        }
        var tensors = new ArrayList<Tensor>();
        for (TensorProto tensor : graph.getInitializerList()) {
            tensors.add(
                    new Tensor(
                            tensor.getName(),
                            TYPES.getOrDefault(
                                    tensor.getDataType(), "type " + tensor.getDataType()),
                            tensor.getDimsList().stream().mapToLong(Long::longValue).toArray(),
                            tensor.getDataLocation() == EXTERNAL));
        }
        var operators = new TreeMap<String, Integer>();
        for (NodeProto node : graph.getNodeList()) {
            operators.merge(node.getOpType(), 1, Integer::sum);
        }
        return new OnnxListing(tensors, operators);
    }

    private static CgloraException notOnnx(String description, String what, IOException cause) {
        return new CgloraException(
                ErrorCode.M_ONNX, description, what, "fetch the file again", cause);
    }
}
