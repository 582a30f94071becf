package cglora.models.chat;

import java.util.List;
import java.util.Map;

/// An expression of a template.
sealed interface Expression {
    record Literal(Object value) implements Expression {}

    record Name(String name) implements Expression {}

    record ListOf(List<Expression> items) implements Expression {}

    record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

    /// `of.name`.
    record Attribute(Expression of, String name) implements Expression {}

    /// `of[index]`.
    record Item(Expression of, Expression index) implements Expression {}

    /// `of[from:to:step]`.
    ///
    /// @param from null where it is left out, as the others
    record Slice(Expression of, Expression from, Expression to, Expression step)
            implements Expression {}

    record Call(Expression of, Arguments arguments) implements Expression {}

    record Filter(Expression of, String name, Arguments arguments) implements Expression {}

    record Test(Expression of, String name, Arguments arguments, boolean negated)
            implements Expression {}

    /// `-of`, `+of` or `not of`.
    record Unary(String operator, Expression of) implements Expression {}

    /// Arithmetic, `~`, `and`, `or`.
    record Binary(String operator, Expression left, Expression right) implements Expression {}

    /// `a < b <= c`, in pairs.
    record Comparison(Expression first, List<String> operators, List<Expression> others)
            implements Expression {}

    /// `then if condition else other`.
    ///
    /// @param other null where it is left out
    record Conditional(Expression condition, Expression then, Expression other)
            implements Expression {}

    /// What stands between the parentheses of a call.
    record Arguments(List<Expression> positional, Map<String, Expression> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
