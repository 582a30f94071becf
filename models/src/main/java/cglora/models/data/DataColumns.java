package cglora.models.data;

/// Which columns hold what: a name of the header or, without a header, a number from 0. Null for
/// finding out.
///
/// @param target the text that a model is to write; only looked at where it `writes`
/// @param writes whether an answer is a text, in the target's column or the label's
public record DataColumns(
        String text, String textPair, String label, String target, boolean writes) {
    /// An answer is a class or a number.
    public DataColumns(String text, String textPair, String label) {
        this(text, textPair, label, null, false);
    }

    public static final DataColumns AUTO = new DataColumns(null, null, null);
}
