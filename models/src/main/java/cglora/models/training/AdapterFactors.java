package cglora.models.training;

import cglora.models.adapter.Base;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.WhitenedCoordinates;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.linalg.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The factors of a session's adapters as others understand them, and base weights with factors
/// added.
public final class AdapterFactors {
    private AdapterFactors() {}

    /// The factors that an adapter on the original base has now: whitened coordinates mapped back,
    /// a shift undone by the factors of the start (rank 2r).
    ///
    /// @param shifted of [AdapterStart.Result]
    public static Map<String, LoraFactors> effective(
            Session session, Map<String, LoraFactors> shifted) {
        var effective = new LinkedHashMap<String, LoraFactors>();
        for (LoraLayer layer : new ArrayList<>(session.adapters().values())) {
            float[] a = session.read(layer.loraA());
            float[] b = session.read(layer.loraB());
            LinearModule module = layer.module();
            int r = layer.r();
            if (layer.whitened()) {
                LoraFactors mapped =
                        WhitenedCoordinates.toLoraFactors(
                                layer.whitening(),
                                session.read(layer.outputRoot()),
                                session.read(layer.inputRoot()),
                                new LoraFactors(a, b, Base.KEPT),
                                LayerStarts.shape(layer));
                a = mapped.loraA();
                b = mapped.loraB();
            }
            LoraFactors start = shifted.get(module.name());
            if (start != null) {
                a = concatenateRows(a, start.loraA());
                b = concatenateColumns(b, start.loraB(), module.out(), r);
            }
            effective.put(module.name(), new LoraFactors(a, b, Base.KEPT));
        }
        return effective;
    }

    private static float[] concatenateRows(float[] upper, float[] lower) {
        float[] all = Arrays.copyOf(upper, upper.length + lower.length);
        System.arraycopy(lower, 0, all, upper.length, lower.length);
        return all;
    }

    /// `[b, −start]`.
    private static float[] concatenateColumns(float[] b, float[] start, int rows, int r) {
        float[] all = new float[2 * rows * r];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < r; j++) {
                all[i * 2 * r + j] = b[i * r + j];
                all[i * 2 * r + r + j] = -start[i * r + j];
            }
        }
        return all;
    }

    /// All that a start has put on the session, by the parameter's name: another session of the
    /// same model and adapters starts alike once they are written to it.
    public static Map<String, float[]> started(Session session, AdapterStart.Result start) {
        var parameters = new LinkedHashMap<String, float[]>();
        for (LoraLayer layer : session.adapters().values()) {
            var names = new ArrayList<>(List.of(layer.loraA(), layer.loraB()));
            if (layer.whitened()) {
                names.addAll(List.of(layer.inputRoot(), layer.outputRoot()));
            }
            if (start.shifted().containsKey(layer.module().name())) {
                names.add(layer.module().weight());
            }
            names.forEach(name -> parameters.put(name, session.read(name)));
        }
        return parameters;
    }

    /// `W ← W + s B A` for the layers that have factors here; `s` is that of the session's own
    /// adapter on the layer.
    public static void merge(Session session, Map<String, LoraFactors> factors) {
        factors.forEach(
                (name, f) -> {
                    LoraLayer layer = session.adapters().get(name);
                    add(session, layer, f, layer.scaling());
                });
    }

    /// `W ← W + factor · B A`.
    static void add(Session session, LoraLayer layer, LoraFactors f, double factor) {
        String weight = layer.module().weight();
        session.write(weight, sum(session.read(weight), layer, f, factor));
    }

    /// `W + factor · B A`, in float64, rounded once.
    ///
    /// @param weight [out, in]
    static float[] sum(float[] weight, LoraLayer layer, LoraFactors f, double factor) {
        LinearModule module = layer.module();
        Matrix W = Matrix.of(module.out(), module.in(), weight);
        Matrix product =
                Matrix.of(module.out(), layer.r(), f.loraB())
                        .times(Matrix.of(layer.r(), module.in(), f.loraA()));
        return W.plus(product.scaled(factor)).toFloats();
    }
}
