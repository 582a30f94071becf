package cglora.models.data;

/// How a data file is written.
///
/// @param type     `auto` (by the file's name and content), `tsv`, `csv`, `jsonl`, `conll`
///     or `parquet`
/// @param header   whether the first row names the columns; null for finding out
/// @param quote    `none` or `double`; null for the type's own (TSV none, CSV double)
/// @param encoding name of a character set
public record DataFormat(String type, Boolean header, String quote, String encoding) {
    public static final DataFormat AUTO = new DataFormat("auto", null, null, "UTF-8");
}
