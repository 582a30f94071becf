package cglora.pipeline.spec;

import static java.util.Objects.requireNonNull;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Locale;

/// One key of an object of settings.
///
/// @param key        name in the file
/// @param setting    description, default and range
/// @param type       how it is read and written
/// @param component  the record component that holds it
record SettingComponent(String key, Setting setting, SettingType type, RecordComponent component) {
    static SettingComponent of(RecordComponent component) {
        Setting setting =
                requireNonNull(
                        component.getAnnotation(Setting.class),
                        () -> component + " has no description");
        return new SettingComponent(
                snakeCase(component.getName()),
                setting,
                SettingType.of(component.getGenericType()),
                component);
    }

    /// `perDeviceBatchSize` is `per_device_batch_size`, `pA` is `p_a`.
    private static String snakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    Object get(Record owner) {
        try {
            return component.getAccessor().invoke(owner);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    boolean isRequired() {
        return setting.byDefault().isEmpty();
    }
}
