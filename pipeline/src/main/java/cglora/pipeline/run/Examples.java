package cglora.pipeline.run;

import cglora.models.data.Labels;
import cglora.models.data.Rows;
import cglora.pipeline.spec.EvaluateSpec;
import java.util.stream.Stream;

/// The splits of a data stage, as rows.
///
/// @param train      never empty where the stage names training data
/// @param validation may be empty
/// @param test       may be empty
/// @param labels     the classes
record Examples(SplitRows train, SplitRows validation, SplitRows test, Labels labels)
        implements AutoCloseable {
    /// The same rows with other names of the classes.
    Examples withLabels(Labels other) {
        return new Examples(train, validation, test, other);
    }

    SplitRows split(EvaluateSpec.Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VALIDATION -> validation;
            case TEST -> test;
        };
    }

    /// Whether rows are conversations.
    boolean chats() {
        return Stream.of(train, validation, test)
                .anyMatch(split -> split.size() > 0 && split.rows().hasConversations());
    }

    /// Bytes of the mapped files that tokens are kept in.
    long mappedBytes() {
        return sources().mapToLong(Rows::mappedBytes).sum();
    }

    private Stream<Rows> sources() {
        return Stream.of(train, validation, test).map(SplitRows::rows).distinct();
    }

    @Override
    public void close() {
        sources().forEach(rows -> rows.close());
    }
}
