package cglora.models.data;

/// Which columns hold what: a name of the header or, without a header, a number from 0. Null for
/// finding out.
///
/// @param target the text that a model is to write, where that is asked for; else not looked at
public record DataColumns(String text, String textPair, String label, String target) {
    /// A class or a number is asked for.
    public DataColumns(String text, String textPair, String label) {
        this(text, textPair, label, null);
    }

    public static final DataColumns AUTO = new DataColumns(null, null, null);
}
