package cglora.pipeline.spec;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// Writes a resolved pipeline with every default filled in; reading the text again gives an equal
/// pipeline.
public final class PipelineWriter {
    private PipelineWriter() {}

    /// The text with absolute paths.
    public static String write(PipelineSpec spec) {
        return write(spec, path -> path);
    }

    /// The text for a file in a folder: paths inside that folder are written relative to it.
    public static String write(PipelineSpec spec, Path folder) {
        Path start = folder.toAbsolutePath().normalize();
        return write(
                spec,
                absolute -> {
                    Path path = Path.of(absolute);
                    if (!path.startsWith(start)) {
                        return absolute;
                    }
                    String relative = start.relativize(path).toString();
                    // A relative path must not look like something else, such as a built-in name.
                    return relative.isEmpty()
                            ? "."
                            : relative.contains("/") ? relative : "./" + relative;
                });
    }

    /// The settings of a stage as they stand in a file, texts of JSON by their keys.
    public static Map<String, String> settings(StageSpec stage) {
        var settings = new TreeMap<String, String>();
        ((Map<?, ?>)
                        RecordType.of(StageSpec.TYPES.get(stage.stage()))
                                .plain(stage, NONE, path -> path))
                .forEach((key, value) -> settings.put((String) key, JsonText.write(value).strip()));
        return settings;
    }

    private static String write(PipelineSpec spec, SettingType.Paths paths) {
        return JsonText.write(RecordType.of(PipelineSpec.class).plain(spec, NONE, paths));
    }

    /// Ranges and paths belong to the components; the pipeline itself has none.
    private static final Setting NONE =
            PipelineSpec.class.getRecordComponents()[0].getAnnotation(Setting.class);
}
