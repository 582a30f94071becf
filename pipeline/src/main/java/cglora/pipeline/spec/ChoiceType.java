package cglora.pipeline.spec;

import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// One of some names.
record ChoiceType(List<Named> choices) implements SettingType {
    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        if (!(value instanceof StringValue(_, String text))) {
            return binder.wrongType(value, expected(setting));
        }
        for (Named choice : choices) {
            if (choice.jsonName().equals(text)) {
                return choice;
            }
        }
        return binder.unknownValue(value, text, names());
    }

    /// The choice that a misspelt name is nearest to; null for none.
    Named nearest(String text) {
        String near = Suggestion.nearest(text, names());
        return choices.stream().filter(c -> c.jsonName().equals(near)).findFirst().orElse(null);
    }

    private List<String> names() {
        return choices.stream().map(Named::jsonName).toList();
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        return ((Named) value).jsonName();
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return Map.of("enum", names());
    }

    @Override
    public String expected(Setting setting) {
        return names().stream().map(n -> '"' + n + '"').collect(Collectors.joining(" or "));
    }
}
