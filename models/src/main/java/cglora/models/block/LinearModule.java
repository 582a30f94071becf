package cglora.models.block;

/// A linear layer of a model: what an adapter can be put on.
///
/// @param name path in the task's class, `bert.encoder.layer.0.attention.self.query`
/// @param in   input features
/// @param out  output features
public record LinearModule(String name, int in, int out) {
    public String weight() {
        return name + ".weight";
    }

    public String bias() {
        return name + ".bias";
    }
}
