package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.chat.ChatTemplate;
import cglora.models.data.Answering;
import cglora.models.data.ChatTokens;
import cglora.models.data.Continuation;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.DataSpec;
import java.util.Optional;
import java.util.function.Supplier;

/// What a language model learns of a row: an answer behind a prompt, or the assistant's turns of a
/// conversation.
final class ContinuedAnswers implements Answering {
    private final DataSpec spec;
    private final Labels labels;
    private final Tokenizer tokenizer;
    private final int end;
    private final Supplier<Optional<ChatTemplate>> chat;
    private ChatTemplate template;

    /// @param labels what labels stand for
    /// @param end    the token behind an answer; negative for none
    /// @param chat   gives the template of the tokenizer
    ContinuedAnswers(
            DataSpec spec,
            Labels labels,
            Tokenizer tokenizer,
            int end,
            Supplier<Optional<ChatTemplate>> chat) {
        this.spec = spec;
        this.labels = labels;
        this.tokenizer = tokenizer;
        this.end = end;
        this.chat = chat;
    }

    @Override
    public Continuation of(RawExample example, String where) {
        if (example.conversation() != null) {
            return ChatTokens.of(
                    example.conversation(), template(), tokenizer, spec.maxLength(), where);
        }
        return Continuation.of(
                DataSpec.source(spec.sourceTemplate(), example.text(), example.textPair()),
                labels.written(example.label()),
                tokenizer,
                end,
                spec.maxLength(),
                spec.maxTargetLength());
    }

    /// @throws CgloraException T-CHAT where there is none
    synchronized ChatTemplate template() {
        if (template == null) {
            template =
                    chat.get()
                            .orElseThrow(
                                    () ->
                                            new CgloraException(
                                                    ErrorCode.T_CHAT,
                                                    tokenizer.description(),
                                                    "rows are conversations, and the tokenizer"
                                                            + " brings no chat template",
                                                    "put a chat_template.jinja beside it, or take"
                                                            + " the columns of prompt and answer"));
        }
        return template;
    }

    @Override
    public boolean keepsLabels() {
        return !labels.names().isEmpty();
    }

    @Override
    public String identity() {
        String written;
        try {
            written = chat.get().map(ChatTemplate::identity).orElse("");
        } catch (CgloraException _) {
            written = ""; // a conversation says what is wrong with it
        }
        return WrittenAnswers.identity("continued " + end, spec, labels) + written;
    }
}
