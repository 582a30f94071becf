package cglora.models.training;

import cglora.kernels.engine.PackedParts;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.program.DataType;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.family.PretrainedModel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Compares the weights that a session holds with those of files, a part at a time: a model that
/// was read from the same files need not be held beside it.
public final class BodyCheck {
    private final Session session;
    private final Map<String, LoraLayer> shifted = new HashMap<>();
    private final Map<String, LoraFactors> start;

    /// @param start factors that were taken off the base weights of layers, by the layers' names
    public BodyCheck(Session session, Map<String, LoraFactors> start) {
        this.session = session;
        this.start = start;
        start.keySet()
                .forEach(
                        name -> {
                            LoraLayer layer = session.adapters().get(name);
                            shifted.put(layer.module().weight(), layer);
                        });
    }

    /// Whether every weight of the body has the bits that it gets where the checkpoint is read into
    /// a new session, and the start is taken off it.
    public boolean isOf(PretrainedModel checkpoint) {
        return isOf(checkpoint, session.task().bodyParameters());
    }

    /// The same for these parameters.
    public boolean isOf(PretrainedModel checkpoint, List<ParameterSpec> parameters) {
        var expected = new float[PackedParts.PART];
        var held = new float[PackedParts.PART];
        for (ParameterSpec spec : parameters) {
            String tensor = checkpoint.tensorOf(spec);
            LoraLayer layer = shifted.get(spec.name());
            boolean same =
                    layer == null
                            ? same(spec, checkpoint, tensor, expected, held)
                            : Arrays.equals(
                                    AdapterFactors.sum(
                                            checkpoint.weights().read(tensor),
                                            layer,
                                            start.get(layer.module().name()),
                                            -layer.scaling()),
                                    session.read(spec.name()));
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private boolean same(
            ParameterSpec spec,
            PretrainedModel checkpoint,
            String tensor,
            float[] expected,
            float[] held) {
        boolean rounded = session.type(spec.name()) == DataType.BFLOAT16;
        int size = Math.toIntExact(spec.size());
        for (int first = 0; first < size; first += held.length) {
            int count = Math.min(held.length, size - first);
            checkpoint.weights().read(tensor, first, count, expected, 0);
            session.read(spec.name(), first, count, held, 0);
            if (rounded) {
                for (int i = 0; i < count; i++) {
                    expected[i] = Bfloat16.value(Bfloat16.bits(expected[i]));
                }
            }
            if (!Arrays.equals(expected, 0, count, held, 0, count)) {
                return false;
            }
        }
        return true;
    }

    /// Gives the shifted layers the checkpoint's weights again.
    public void undoShift(PretrainedModel checkpoint) {
        for (ParameterSpec spec : session.task().bodyParameters()) {
            if (shifted.containsKey(spec.name())) {
                String tensor = checkpoint.tensorOf(spec);
                session.fill(
                        spec.name(),
                        (first, count, target, offset) ->
                                checkpoint.weights().read(tensor, first, count, target, offset));
            }
        }
    }

    /// Takes the start off the base weights again.
    public void shift() {
        start.forEach(
                (name, f) -> {
                    LoraLayer layer = session.adapters().get(name);
                    AdapterFactors.add(session, layer, f, -layer.scaling());
                });
    }
}
