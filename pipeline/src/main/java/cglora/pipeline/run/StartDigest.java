package cglora.pipeline.run;

import cglora.models.block.LoraLayer;
import cglora.pipeline.checkpoint.Durable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/// SHA-256 of what initialisation has put on the session and training does not change: the
/// adapters' ranks and scales, the roots of whitened coordinates, shifted base weights. Two
/// initialisations with the same digest go on alike from the same checkpoint.
final class StartDigest {
    private static final int PIECE = 1 << 14;

    private final MessageDigest digest = Durable.digest();
    private final ByteBuffer bytes =
            ByteBuffer.allocate(Float.BYTES * PIECE).order(ByteOrder.LITTLE_ENDIAN);

    private StartDigest() {}

    /// In hexadecimal digits.
    static String of(RunState run) {
        var start = new StartDigest();
        for (LoraLayer layer : run.session.adapters().values()) {
            start.add(
                    "%s r %d scaling %s dropout %s %s\n"
                            .formatted(
                                    layer.module().name(),
                                    layer.r(),
                                    layer.scaling(),
                                    layer.dropout(),
                                    layer.whitening()));
            if (layer.whitened()) {
                start.add(run.session.read(layer.inputRoot()));
                start.add(run.session.read(layer.outputRoot()));
            }
            if (run.start.shifted().containsKey(layer.module().name())) {
                start.add(run.session.read(layer.module().weight()));
            }
        }
        return HexFormat.of().formatHex(start.digest.digest());
    }

    private void add(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
    }

    private void add(float[] values) {
        for (int at = 0; at < values.length; at += PIECE) {
            int count = Math.min(PIECE, values.length - at);
            bytes.clear();
            bytes.asFloatBuffer().put(values, at, count);
            digest.update(bytes.limit(Float.BYTES * count));
        }
    }
}
