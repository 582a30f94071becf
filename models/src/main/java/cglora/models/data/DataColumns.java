package cglora.models.data;

/// Which columns hold what: a name of the header or, without a header, a number from 0. Null for
/// finding out.
public record DataColumns(String text, String textPair, String label) {
    public static final DataColumns AUTO = new DataColumns(null, null, null);
}
