package cglora.models.weights;

import cglora.models.weights.onnx.GraphProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;

/// The graph of an ONNX file without the elements of its tensors, which are nearly all of the file
/// and are passed over. Field numbers are those of ONNX's onnx.proto3.
final class OnnxHeader {
    private static final int BUFFER = 1 << 16;
    private static final int MODEL_GRAPH = 7;
    private static final int GRAPH_INITIALIZER = 5;
    private static final Set<Integer> GRAPH_KEPT = Set.of(1, 2); // nodes, name

    /// Extents, type, name and where the elements are.
    private static final Set<Integer> TENSOR_KEPT = Set.of(1, 2, 8, 13, 14);

    /// What becomes of the fields of a message.
    @FunctionalInterface
    private interface Fields {
        /// @param tag of the field that comes next in `in`
        void take(int tag, CodedInputStream in, CodedOutputStream out) throws IOException;
    }

    /// Passes over bytes by reading many at a time: a stream that inflates takes 512 by itself.
    private static final class WideSkips extends FilterInputStream {
        private final byte[] passed = new byte[BUFFER];

        WideSkips(InputStream in) {
            super(in);
        }

        @Override
        public long skip(long count) throws IOException {
            return Math.max(0, read(passed, 0, (int) Math.min(count, BUFFER)));
        }
    }

    private OnnxHeader() {}

    /// Reads to the end of a file.
    ///
    /// @throws IOException where it is not protobuf, or not whole
    static GraphProto read(InputStream file) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(new WideSkips(file), BUFFER);
        in.setSizeLimit(Integer.MAX_VALUE);
        return GraphProto.parseFrom(
                copy(
                        in,
                        (tag, model, out) -> {
                            if (isMessage(tag, MODEL_GRAPH)) {
                                out.writeRawBytes(
                                        nested(model, OnnxHeader::graph)); // several become one
                            } else {
                                model.skipField(tag);
                            }
                        }));
    }

    private static void graph(int tag, CodedInputStream in, CodedOutputStream out)
            throws IOException {
        if (isMessage(tag, GRAPH_INITIALIZER)) {
            out.writeByteArray(GRAPH_INITIALIZER, nested(in, keeping(TENSOR_KEPT)));
        } else {
            keeping(GRAPH_KEPT).take(tag, in, out);
        }
    }

    private static Fields keeping(Set<Integer> fields) {
        return (tag, in, out) -> {
            int field = WireFormat.getTagFieldNumber(tag);
            int type = fields.contains(field) ? WireFormat.getTagWireType(tag) : -1;
            switch (type) {
                case WireFormat.WIRETYPE_LENGTH_DELIMITED ->
                        out.writeByteArray(field, in.readByteArray());
                case WireFormat.WIRETYPE_VARINT -> out.writeUInt64(field, in.readRawVarint64());
                default -> in.skipField(tag); // numbers of fixed width are elements
            }
        };
    }

    private static boolean isMessage(int tag, int field) {
        return WireFormat.getTagFieldNumber(tag) == field
                && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
    }

    /// The message that comes next, with its length before it.
    private static byte[] nested(CodedInputStream in, Fields fields) throws IOException {
        int end = in.pushLimit(in.readRawVarint32());
        byte[] message = copy(in, fields);
        in.checkLastTagWas(0);
        in.popLimit(end);
        return message;
    }

    private static byte[] copy(CodedInputStream in, Fields fields) throws IOException {
        var bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            fields.take(tag, in, out);
        }
        out.flush();
        return bytes.toByteArray();
    }
}
