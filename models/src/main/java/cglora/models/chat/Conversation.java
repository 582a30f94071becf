package cglora.models.chat;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Messages one after the other, as Hugging Face's data sets have them in a column `messages`: each
/// with a `role` and a `content`, a text or a list of blocks, and whatever else the template of a
/// model reads.
///
/// @param messages values of JSON: texts, `Long`, `Double`, booleans, null, lists and maps
public record Conversation(List<Map<String, Object>> messages) {
    private static final String ASSISTANT = "assistant";

    /// The usual name of its column.
    public static final String COLUMN = "messages";

    /// What somebody asks.
    public static Conversation ask(String text) {
        return new Conversation(List.of(Map.of("role", "user", "content", text)));
    }

    /// @param json  a list of messages
    /// @param where its file and line, for messages
    /// @throws CgloraException D-CHAT where it is none
    public static Conversation of(String json, String where) {
        JsonNode list;
        try {
            list = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw wrong(where, "is not JSON: " + e.getOriginalMessage());
        }
        if (!list.isArray() || list.isEmpty()) {
            throw wrong(where, list.isArray() ? "has no message" : "is no list");
        }
        var messages = new ArrayList<Map<String, Object>>();
        for (JsonNode message : list) {
            JsonNode content = message.path("content");
            if (!message.path("role").isString()) {
                throw wrong(where, "message " + (messages.size() + 1) + " has no role");
            }
            if (!content.isString()
                    && !content.isArray()
                    && !(content.isNull() || content.isMissingNode())) {
                throw wrong(
                        where, "the content of message " + (messages.size() + 1) + " is no text");
            }
            messages.add(object(message));
        }
        return new Conversation(messages);
    }

    private static CgloraException wrong(String where, String what) {
        return new CgloraException(
                ErrorCode.D_CHAT,
                where,
                what,
                "a conversation is [{\"role\": \"user\", \"content\": \"…\"}, {\"role\":"
                        + " \"assistant\", \"content\": \"…\"}]");
    }

    private static Map<String, Object> object(JsonNode node) {
        var map = new LinkedHashMap<String, Object>();
        node.properties().forEach(p -> map.put(p.getKey(), value(p.getValue())));
        return map;
    }

    private static Object value(JsonNode node) {
        if (node.isObject()) {
            return object(node);
        }
        if (node.isArray()) {
            var list = new ArrayList<Object>();
            node.forEach(item -> list.add(value(item)));
            return list;
        }
        if (node.isString()) {
            return node.asString();
        }
        if (node.isBoolean()) {
            return node.booleanValue();
        }
        if (node.isNull()) {
            return null;
        }
        return node.canConvertToLong() && node.isIntegralNumber()
                ? (Object) node.longValue()
                : (Object) node.doubleValue();
    }

    /// The first messages.
    public Conversation first(int count) {
        return new Conversation(messages.subList(0, count));
    }

    /// Whether the assistant says the message at a place.
    public boolean isAssistant(int message) {
        return ASSISTANT.equals(messages.get(message).get("role"));
    }

    /// Its messages as a text of JSON.
    public String json() {
        return JsonMapper.shared().writeValueAsString(messages);
    }
}
