package cglora.pipeline.spec;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What a person can know about one setting. The binder, the schema, `cglora explain` and the
/// writer all read it here, so they cannot drift apart.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /// One line of description.
    String value();

    /// The default as JSON text; the empty string says that the setting must be given.
    String byDefault() default "";

    /// Whether `null` is a value of its own. Elsewhere `null` asks for the default.
    boolean nullable() default false;

    /// Smallest number.
    double min() default Double.NEGATIVE_INFINITY;

    /// Largest number.
    double max() default Double.POSITIVE_INFINITY;

    /// Whether `min` itself is refused.
    boolean aboveMin() default false;

    /// Whether `max` itself is refused.
    boolean belowMax() default false;

    /// Whether the text is a path, resolved against the folder of the file that holds it.
    boolean path() default false;

    /// Texts of a path setting that are names of something built in, not paths.
    String[] builtIn() default {};

    /// Values as people give them, as JSON texts: an editor offers them.
    String[] examples() default {};

    /// Spellings of other tools that are accepted with a warning.
    String[] also() default {};
}
