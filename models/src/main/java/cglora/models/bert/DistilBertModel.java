package cglora.models.bert;

import cglora.models.block.Activation;
import cglora.models.block.ClassifierHead;
import cglora.models.block.ConfigReader;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelFamily;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// DistilBERT (Sanh et al., arXiv 1910.01108): BERT without token types and pooler, with names of
/// its own. Its head is `pre_classifier`, relu and `classifier` over the first token's vector.
public final class DistilBertModel extends PostNormEncoder {
    public static final ModelFamily FAMILY =
            new ModelFamily("distilbert", "DistilBert", DistilBertModel::read);
    private static final String PREFIX = "distilbert";

    /// transformers has no key for it.
    private static final float EPS = 1e-12f;

    private DistilBertModel(ModelFamily family, Embeddings embeddings, List<PostNormLayer> layers) {
        super(family, PREFIX, embeddings, layers);
    }

    private static DistilBertModel read(ModelFamily family, JsonNode json, String where) {
        var reader = new ConfigReader(json, where);
        reader.requireEncoder();
        reader.refuse(
                "sinusoidal_pos_embds",
                "take a checkpoint whose positions are learnt, or set it to false where their"
                        + " table is in the weights and stays frozen");
        int dim = reader.positive("dim");
        int inner = reader.positive("hidden_dim");
        int heads = reader.positive("n_heads");
        Activation activation = reader.activation("activation");
        reader.requireHeads(dim, "dim", heads, "n_heads");
        var embeddings =
                new Embeddings(
                        PREFIX + ".embeddings",
                        reader.positive("vocab_size"),
                        reader.positive("max_position_embeddings", 512),
                        0,
                        dim,
                        EPS);
        var layers = new ArrayList<PostNormLayer>();
        int count = reader.layers("n_layers");
        for (int i = 0; i < count; i++) {
            String name = PREFIX + ".transformer.layer." + i;
            layers.add(
                    new PostNormLayer(
                            new LinearModule(name + ".attention.q_lin", dim, dim),
                            new LinearModule(name + ".attention.k_lin", dim, dim),
                            new LinearModule(name + ".attention.v_lin", dim, dim),
                            new LinearModule(name + ".attention.out_lin", dim, dim),
                            name + ".sa_layer_norm",
                            new LinearModule(name + ".ffn.lin1", dim, inner),
                            new LinearModule(name + ".ffn.lin2", inner, dim),
                            name + ".output_layer_norm",
                            heads,
                            activation,
                            EPS));
        }
        reader.finish();
        return new DistilBertModel(family, embeddings, layers);
    }

    @Override
    public ClassifierHead classifierHead(int labels) {
        return ClassifierHead.of(
                "pre_classifier", Activation.RELU, "classifier", hiddenSize(), labels);
    }

    @Override
    public List<String> otherHeads() {
        return List.of("vocab_transform", "vocab_layer_norm", "vocab_projector", "qa_outputs");
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("q_lin", "v_lin");
    }
}
