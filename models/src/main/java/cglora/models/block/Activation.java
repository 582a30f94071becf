package cglora.models.block;

import cglora.models.graph.BiasGelu;
import cglora.models.graph.BiasRelu;
import cglora.models.graph.Tanh;
import cglora.models.graph.Tensor;
import java.util.List;
import java.util.Optional;

/// A function behind a linear layer, by its names in Hugging Face's configurations.
public enum Activation {
    /// The exact form, by erf.
    GELU("gelu"),
    /// The form by tanh.
    GELU_TANH("gelu_new", "gelu_pytorch_tanh"),
    RELU("relu"),
    TANH("tanh");

    /// What stands between the two layers of a feed-forward block.
    private static final List<Activation> INNER = List.of(GELU, GELU_TANH, RELU);

    private final List<String> names;

    Activation(String... names) {
        this.names = List.of(names);
    }

    /// The activation of a feed-forward block; empty for one that is not supported.
    public static Optional<Activation> inner(String name) {
        return INNER.stream().filter(a -> a.names.contains(name)).findFirst();
    }

    /// All names that [#inner] knows.
    public static List<String> innerNames() {
        return INNER.stream().flatMap(a -> a.names.stream()).toList();
    }

    /// `activation(W x + b)` [rows, out].
    ///
    /// @param x [rows, in]
    Tensor behind(ModelBuilder builder, LinearModule module, Tensor x) {
        if (this == TANH) {
            return builder.graph().apply(new Tanh(builder.linear(module, x)));
        }
        Tensor inner = builder.linearWithoutBias(module, x);
        Tensor bias = builder.parameter(module.bias());
        return builder.graph()
                .apply(
                        this == RELU
                                ? new BiasRelu(inner, bias)
                                : new BiasGelu(inner, bias, this == GELU));
    }
}
