package cglora.models.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.ModelProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OnnxHeaderTest {
    private static GraphProto withoutElements(GraphProto graph) {
        GraphProto.Builder bare = graph.toBuilder();
        for (TensorProto.Builder tensor : bare.getInitializerBuilderList()) {
            tensor.clearRawData().clearFloatData().clearInt32Data().clearInt64Data();
        }
        return bare.build();
    }

    private static GraphProto known(GraphProto graph) {
        GraphProto.Builder known = graph.toBuilder();
        known.setUnknownFields(UnknownFieldSet.getDefaultInstance());
        known.getInitializerBuilderList()
                .forEach(tensor -> tensor.setUnknownFields(UnknownFieldSet.getDefaultInstance()));
        return known.build();
    }

    @Test
    void isTheGraphOfAnExportWithoutElements() throws IOException {
        byte[] file;
        try (InputStream in = getClass().getResourceAsStream("/all-minilm-l6-v2.onnx")) {
            file = in.readAllBytes();
        }
        GraphProto whole = ModelProto.parseFrom(file).getGraph();
        GraphProto header = OnnxHeader.read(new ByteArrayInputStream(file));
        assertThat(header).isEqualTo(known(withoutElements(whole)));
        assertThat(header.getInitializerCount()).isEqualTo(102);
        assertThat(header.getSerializedSize()).isLessThan(file.length / 100);
    }

    @Test
    void passesOverElementsOfEveryForm() throws IOException {
        var graph =
                GraphProto.newBuilder()
                        .setName("g")
                        .addNode(NodeProto.newBuilder().setName("n").addInput("a"))
                        .addInitializer(
                                TensorProto.newBuilder()
                                        .setName("a")
                                        .addDims(2)
                                        .addDims(1L << 40)
                                        .setDataType(1)
                                        .addFloatData(1.5f)
                                        .addFloatData(2.5f))
                        .addInitializer(
                                TensorProto.newBuilder()
                                        .setName("b")
                                        .addInt32Data(-3)
                                        .addInt64Data(-4)
                                        .setDataLocation(1)
                                        .setRawData(ByteString.copyFrom(new byte[100_000])))
                        .build();
        byte[] file = ModelProto.newBuilder().setGraph(graph).build().toByteArray();
        assertThat(OnnxHeader.read(new ByteArrayInputStream(file)))
                .isEqualTo(withoutElements(graph));
        byte[] twice = Arrays.copyOf(file, 2 * file.length);
        System.arraycopy(file, 0, twice, file.length, file.length);
        // protobuf joins two parts of one message
        assertThat(OnnxHeader.read(new ByteArrayInputStream(twice)))
                .isEqualTo(withoutElements(ModelProto.parseFrom(twice).getGraph()));
        for (int length : new int[] {1, 20, file.length - 1}) {
            byte[] part = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> OnnxHeader.read(new ByteArrayInputStream(part)))
                    .isInstanceOf(IOException.class);
        }
    }
}
