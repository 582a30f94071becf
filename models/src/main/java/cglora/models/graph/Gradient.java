package cglora.models.graph;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// The rule for the gradient of one input of an op. Nothing is built unless somebody wants it.
///
/// @param input whose gradient it is
/// @param build given the sum so far (null for none), appends the ops that compute the sum with
///     this contribution
record Gradient(Tensor input, UnaryOperator<Tensor> build) {

    /// A contribution that is computed by itself and then added.
    static Gradient of(Graph graph, Tensor input, Supplier<Tensor> contribution) {
        return new Gradient(
                input,
                sum -> {
                    Tensor value = contribution.get();
                    return sum == null ? value : graph.add(new AddInto(value, sum)).output(0);
                });
    }

    /// A contribution that its op adds in place.
    static Gradient accumulating(Tensor input, UnaryOperator<Tensor> build) {
        return new Gradient(input, build);
    }

    /// Computes once what several gradients share.
    static <T> Supplier<T> once(Supplier<T> supplier) {
        return new Supplier<>() {
            private T value;

            @Override
            public T get() {
                if (value == null) {
                    value = supplier.get();
                }
                return value;
            }
        };
    }
}
