package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.adapter.PeftAdapter;
import cglora.models.data.Labels;
import cglora.models.training.Pooling;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What an adapter's file says, beside what PEFT knows, of the model and the data that it was
/// trained with: so that it answers as it was trained. How texts are cut is told by [TextLimit].
///
/// @param values of the file's metadata, by key
record AdapterMetadata(Map<String, String> values) {
    private static final String BASE_SHA256 = "cglora.base_sha256";
    private static final String LABELS = "cglora.labels";
    private static final String REGRESSION = "cglora.regression";
    private static final String POOLING = "cglora.pooling";
    private static final String TOKENIZER = "cglora.tokenizer";
    private static final String MAX_TARGET_LENGTH = "cglora.max_target_length";
    private static final String SOURCE_TEMPLATE = "cglora.source_template";
    private static final String CHAT = "cglora.chat";

    static AdapterMetadata of(PeftAdapter adapter) {
        return new AdapterMetadata(adapter.metadata());
    }

    /// What is written with an adapter that a pipeline trains.
    static Map<String, String> of(Inputs inputs) {
        var values = new TreeMap<>(inputs.textLimit().metadata());
        if (!inputs.tags()) {
            values.putAll(TextColumns.of(inputs).metadata());
        }
        values.put(BASE_SHA256, inputs.checkpoint().fingerprint());
        values.put(TOKENIZER, "" + inputs.modelSpec().tokenizer());
        if (inputs.isOfTokens()) {
            values.put(PeftAdapter.TASK, inputs.modelSpec().task().jsonName());
        }
        if (inputs.writes()) {
            values.put(MAX_TARGET_LENGTH, "" + inputs.dataSpec().maxTargetLength());
            if (inputs.examples().chats()) {
                values.put(CHAT, "true");
            }
            if (inputs.dataSpec().sourceTemplate() != null) {
                values.put(SOURCE_TEMPLATE, inputs.dataSpec().sourceTemplate());
            }
            return values;
        }
        Labels labels = inputs.examples().labels();
        values.put(LABELS, String.join("\n", labels.names()));
        values.put(REGRESSION, "" + labels.regression());
        if (!inputs.tags()) {
            values.put(POOLING, inputs.pooling().name());
        }
        return values;
    }

    /// SHA-256 of the base's weights; null where it is not said.
    String baseSha256() {
        return values.get(BASE_SHA256);
    }

    /// The classes, not as tags; empty where they are not said.
    Optional<Labels> labels() {
        return Optional.ofNullable(values.get(LABELS))
                .map(
                        names ->
                                new Labels(
                                        List.of(names.split("\n")),
                                        Boolean.parseBoolean(values.get(REGRESSION))));
    }

    /// How sequences become one vector; empty where it is not said.
    ///
    /// @throws CgloraException A-CONFIG for a way that nobody knows
    Optional<Pooling> pooling() {
        String name = values.get(POOLING);
        if (name == null) {
            return Optional.empty();
        }
        for (Pooling pooling : Pooling.values()) {
            if (pooling.name().equals(name)) {
                return Optional.of(pooling);
            }
        }
        throw new CgloraException(
                ErrorCode.A_CONFIG,
                "the adapter's metadata",
                POOLING + " is '" + name + "', expected one of " + List.of(Pooling.values()),
                "write the adapter again");
    }

    /// A folder or file; null for the tokenizer beside the base model.
    String tokenizer() {
        String place = values.get(TOKENIZER);
        return place == null || place.equals("null") ? null : place;
    }

    /// Tokens of a text at most.
    int maxLength() {
        return TextLimit.tokens(values);
    }

    /// Tokens of an answer at most.
    int maxTargetLength(int byDefault) {
        return TextLimit.number(values, MAX_TARGET_LENGTH, byDefault);
    }

    /// What texts are put into; null for nothing.
    String sourceTemplate() {
        return values.get(SOURCE_TEMPLATE);
    }

    /// Whether it was trained on conversations.
    boolean chats() {
        return Boolean.parseBoolean(values.get(CHAT));
    }
}
