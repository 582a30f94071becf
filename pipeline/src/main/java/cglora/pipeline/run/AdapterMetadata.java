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
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What an adapter's file says, beside what PEFT knows, of the model and the data that it was
/// trained with: so that it answers as it was trained. How texts are cut is told by [TextLimit].
///
/// @param values of the file's metadata, by key
record AdapterMetadata(Map<String, String> values) {
    private static final String BASE_SHA256 = "cglora.base_sha256";
    private static final String LABELS = "cglora.label_names";

    /// As versions before had them, a name a line: of names that hold no line break.
    private static final String LINES_OF_LABELS = "cglora.labels";

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
        values.put(LABELS, JsonMapper.shared().writeValueAsString(labels.names()));
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
    ///
    /// @throws CgloraException A-TENSOR where they are no list of texts
    Optional<Labels> labels() {
        String lines = values.get(LINES_OF_LABELS);
        List<String> names =
                values.containsKey(LABELS)
                        ? names(values.get(LABELS))
                        : lines == null ? null : List.of(lines.split("\n"));
        return Optional.ofNullable(names)
                .map(of -> new Labels(of, Boolean.parseBoolean(values.get(REGRESSION))));
    }

    private static List<String> names(String json) {
        try {
            JsonNode names = JsonMapper.shared().readTree(json);
            if (names.isArray() && names.valueStream().allMatch(JsonNode::isString)) {
                return names.valueStream().map(JsonNode::asString).toList();
            }
        } catch (JacksonException _) {
            // told below, as other values that are no list of texts
        }
        throw new CgloraException(
                ErrorCode.A_TENSOR,
                "adapter_model.safetensors, metadata " + LABELS,
                "is no JSON list of texts",
                "take the adapter as it was exported");
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
