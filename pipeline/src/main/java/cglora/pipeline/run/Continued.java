package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.chat.ChatTemplate;
import cglora.models.data.ChatTokens;
import cglora.models.data.Continuation;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.DataSpec;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// What a language model learns of rows: answers behind prompts, or the assistant's turns of
/// conversations.
///
/// @param end  the token behind an answer; negative for none
/// @param chat gives the template of the tokenizer
record Continued(int end, Supplier<Optional<ChatTemplate>> chat) {
    Dataset tokens(
            List<RawExample> examples,
            SplitRows split,
            DataSpec spec,
            Labels labels,
            Tokenizer tokenizer,
            Problems warnings) {
        boolean chats = examples.stream().anyMatch(e -> e.conversation() != null);
        return chats
                ? conversations(examples, split, spec, tokenizer, warnings)
                : texts(examples, split, spec, labels, tokenizer, warnings);
    }

    private Dataset texts(
            List<RawExample> examples,
            SplitRows split,
            DataSpec spec,
            Labels labels,
            Tokenizer tokenizer,
            Problems warnings) {
        String template = spec.sourceTemplate();
        if (template == null && examples.stream().anyMatch(e -> e.textPair() != null)) {
            throw new CgloraException(
                    ErrorCode.D_TEXT,
                    split.source(),
                    "rows have a second text, and nothing says where it stands in the prompt",
                    "\"source_template\": \"{text}\\n{text_pair}\\n\" in the data stage");
        }
        List<Continuation> all =
                examples.parallelStream()
                        .map(
                                e ->
                                        Continuation.of(
                                                DataSpec.source(template, e.text(), e.textPair()),
                                                labels.written(e.label()),
                                                tokenizer,
                                                end,
                                                spec.maxLength(),
                                                spec.maxTargetLength()))
                        .toList();
        long cut = all.stream().filter(Continuation::isAnswerCut).count();
        if (cut > 0) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    split.source(),
                    "%d of %d targets do not fit and are cut".formatted(cut, examples.size()),
                    "raise data.max_target_length or data.max_length");
        }
        return Dataset.continued(all);
    }

    private Dataset conversations(
            List<RawExample> examples,
            SplitRows split,
            DataSpec spec,
            Tokenizer tokenizer,
            Problems warnings) {
        if (spec.sourceTemplate() != null) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    "data.source_template",
                    "conversations are written by the tokenizer's own chat template",
                    "take it out");
        }
        ChatTemplate template =
                chat.get()
                        .orElseThrow(
                                () ->
                                        new CgloraException(
                                                ErrorCode.T_CHAT,
                                                tokenizer.description(),
                                                "rows are conversations, and the tokenizer brings"
                                                        + " no chat template",
                                                "put a chat_template.jinja beside it, or take the"
                                                        + " columns of prompt and answer"));
        List<Continuation> all =
                examples.parallelStream()
                        .map(
                                e ->
                                        ChatTokens.of(
                                                e.conversation(),
                                                template,
                                                tokenizer,
                                                spec.maxLength(),
                                                split.source() + ":" + e.line()))
                        .toList();
        List<Continuation> kept = all.stream().filter(c -> c.answer().length > 0).toList();
        if (kept.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.D_LENGTH,
                    split.source(),
                    "no turn of the assistant begins within %d tokens".formatted(spec.maxLength()),
                    "raise data.max_length");
        }
        if (kept.size() < all.size()) {
            warnings.warning(
                    ErrorCode.D_TRUNC,
                    split.source(),
                    "%d of %d conversations are left out: no turn of the assistant begins within %d"
                                    .formatted(
                                            all.size() - kept.size(), all.size(), spec.maxLength())
                            + " tokens",
                    "raise data.max_length");
        }
        return Dataset.continued(kept);
    }
}
