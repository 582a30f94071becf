package cglora.models.graph;

import java.util.HashMap;
import java.util.Map;

/// The values of a [Graph]'s tensors in float64: those of inputs and parameters are given, the
/// others follow from the ops' references when they are asked for. Nothing works in place here.
public final class Float64Values {
    private final Map<Tensor, double[]> values;

    /// @param given elements of inputs and parameters, those of type int as whole numbers
    public Float64Values(Map<Tensor, double[]> given) {
        values = new HashMap<>(given);
    }

    /// @throws IllegalArgumentException for an input without a value, and for what an op keeps for
    ///     its gradient
    public double[] of(Tensor tensor) {
        double[] known = values.get(tensor);
        if (known != null) {
            return known;
        }
        Node producer = tensor.producer();
        if (producer == null || producer.output(0) != tensor) {
            throw new IllegalArgumentException("no value of " + tensor + " from " + producer);
        }
        double[] value = Float64Ops.value(producer.op(), this);
        if (value.length != tensor.shape().size()) {
            throw new IllegalStateException(value.length + " values of " + tensor);
        }
        values.put(tensor, value);
        return value;
    }

    /// The elements of a tensor of type int.
    int[] ints(Tensor tensor) {
        double[] value = of(tensor);
        int[] ints = new int[value.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = Math.toIntExact((long) value[i]);
        }
        return ints;
    }
}
