package cglora.models.training;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.LayerShape;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.LoraInitializer;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.linalg.LowRank;
import cglora.models.linalg.Matrix;

/// What all starts do to a layer of a session: its factors are written, its base weight may be
/// shifted, and the change is measured.
record LayerStarts(Session session, Problems warnings) {
    static LayerShape shape(LoraLayer layer) {
        return new LayerShape(
                layer.module().in(), layer.module().out(), layer.r(), layer.scaling());
    }

    /// The seed of a layer, of the one for all.
    static long seed(long seed, LoraLayer layer) {
        return seed * 31 + layer.module().name().hashCode();
    }

    void write(LoraLayer layer, LoraFactors factors) {
        session.write(layer.loraA(), factors.loraA());
        session.write(layer.loraB(), factors.loraB());
    }

    /// Plain LoRA, for a layer that no gradient reaches; with a warning.
    void startAsLora(LoraLayer layer, long seed) {
        warnings.warning(
                ErrorCode.N_ZERO,
                layer.module().name(),
                "no calibration gradient reaches this layer; it starts as plain LoRA",
                "");
        write(
                layer,
                new LoraInitializer()
                        .initialize(
                                shape(layer),
                                LayerStatistics.none(layer.module().name()),
                                seed(seed, layer)));
    }

    /// `W ← W − s B₀ A₀`.
    void shiftBase(LoraLayer layer, LoraFactors f) {
        AdapterFactors.add(session, layer, f, -layer.scaling());
    }

    /// ‖s B A‖.
    static double change(LoraLayer layer, LoraFactors f) {
        LinearModule module = layer.module();
        Matrix B = Matrix.of(module.out(), layer.r(), f.loraB());
        Matrix A = Matrix.of(layer.r(), module.in(), f.loraA());
        return layer.scaling() * LowRank.norm(B, A);
    }

    /// `change / ‖W‖`; a layer of zero weight has no share.
    double share(double change, LinearModule module) {
        double squares = 0;
        for (float w : weight(module)) {
            squares += (double) w * w;
        }
        return squares > 0 ? change / Math.sqrt(squares) : 0;
    }

    /// [out, in]
    float[] weight(LinearModule module) {
        synchronized (session.engine()) { // layers take turns
            return session.read(module.weight());
        }
    }
}
