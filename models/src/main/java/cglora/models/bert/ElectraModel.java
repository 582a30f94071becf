package cglora.models.bert;

import cglora.models.block.Activation;
import cglora.models.block.ClassifierHead;
import cglora.models.block.ConfigReader;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelFamily;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// ELECTRA (Clark et al., arXiv 2003.10555): BERT without a pooler, whose embeddings may be
/// narrower than its layers. Its head is a dense layer, gelu and a last layer over the first
/// token's vector.
public final class ElectraModel extends PostNormEncoder {
    public static final ModelFamily FAMILY =
            new ModelFamily("electra", "Electra", ElectraModel::read);
    private static final String PREFIX = "electra";

    private final int embedding;

    /// @param embedding features of an embedding
    private ElectraModel(ModelFamily family, BertConfig config, int embedding) {
        super(
                family,
                PREFIX,
                config.embeddings(PREFIX + ".embeddings", embedding),
                PostNormLayer.ofBert(PREFIX, config));
        this.embedding = embedding;
    }

    private static ElectraModel read(ModelFamily family, JsonNode json, String where) {
        var reader = new ConfigReader(json, where);
        BertConfig config = BertConfig.read(json, reader);
        int embedding = reader.positive("embedding_size", 128);
        reader.finish();
        return new ElectraModel(family, config, embedding);
    }

    @Override
    Optional<LinearModule> projection() {
        return embedding == hiddenSize()
                ? Optional.empty()
                : Optional.of(
                        new LinearModule(PREFIX + ".embeddings_project", embedding, hiddenSize()));
    }

    @Override
    public ClassifierHead classifierHead(int labels) {
        return ClassifierHead.of(
                "classifier.dense", Activation.GELU, "classifier.out_proj", hiddenSize(), labels);
    }

    @Override
    public List<String> otherHeads() {
        return List.of(
                "discriminator_predictions",
                "generator_predictions",
                "generator_lm_head",
                "qa_outputs");
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("query", "value");
    }
}
