package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.ParameterSpec;
import cglora.models.linalg.Matrix;
import cglora.models.weights.FloatFormat;
import cglora.models.weights.TensorParts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The weights of a model with adapters merged, a part at a time from the base's files: no
/// tensor is held as a whole.
final class MergedWeights implements TensorParts {
    private final LoadedModel model;
    private final FloatFormat format;
    private final Map<String, String> tensors = new HashMap<>();
    private final Map<String, float[]> saved = new HashMap<>();
    private final Map<String, List<PeftAdapter.Layer>> layers = new HashMap<>();

    /// @param model    the base with its head
    /// @param adapters in the order in which they are merged; what a later one saved goes before
    /// @param format   which the elements are rounded to
    MergedWeights(LoadedModel model, List<PeftAdapter> adapters, FloatFormat format) {
        this.model = model;
        this.format = format;
        for (ParameterSpec spec : model.session().task().bodyParameters()) {
            tensors.put(spec.name(), model.checkpoint().tensorOf(spec));
        }
        for (PeftAdapter adapter : adapters) {
            saved.putAll(adapter.saved());
            adapter.layers()
                    .forEach(
                            (name, layer) ->
                                    layers.computeIfAbsent(name + ".weight", _ -> new ArrayList<>())
                                            .add(layer));
        }
    }

    /// @throws CgloraException A-VERIFY for one that is not finite
    @Override
    public void read(String name, int first, int count, float[] target, int offset) {
        if (saved.containsKey(name)) {
            System.arraycopy(saved.get(name), first, target, offset, count);
        } else if (tensors.containsKey(name)) {
            model.checkpoint().weights().read(tensors.get(name), first, count, target, offset);
        } else {
            model.session().read(name, first, count, target, offset); // of the head
        }
        for (PeftAdapter.Layer layer : layers.getOrDefault(name, List.of())) {
            add(layer, first, count, target, offset);
        }
        for (int i = offset; i < offset + count; i++) {
            target[i] = format.round(target[i]);
            if (!Float.isFinite(target[i])) {
                throw new CgloraException(
                        ErrorCode.A_VERIFY,
                        name,
                        "holds NaN or infinity after merging; nothing is written",
                        "look at the adapter's factors");
            }
        }
    }

    /// `W ← W + s B A`, in float64, rounded once.
    ///
    /// @param first  number of the first element that is given, of W [out, in]
    /// @param target elements of W from `offset` on
    static void add(PeftAdapter.Layer layer, int first, int count, float[] target, int offset) {
        int in = layer.in();
        int r = layer.r();
        int top = first / in;
        int rows = (first + count - 1) / in - top + 1;
        float[] loraB = Arrays.copyOfRange(layer.loraB(), top * r, (top + rows) * r);
        double[] product =
                Matrix.of(rows, r, loraB).times(Matrix.of(r, in, layer.loraA())).values();
        int skipped = first - top * in;
        for (int i = 0; i < count; i++) {
            target[offset + i] =
                    (float) (target[offset + i] + layer.scaling() * product[skipped + i]);
        }
    }
}
