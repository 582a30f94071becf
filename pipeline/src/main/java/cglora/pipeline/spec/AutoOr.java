package cglora.pipeline.spec;

/// `"auto"`, or a value that was given.
public sealed interface AutoOr<T> {
    record Auto<T>() implements AutoOr<T> {}

    record Given<T>(T value) implements AutoOr<T> {}

    /// The given value, or `fallback` for auto.
    default T orElse(T fallback) {
        return switch (this) {
            case Auto<T> _ -> fallback;
            case Given<T>(T value) -> value;
        };
    }

    default boolean isAuto() {
        return this instanceof Auto;
    }
}
