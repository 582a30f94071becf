package cglora.pipeline.spec;

/// Where tokens of data that are too large for memory are kept.
public record CacheSpec(
        @Setting(
                        value =
                                "Folder of the tokens of large data, which later runs take again;"
                                        + " auto: cglora/tokens in the user's cache folder (~/.cache);"
                                        + " off: everything stays in memory",
                        byDefault = "\"auto\"",
                        path = true,
                        builtIn = {CacheSpec.AUTO, CacheSpec.OFF},
                        examples = {"\"/data/tokens\"", "\"off\""})
                String folder,
        @Setting(
                        value =
                                "Text of a split, in millions of characters and with 160 more for"
                                        + " each row, up to which it stays in memory and is not"
                                        + " cached",
                        byDefault = "16",
                        min = 0,
                        max = 1_000_000)
                int above) {
    /// The user's cache folder.
    public static final String AUTO = "auto";

    /// No cache.
    public static final String OFF = "off";
}
