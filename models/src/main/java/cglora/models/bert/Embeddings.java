package cglora.models.bert;

import cglora.models.block.BatchInputs;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.EmbeddingPair;
import cglora.models.graph.EmbeddingSum;
import cglora.models.graph.LayerNorm;
import cglora.models.graph.Op;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/// `LayerNorm(word + position + type)` of each token.
///
/// @param name       path of the module, `bert.embeddings`
/// @param vocabulary rows of the word table
/// @param positions  rows of the position table
/// @param types      rows of the type table; 0 for none
/// @param size       features
/// @param eps        of the norm
record Embeddings(String name, int vocabulary, int positions, int types, int size, float eps) {
    private String word() {
        return name + ".word_embeddings.weight";
    }

    private String position() {
        return name + ".position_embeddings.weight";
    }

    private String type() {
        return name + ".token_type_embeddings.weight";
    }

    List<ParameterSpec> parameters() {
        var specs = new ArrayList<ParameterSpec>();
        specs.add(ParameterSpec.matrix(word(), vocabulary, size));
        specs.add(ParameterSpec.matrix(position(), positions, size));
        if (types > 0) {
            specs.add(ParameterSpec.matrix(type(), types, size));
        }
        specs.add(ParameterSpec.vector(name + ".LayerNorm.weight", size));
        specs.add(ParameterSpec.vector(name + ".LayerNorm.bias", size));
        return specs;
    }

    /// [batch · width, size].
    Tensor build(ModelBuilder builder, BatchInputs inputs) {
        var graph = builder.graph();
        Op sum =
                types == 0
                        ? new EmbeddingPair(
                                inputs.words(),
                                inputs.positions(),
                                builder.parameter(word()),
                                builder.parameter(position()))
                        : new EmbeddingSum(
                                inputs.words(),
                                inputs.positions(),
                                inputs.types(),
                                builder.parameter(word()),
                                builder.parameter(position()),
                                builder.parameter(type()));
        return graph.apply(
                new LayerNorm(
                        graph.apply(sum),
                        builder.parameter(name + ".LayerNorm.weight"),
                        builder.parameter(name + ".LayerNorm.bias"),
                        eps));
    }
}
