package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.CausalDecoder;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.training.Pooling;
import cglora.models.weights.FloatFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What the `config.json` of a model with a head says beyond its shapes: the classes as Hugging
/// Face keeps them, and under `cglora` what has no key there.
final class SavedModel {
    /// Key, under `cglora`, of the fingerprint of the base model.
    static final String BASE = "base_sha256";

    private static final String REGRESSION = "regression";
    private static final String CLASSES = "single_label_classification";

    private SavedModel() {}

    /// `config.json` of a checkpoint's body with a head.
    static String config(Inputs inputs) {
        if (inputs.writes()) {
            return writing(
                    inputs.checkpoint(),
                    inputs.textLimit(),
                    inputs.dataSpec().maxTargetLength(),
                    inputs.dataSpec().sourceTemplate(),
                    inputs.examples().chats(),
                    FloatFormat.F32);
        }
        return config(
                inputs.checkpoint(),
                inputs.examples().labels(),
                inputs.tags() ? null : inputs.pooling(),
                inputs.textLimit(),
                FloatFormat.F32);
    }

    /// `config.json` of a model that writes texts.
    ///
    /// @param limit           of the texts that it reads
    /// @param maxTargetLength of those that it writes
    /// @param template  what it reads of an example; null for the text
    /// @param chats     whether it was trained on conversations
    static String writing(
            PretrainedModel checkpoint,
            TextLimit limit,
            int maxTargetLength,
            String template,
            boolean chats,
            FloatFormat format) {
        ObjectNode config = JsonMapper.shared().createObjectNode();
        checkpoint.config().properties().forEach(p -> config.set(p.getKey(), p.getValue()));
        config.remove(List.of("_name_or_path", "dtype"));
        config.putArray("architectures").add(writingClass(checkpoint));
        if (checkpoint.body() instanceof CausalDecoder decoder && decoder.isUntied()) {
            config.put("tie_word_embeddings", false);
        }
        config.put("torch_dtype", format.torchName());
        ObjectNode own =
                config.putObject("cglora")
                        .put(BASE, checkpoint.fingerprint())
                        .put("max_target_length", maxTargetLength);
        limit.putInto(own);
        if (template != null) {
            own.put("source_template", template);
        }
        if (chats) {
            own.put("chat", true);
        }
        return config.toPrettyString() + "\n";
    }

    private static String writingClass(PretrainedModel checkpoint) {
        return checkpoint.isEncoderDecoder()
                ? checkpoint.encoderDecoder().generationClass()
                : checkpoint.causalDecoder().languageModelClass();
    }

    /// @param pooling null where each token has a class
    /// @param limit   of the texts that it reads
    /// @param format  of the weights
    static String config(
            PretrainedModel checkpoint,
            Labels labels,
            Pooling pooling,
            TextLimit limit,
            FloatFormat format) {
        ObjectNode config = JsonMapper.shared().createObjectNode();
        checkpoint.config().properties().forEach(p -> config.set(p.getKey(), p.getValue()));
        config.remove(List.of("_name_or_path", "dtype", "id2label", "label2id"));
        config.putArray("architectures")
                .add(
                        pooling == null
                                ? checkpoint.encoder().tokenClassifierClass()
                                : checkpoint.encoder().classifierClass());
        config.put("torch_dtype", format.torchName());
        config.put("num_labels", labels.names().size());
        if (pooling == null) {
            config.remove("problem_type");
        } else {
            config.put("problem_type", labels.regression() ? REGRESSION : CLASSES);
        }
        ObjectNode names = config.putObject("id2label");
        ObjectNode numbers = config.putObject("label2id");
        for (int i = 0; i < labels.names().size(); i++) {
            names.put(String.valueOf(i), labels.names().get(i));
            numbers.put(labels.names().get(i), i);
        }
        ObjectNode own = config.putObject("cglora").put(BASE, checkpoint.fingerprint());
        if (pooling != null) {
            own.put("pooling", pooling.name().toLowerCase(Locale.ROOT));
        }
        limit.putInto(own);
        return config.toPrettyString() + "\n";
    }

    /// How sequences become one vector: as the configuration says, else by what is there.
    ///
    /// @throws CgloraException M-CONFIG for a pooling that nobody knows
    static Pooling pooling(PretrainedModel checkpoint) {
        String name = checkpoint.config().path("cglora").path("pooling").asString("");
        if (name.isEmpty()) {
            return byDefault(checkpoint);
        }
        return Arrays.stream(Pooling.values())
                .filter(pooling -> pooling.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                        () ->
                                new CgloraException(
                                        ErrorCode.M_CONFIG,
                                        checkpoint.description(),
                                        "cglora.pooling is '" + name + "'",
                                        "mean, cls, last or pooler"));
    }

    /// As the family's class does; the mean where its pooler is missing.
    private static Pooling byDefault(PretrainedModel checkpoint) {
        if (checkpoint.encoder().readsForward()) {
            return Pooling.LAST;
        }
        if (checkpoint.encoder().pooler().isEmpty()) {
            return Pooling.CLS;
        }
        return checkpoint.hasPooler() ? Pooling.POOLER : Pooling.MEAN;
    }

    /// What a head of sequences with so many outputs tells, as transformers decides it: a single
    /// number is a regression's where nothing is said, several are classes', by the configuration's
    /// names where it names them all.
    ///
    /// @throws CgloraException M-HEAD for labels that do not exclude one another, and for a
    ///     `problem_type` that does not fit the outputs
    static Labels labels(PretrainedModel checkpoint, int outputs) {
        String type = checkpoint.config().path("problem_type").asString("");
        boolean fits =
                switch (type) {
                    case "" -> true;
                    case REGRESSION -> outputs == 1;
                    case CLASSES -> outputs > 1;
                    default -> false;
                };
        if (!fits) {
            throw new CgloraException(
                    ErrorCode.M_HEAD,
                    checkpoint.description(),
                    "problem_type is '%s', the head has %s"
                            .formatted(type, outputs == 1 ? "one output" : outputs + " outputs"),
                    "supported: %s for several classes of which one holds, %s for one number"
                            .formatted(CLASSES, REGRESSION));
        }
        return new Labels(names(checkpoint, outputs), outputs == 1);
    }

    /// The classes of words.
    static Labels tags(PretrainedModel checkpoint, int outputs) {
        return new Labels(names(checkpoint, outputs), false).asTags();
    }

    private static List<String> names(PretrainedModel checkpoint, int outputs) {
        var own = checkpoint.id2label();
        var names = new ArrayList<String>();
        for (int i = 0; i < outputs; i++) {
            String name = own.size() == outputs ? own.get(i) : null;
            names.add(name == null ? "LABEL_" + i : name);
        }
        return names;
    }

    /// Where texts are cut.
    static int maxLength(PretrainedModel checkpoint) {
        int length =
                checkpoint.config().path("cglora").path("max_length").asInt(TextLimit.MAX_LENGTH);
        return Math.min(checkpoint.body().maxPositions(), length);
    }
}
