package cglora.pipeline.spec;

import cglora.pipeline.spec.JsonValue.ObjectValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An object of settings: a record whose components carry `Setting`.
record RecordType(Class<? extends Record> type, List<SettingComponent> components)
        implements SettingType {
    /// Found out once for each record: pipelines ask often.
    private static final ClassValue<RecordType> TYPES =
            new ClassValue<>() {
                @Override
                protected RecordType computeValue(Class<?> type) {
                    return new RecordType(
                            type.asSubclass(Record.class),
                            Arrays.stream(type.getRecordComponents())
                                    .map(SettingComponent::of)
                                    .toList());
                }
            };

    static RecordType of(Class<?> type) {
        return TYPES.get(type);
    }

    List<String> keys() {
        return components.stream().map(SettingComponent::key).toList();
    }

    /// The setting of that key, or of that second spelling.
    Optional<SettingComponent> find(String key) {
        return components.stream()
                .filter(c -> c.key().equals(key) || List.of(c.setting().also()).contains(key))
                .findFirst();
    }

    @Override
    public Object bind(JsonValue value, Setting setting, Binder binder) {
        return value instanceof ObjectValue object
                ? binder.fields(this, object, "")
                : binder.wrongType(value, expected(setting));
    }

    @Override
    public Object plain(Object value, Setting setting, Paths paths) {
        var plain = new LinkedHashMap<String, Object>();
        for (SettingComponent component : components) {
            Object field = component.get((Record) value);
            plain.put(
                    component.key(),
                    field == null
                            ? null
                            : component.type().plain(field, component.setting(), paths));
        }
        return plain;
    }

    @Override
    public Map<String, Object> schema(Setting setting) {
        return PipelineSchema.object(this, Map.of());
    }

    @Override
    public String expected(Setting setting) {
        return "an object with the keys " + String.join(", ", keys());
    }

    @Override
    public Optional<RecordType> record() {
        return Optional.of(this);
    }
}
