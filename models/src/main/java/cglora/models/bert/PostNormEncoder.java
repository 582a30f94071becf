package cglora.models.bert;

import cglora.models.block.BatchInputs;
import cglora.models.block.Encoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ModelFamily;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What BERT and its descendants have in common: embeddings and a stack of post-norm layers. A
/// family says what its modules are called, and what its head is.
abstract class PostNormEncoder implements Encoder {
    private final ModelFamily family;
    private final String prefix;
    private final Embeddings embeddings;
    private final List<PostNormLayer> layers;

    /// @param layers not empty
    PostNormEncoder(
            ModelFamily family, String prefix, Embeddings embeddings, List<PostNormLayer> layers) {
        this.family = family;
        this.prefix = prefix;
        this.embeddings = embeddings;
        this.layers = List.copyOf(layers);
    }

    @Override
    public final String modelType() {
        return family.modelType();
    }

    @Override
    public final String classifierClass() {
        return family.classifierClass();
    }

    @Override
    public final String tokenClassifierClass() {
        return family.tokenClassifierClass();
    }

    @Override
    public final String prefix() {
        return prefix;
    }

    @Override
    public final int hiddenSize() {
        return layers.getFirst().query().in();
    }

    @Override
    public final int vocabularySize() {
        return embeddings.vocabulary();
    }

    @Override
    public int maxPositions() {
        return embeddings.positions();
    }

    @Override
    public final int attentionHeads() {
        return layers.getFirst().heads();
    }

    @Override
    public int tokenTypes() {
        return embeddings.types();
    }

    @Override
    public Optional<LinearModule> pooler() {
        return Optional.empty();
    }

    /// A linear layer between embeddings and layers; empty where they are of one size.
    Optional<LinearModule> projection() {
        return Optional.empty();
    }

    @Override
    public final List<ParameterSpec> parameters() {
        var specs = new ArrayList<>(embeddings.parameters());
        projection()
                .ifPresent(
                        m -> {
                            specs.add(ParameterSpec.matrix(m.weight(), m.out(), m.in()));
                            specs.add(ParameterSpec.vector(m.bias(), m.out()));
                        });
        layers.forEach(layer -> specs.addAll(layer.parameters()));
        return specs;
    }

    @Override
    public final List<LinearModule> linearModules() {
        var modules = new ArrayList<LinearModule>();
        projection().ifPresent(modules::add);
        layers.forEach(layer -> modules.addAll(layer.modules()));
        return modules;
    }

    @Override
    public final Tensor build(ModelBuilder builder, BatchInputs inputs) {
        Tensor x = embeddings.build(builder, inputs);
        if (projection().isPresent()) {
            x = builder.linear(projection().get(), x);
        }
        for (PostNormLayer layer : layers) {
            x = builder.layer(x, in -> layer.build(builder, in, inputs));
        }
        return x;
    }
}
