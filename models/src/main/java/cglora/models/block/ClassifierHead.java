package cglora.models.block;

import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The head of a family's class for sequence classification, over one vector a sequence. It is
/// trained and saved whole.
///
/// @param dense  a layer in front of the last one, with its activation; empty for none
/// @param output gives the logits: [labels, hidden]
public record ClassifierHead(Optional<Dense> dense, LinearModule output) {
    /// A square linear layer and the function behind it.
    public record Dense(LinearModule module, Activation activation) {}

    /// One linear layer.
    ///
    /// @param name its path, `classifier`
    public static ClassifierHead of(String name, int hidden, int labels) {
        return new ClassifierHead(Optional.empty(), new LinearModule(name, hidden, labels));
    }

    /// One linear layer that has no bias.
    ///
    /// @param name its path, `score`
    public static ClassifierHead withoutBias(String name, int hidden, int labels) {
        return new ClassifierHead(Optional.empty(), new LinearModule(name, hidden, labels, false));
    }

    /// Two linear layers.
    ///
    /// @param dense path of the first, `classifier.dense`
    /// @param name  path of the last, `classifier.out_proj`
    public static ClassifierHead of(
            String dense, Activation activation, String name, int hidden, int labels) {
        return new ClassifierHead(
                Optional.of(new Dense(new LinearModule(dense, hidden, hidden), activation)),
                new LinearModule(name, hidden, labels));
    }

    /// Its linear layers, the last one first.
    public List<LinearModule> modules() {
        var modules = new ArrayList<>(List.of(output));
        dense.ifPresent(d -> modules.add(d.module()));
        return modules;
    }

    /// The weights of its layers, the last one's first.
    public List<ParameterSpec> weights() {
        return modules().stream()
                .map(m -> ParameterSpec.matrix(m.weight(), m.out(), m.in()))
                .toList();
    }

    /// The biases of those of its layers that have one, the last one's first.
    public List<ParameterSpec> biases() {
        return modules().stream()
                .filter(LinearModule::biased)
                .map(m -> ParameterSpec.vector(m.bias(), m.out()))
                .toList();
    }

    /// The weights, then the biases.
    public List<ParameterSpec> parameters() {
        var specs = new ArrayList<>(weights());
        specs.addAll(biases());
        return specs;
    }

    /// The modules of the class that hold it, as PEFT's `modules_to_save` names them: `classifier`.
    public List<String> saved() {
        return modules().stream().map(m -> m.name().split("\\.")[0]).distinct().toList();
    }

    /// What the last layer sees [batch, hidden].
    ///
    /// @param pooled [batch, hidden]
    public Tensor features(ModelBuilder builder, Tensor pooled) {
        return dense.map(d -> builder.activated(d.module(), d.activation(), pooled)).orElse(pooled);
    }
}
