package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Optional;

/// What a pipeline says of a setting, and where.
///
/// @param setting its path with the stage's name where the pipeline has an id: what explains it
/// @param value   as it would be written after `--set`; empty where the default is taken
/// @param place   file, line and column, or the option; empty where the default is taken
public record SettingOrigin(String setting, String value, String place) {
    /// @param root the resolved pipeline
    /// @param path such as `train.learning_rate`, by the ids of its stages
    static SettingOrigin of(ObjectValue root, String path) {
        List<String> words = List.of(path.split("\\.", -1));
        Optional<ObjectValue> stage =
                root.get("stages") instanceof ArrayValue list
                        ? list.items().stream()
                                .filter(ObjectValue.class::isInstance)
                                .map(ObjectValue.class::cast)
                                .filter(each -> Merge.id(each).equals(words.getFirst()))
                                .findFirst()
                        : Optional.empty();
        String id = words.getFirst();
        String setting =
                stage.isPresent() && stage.get().get("stage") instanceof StringValue(_, String name)
                        ? name + path.substring(id.length())
                        : path;
        JsonValue value = stage.isPresent() ? stage.get() : root;
        for (String word : stage.isPresent() ? words.subList(1, words.size()) : words) {
            value = value instanceof ObjectValue object ? object.get(word) : null;
        }
        return value == null
                ? new SettingOrigin(setting, "", "")
                : new SettingOrigin(setting, JsonPlain.text(value), value.origin().toString());
    }

    /// A line for a person.
    public String line() {
        return place.isEmpty()
                ? "  here     the default"
                : "  here     %s, from %s".formatted(value, place);
    }
}
