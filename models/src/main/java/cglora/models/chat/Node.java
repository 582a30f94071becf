package cglora.models.chat;

import java.util.List;

/// A statement of a template, or a text in it.
sealed interface Node {
    record Text(String text) implements Node {}

    record Print(Expression of, int line) implements Node {}

    /// @param conditions one a body; the last body has none where there is an `else`
    record If(List<Expression> conditions, List<List<Node>> bodies, int line) implements Node {}

    /// @param names     one, or several that each item is unpacked to
    /// @param condition of items that are taken; null for all
    /// @param otherwise where there is no item
    record For(
            List<String> names,
            Expression items,
            Expression condition,
            List<Node> body,
            List<Node> otherwise,
            int line)
            implements Node {}

    /// `set names = value`, or `set namespace.attribute = value`.
    ///
    /// @param attribute null for a name
    record Set(List<String> names, String attribute, Expression value, int line) implements Node {}

    /// `set name`, whose value is what the body writes.
    record SetBlock(String name, List<Node> body, int line) implements Node {}

    /// @param defaults of the last parameters; null for one without
    record Macro(
            String name,
            List<String> parameters,
            List<Expression> defaults,
            List<Node> body,
            int line)
            implements Node {}

    /// `generation`: what the assistant says; here it is written as the rest is.
    record Generation(List<Node> body) implements Node {}

    /// `filter name`: what the body writes, filtered.
    record Filtered(String filter, Expression.Arguments arguments, List<Node> body, int line)
            implements Node {}

    record Break(int line) implements Node {}

    record Continue(int line) implements Node {}
}
