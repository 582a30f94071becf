package cglora.models.block;

import java.util.List;

/// A linear layer of a model: what an adapter can be put on.
///
/// @param name   path in the task's class, `bert.encoder.layer.0.attention.self.query`
/// @param in     input features
/// @param out    output features
/// @param biased whether it has a bias
public record LinearModule(String name, int in, int out, boolean biased) {
    /// A layer with a bias.
    public LinearModule(String name, int in, int out) {
        this(name, in, out, true);
    }

    public String weight() {
        return name + ".weight";
    }

    /// The bias's name, where there is one.
    public String bias() {
        return name + ".bias";
    }

    /// Its weight, and its bias where it has one.
    public List<ParameterSpec> parameters() {
        ParameterSpec matrix = ParameterSpec.matrix(weight(), out, in);
        return biased ? List.of(matrix, ParameterSpec.vector(bias(), out)) : List.of(matrix);
    }
}
