package cglora.models.bert;

import cglora.models.block.ClassifierHead;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelFamily;
import java.util.List;
import java.util.Optional;

/// BERT (Devlin et al., arXiv 1810.04805): learnt absolute positions, two token types, and a
/// pooler that belongs to the body.
public final class BertModel extends PostNormEncoder {
    public static final ModelFamily FAMILY =
            new ModelFamily(
                    "bert",
                    "Bert",
                    (_, json, where) -> new BertModel(BertConfig.read(json, where)));
    private static final String PREFIX = "bert";

    public BertModel(BertConfig config) {
        super(
                FAMILY,
                PREFIX,
                config.embeddings(PREFIX + ".embeddings", config.hiddenSize()),
                PostNormLayer.ofBert(PREFIX, config));
    }

    @Override
    public Optional<LinearModule> pooler() {
        return Optional.of(new LinearModule(PREFIX + ".pooler.dense", hiddenSize(), hiddenSize()));
    }

    @Override
    public ClassifierHead classifierHead(int labels) {
        return ClassifierHead.of("classifier", hiddenSize(), labels);
    }

    @Override
    public List<String> otherHeads() {
        return List.of("cls", "qa_outputs");
    }

    @Override
    public List<String> defaultTargetModules() {
        return List.of("query", "value");
    }
}
