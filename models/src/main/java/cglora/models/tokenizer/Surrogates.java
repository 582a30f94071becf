package cglora.models.tokenizer;

/// Texts as they can be given to a library that takes characters. JSON can hold half a surrogate
/// pair, `"\ud83d"`, which is none, and for which the library would spoil every other character
/// beyond the basic plane of the same text.
final class Surrogates {
    private static final int REPLACEMENT = 0xFFFD;

    private Surrogates() {}

    /// The text with U+FFFD for each half that stands alone, as decoders of UTF-8 do.
    static String paired(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (i + 1 == length || !Character.isSurrogatePair(c, text.charAt(i + 1))) {
                    return replaced(text);
                }
                i++;
            }
        }
        return text;
    }

    private static String replaced(String text) {
        var whole = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> Character.getType(c) == Character.SURROGATE ? REPLACEMENT : c)
                .forEach(whole::appendCodePoint);
        return whole.toString();
    }
}
