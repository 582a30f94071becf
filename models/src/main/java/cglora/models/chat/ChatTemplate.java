package cglora.models.chat;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.json.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// How a model wants conversations written: the template in Jinja that comes with its tokenizer,
/// rendered as transformers' `apply_chat_template` does.
///
/// A template is somebody else's program. It sees the messages and the special tokens, nothing of
/// Java and no file, and ends after a number of steps and characters.
public final class ChatTemplate {
    private static final String KEY = "chat_template";
    private static final String DEFAULT = "default";

    /// No template has it.
    private static final String MARK = "answer0f1e2d";

    private final String where;
    private final List<Node> template;
    private final Map<String, String> specialTokens;

    /// @param source        in Jinja
    /// @param specialTokens by their names, such as `eos_token`
    /// @param where         it comes from, for messages
    /// @throws CgloraException T-CHAT where it is not understood
    public ChatTemplate(String source, Map<String, String> specialTokens, String where) {
        this.where = where;
        this.specialTokens = new TreeMap<>(specialTokens);
        try {
            this.template = TemplateParser.read(source);
        } catch (TemplateException e) {
            throw error(e);
        }
    }

    /// The template beside a tokenizer: `chat_template.jinja`, `chat_template.json`, or the key of
    /// `tokenizer_config.json`, in this order; of several with names the one named default.
    ///
    /// @param folder of the model or tokenizer
    /// @return empty where there is none
    /// @throws CgloraException T-CHAT where it is not understood
    public static Optional<ChatTemplate> load(Path folder) {
        JsonNode config = json(folder.resolve("tokenizer_config.json"));
        var tokens = new LinkedHashMap<String, String>();
        for (JsonNode of : List.of(json(folder.resolve("special_tokens_map.json")), config)) {
            for (var property : of.properties()) {
                JsonNode value = property.getValue();
                String token = value.isObject() ? value.path("content").asString(null) : null;
                if (property.getKey().endsWith("_token") && (value.isString() || token != null)) {
                    tokens.put(property.getKey(), token == null ? value.asString() : token);
                }
            }
        }
        Path file = folder.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            return Optional.of(new ChatTemplate(read(file), tokens, file.toString()));
        }
        file = folder.resolve("chat_template.json");
        String source = source(json(file).path(KEY));
        if (source == null) {
            file = folder.resolve("tokenizer_config.json");
            source = source(config.path(KEY));
        }
        return source == null
                ? Optional.empty()
                : Optional.of(new ChatTemplate(source, tokens, file.toString()));
    }

    private static String source(JsonNode of) {
        if (of.isArray()) {
            for (JsonNode one : of) {
                if (one.path("name").asString("").equals(DEFAULT)) {
                    return one.path("template").asString(null);
                }
            }
        }
        return of.isString() ? of.asString() : null;
    }

    private static JsonNode json(Path file) {
        if (!Files.isRegularFile(file)) {
            return JsonMapper.shared().createObjectNode();
        }
        try {
            return JsonFile.read(file, JsonFile.CONFIGURATION);
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.T_CHAT,
                    file.toString(),
                    "not JSON: " + e.getOriginalMessage(),
                    "fetch the file again",
                    e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.T_CHAT, file.toString(), "cannot be read: " + e, "check it", e);
        }
    }

    /// The text of a conversation.
    ///
    /// @param prompts whether the assistant's turn is opened at its end
    /// @throws CgloraException T-CHAT where the template fails, refuses the conversation, or takes
    ///     more than it may
    public String render(Conversation conversation, boolean prompts) {
        var values = new LinkedHashMap<String, Object>(specialTokens);
        values.put("messages", new ArrayList<Object>(conversation.messages()));
        values.put("tools", null);
        values.put("documents", null);
        values.put("add_generation_prompt", prompts);
        try {
            return Renderer.render(template, values);
        } catch (TemplateException e) {
            throw error(e);
        } catch (StackOverflowError e) {
            throw error(new TemplateException("values nest too deeply"));
        }
    }

    private CgloraException error(TemplateException e) {
        return new CgloraException(
                ErrorCode.T_CHAT,
                where,
                e.getMessage(),
                "give the model's folder a chat_template.jinja that can be followed",
                e);
    }

    /// The text behind what the assistant says, which ends its turn. Empty for a template that
    /// refuses a question and its answer, such as one that wants other roles: then only the model's
    /// own end tokens end a turn.
    public String ending() {
        var messages = new ArrayList<Map<String, Object>>(Conversation.ask("x").messages());
        messages.add(Map.of("role", "assistant", "content", MARK));
        try {
            String text = render(new Conversation(messages), false);
            int at = text.lastIndexOf(MARK);
            return at < 0 ? "" : text.substring(at + MARK.length());
        } catch (CgloraException _) {
            return "";
        }
    }

    /// Where it comes from.
    public String where() {
        return where;
    }
}
