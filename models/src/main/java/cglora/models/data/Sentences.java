package cglora.models.data;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import java.util.function.IntFunction;

/// Sentences of words as tokens, wherever they are kept.
public final class Sentences extends AbstractList<WordTokens> implements RandomAccess {
    private final TokenList tokens;
    private final IntFunction<WordTokens> each;
    private final boolean inMemory;

    private Sentences(TokenList tokens, IntFunction<WordTokens> each, boolean inMemory) {
        this.tokens = tokens;
        this.each = each;
        this.inMemory = inMemory;
    }

    /// Sentences in memory.
    static Sentences of(List<WordTokens> all) {
        List<WordTokens> kept = List.copyOf(all);
        TokenList tokens = TokenList.of(kept.stream().map(WordTokens::tokens).toList());
        return new Sentences(tokens, kept::get, true);
    }

    /// Sentences that are read when they are looked at.
    static Sentences read(TokenList tokens, IntFunction<WordTokens> each) {
        return new Sentences(tokens, each, false);
    }

    TokenList tokens() {
        return tokens;
    }

    boolean isInMemory() {
        return inMemory;
    }

    @Override
    public WordTokens get(int sentence) {
        return each.apply(sentence);
    }

    @Override
    public int size() {
        return tokens.size();
    }
}
