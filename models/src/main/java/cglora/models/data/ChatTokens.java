package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.chat.ChatTemplate;
import cglora.models.chat.Conversation;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.Arrays;

/// A conversation as one sequence of tokens, of which those are asked for that the assistant
/// writes.
///
/// Its turns are found as TRL finds them, by rendering prefixes: a turn is what the template
/// writes of the messages up to it and not of those before it with the assistant's turn opened
/// (`add_generation_prompt`). It includes what the template closes the turn with. Both texts
/// have to be beginnings of the whole conversation's; a template that changes earlier turns when
/// later ones follow is refused. The text is tokenised once, without further special tokens; a
/// turn's tokens are those beyond the ones that it has in common with its prefix's.
public final class ChatTokens {
    private ChatTokens() {}

    /// @param maxLength tokens at most; a conversation that is too long loses its end
    /// @param where     its file and line, for messages
    /// @return the tokens up to the last one that is asked for, and the answer from the first, with
    ///     -1 for those of others in between; an empty answer where all turns were cut off
    /// @throws CgloraException T-CHAT where the template fails or changes earlier turns, D-CHAT
    ///     where there is no assistant's turn
    public static Continuation of(
            Conversation conversation,
            ChatTemplate template,
            Tokenizer tokenizer,
            int maxLength,
            String where) {
        int count = conversation.messages().size();
        String text = template.render(conversation, false);
        int[] ids = tokenizer.encodeBare(text);
        boolean[] asked = new boolean[ids.length];
        boolean found = false;
        for (int i = 0; i < count; i++) {
            if (!conversation.isAssistant(i)) {
                continue;
            }
            found = true;
            String before = template.render(conversation.first(i), true);
            String whole =
                    i == count - 1 ? text : template.render(conversation.first(i + 1), false);
            requirePrefix(before, whole, i, template, where);
            requirePrefix(whole, text, i, template, where);
            int from = Math.max(1, common(tokenizer.encodeBare(before), ids));
            int to = i == count - 1 ? ids.length : common(tokenizer.encodeBare(whole), ids);
            Arrays.fill(asked, Math.min(from, to), to, true);
        }
        if (!found) {
            throw new CgloraException(
                    ErrorCode.D_CHAT,
                    where,
                    "no message is the assistant's: there is nothing to learn",
                    "leave the row out");
        }
        return cut(ids, asked, maxLength);
    }

    private static Continuation cut(int[] ids, boolean[] asked, int maxLength) {
        int end = Math.min(ids.length, maxLength);
        while (end > 0 && !asked[end - 1]) {
            end--;
        }
        int start = 0;
        while (start < end && !asked[start]) {
            start++;
        }
        int[] answer = Arrays.copyOfRange(ids, start, end);
        for (int i = 0; i < answer.length; i++) {
            answer[i] = asked[start + i] ? answer[i] : -1;
        }
        boolean isCut = ids.length > maxLength;
        return new Continuation(
                new Tokens(Arrays.copyOf(ids, end), new int[end], isCut ? ids.length : end),
                answer,
                isCut);
    }

    private static void requirePrefix(
            String prefix, String text, int message, ChatTemplate template, String where) {
        if (text.startsWith(prefix)) {
            return;
        }
        int same = 0;
        while (same < Math.min(prefix.length(), text.length())
                && prefix.charAt(same) == text.charAt(same)) {
            same++;
        }
        throw new CgloraException(
                ErrorCode.T_CHAT,
                where,
                "the chat template writes what is before the end of message %d otherwise when more follows, from character %d on ('%s'): the assistant's turns cannot be told apart"
                        .formatted(message + 1, same, part(prefix, same)),
                "end each conversation with the assistant's only turn, or take another template"
                        + " than "
                        + template.where());
    }

    private static String part(String text, int from) {
        String part = text.substring(from, Math.min(text.length(), from + 20));
        return part.replace("\n", "\\n");
    }

    private static int common(int[] one, int[] other) {
        int mismatch = Arrays.mismatch(one, other);
        return mismatch < 0 ? one.length : mismatch;
    }
}
