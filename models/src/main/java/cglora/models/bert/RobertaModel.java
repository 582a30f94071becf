package cglora.models.bert;

import cglora.models.block.Activation;
import cglora.models.block.ClassifierHead;
import cglora.models.block.ConfigReader;
import cglora.models.block.ModelFamily;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// RoBERTa (Liu et al., arXiv 1907.11692) and XLM-R (Conneau et al., arXiv 1911.02116): BERT
/// without a pooler, whose positions count from the padding token's id and whose tokens are of one
/// type. The classifier's first layer stands over the vector of `<s>`.
public final class RobertaModel extends PostNormEncoder {
    public static final ModelFamily FAMILY =
            new ModelFamily("roberta", "Roberta", RobertaModel::read);
    public static final ModelFamily XLM =
            new ModelFamily("xlm-roberta", "XLMRoberta", RobertaModel::read);
    private static final String PREFIX = "roberta";

    /// What transformers takes where the configuration says nothing.
    private static final int PADDING = 1;

    private final int padding;

    /// @param padding id of the padding token
    private RobertaModel(ModelFamily family, BertConfig config, int padding) {
        super(
                family,
                PREFIX,
                config.embeddings(PREFIX + ".embeddings", config.hiddenSize()),
                PostNormLayer.ofBert(PREFIX, config));
        this.padding = padding;
    }

    private static RobertaModel read(ModelFamily family, JsonNode json, String where) {
        var reader = new ConfigReader(json, where);
        BertConfig config = BertConfig.read(json, reader);
        int padding = reader.notNegative("pad_token_id", PADDING);
        reader.requireBelow(
                padding + 1, "pad_token_id + 1", config.maxPositionEmbeddings(), "positions");
        reader.finish();
        return new RobertaModel(family, config, padding);
    }

    @Override
    public int defaultPadding() {
        return PADDING;
    }

    /// The rows of the position table behind the padding token's.
    @Override
    public int maxPositions() {
        return super.maxPositions() - padding - 1;
    }

    /// One, whatever the table has: its tokenizers give none.
    @Override
    public int tokenTypes() {
        return 1;
    }

    /// `padding + 1, padding + 2, …` over the tokens that are not padding, whose position is
    /// `padding`: transformers' `create_position_ids_from_input_ids`.
    @Override
    public int[] positions(int[] inputIds, int width) {
        int[] positions = new int[inputIds.length];
        int seen = 0;
        for (int i = 0; i < positions.length; i++) {
            seen = i % width == 0 ? 0 : seen;
            positions[i] = inputIds[i] == padding ? padding : padding + ++seen;
        }
        return positions;
    }

    @Override
    public ClassifierHead classifierHead(int labels) {
        return ClassifierHead.of(
                "classifier.dense", Activation.TANH, "classifier.out_proj", hiddenSize(), labels);
    }

    @Override
    public List<String> otherHeads() {
        return List.of("lm_head", "qa_outputs", PREFIX + ".pooler");
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("query", "value");
    }
}
