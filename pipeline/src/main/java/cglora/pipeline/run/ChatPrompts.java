package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.chat.ChatTemplate;
import cglora.models.chat.Conversation;
import cglora.models.data.RawExample;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import java.util.HashSet;
import java.util.Set;

/// Conversations as a model is asked to go on with them: by the tokenizer's chat template, with the
/// assistant's turn opened.
final class ChatPrompts {
    private final PretrainedModel model;
    private final Tokenizer tokenizer;
    private final String place;
    private ChatTemplate template;

    /// @param place of the tokenizer; null for the model's
    ChatPrompts(PretrainedModel model, Tokenizer tokenizer, String place) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.place = place;
    }

    /// The tokens of a conversation, or of a text as its only message.
    ///
    /// @throws CgloraException T-CHAT where there is no template, or it fails
    int[] of(RawExample example) {
        Conversation conversation =
                example.conversation() == null
                        ? Conversation.ask(example.text())
                        : example.conversation();
        return tokenizer.encodeBare(template().render(conversation, true));
    }

    private ChatTemplate template() {
        if (template == null) {
            template =
                    model.tokenizerFiles(place)
                            .chatTemplate()
                            .orElseThrow(
                                    () ->
                                            new CgloraException(
                                                    ErrorCode.T_CHAT,
                                                    tokenizer.description(),
                                                    "is asked with a conversation and brings no"
                                                            + " chat template",
                                                    "put a chat_template.jinja beside it"));
        }
        return template;
    }

    /// The tokens that end an answer: the model's, and where it was asked with a conversation the
    /// special token that closes the assistant's turn.
    Set<Integer> ends() {
        var ends = new HashSet<>(model.endTokenIds());
        String closing = template == null ? "" : template.ending().strip();
        if (tokenizer.holdsSpecialToken(closing)) {
            ends.add(tokenizer.encodeBare(closing)[0]);
        }
        return Set.copyOf(ends);
    }
}
