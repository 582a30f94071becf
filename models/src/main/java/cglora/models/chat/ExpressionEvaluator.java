package cglora.models.chat;

import cglora.models.chat.Expression.Arguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What expressions say.
final class ExpressionEvaluator {
    private final Budget budget;
    private final Lookup lookup;
    private final Tests tests;
    private final Filters filters;
    private final Arithmetic arithmetic;

    ExpressionEvaluator(Budget budget) {
        this.budget = budget;
        this.lookup = new Lookup(budget);
        this.tests = new Tests(budget);
        this.filters = new Filters(budget, tests, lookup);
        this.arithmetic = new Arithmetic(budget);
    }

    Object of(Expression expression, Scope scope) {
        budget.step();
        budget.enter();
        Object value = evaluated(expression, scope);
        budget.leave();
        return value;
    }

    private Object evaluated(Expression expression, Scope scope) {
        return switch (expression) {
            case Expression.Literal(Object value) -> value;
            case Expression.Name(String name) -> scope.get(name);
            case Expression.ListOf(List<Expression> items) -> all(items, scope);
            case Expression.DictOf dictionary -> dictionary(dictionary, scope);
            case Expression.Attribute(Expression of, String name) ->
                    lookup.attribute(of(of, scope), name);
            case Expression.Item(Expression of, Expression index) ->
                    lookup.item(of(of, scope), of(index, scope));
            case Expression.Slice slice -> slice(slice, scope);
            case Expression.Call(Expression of, Arguments arguments) -> {
                Object called = of(of, scope);
                if (!(called instanceof Callable callable)) {
                    throw called instanceof Undefined u
                            ? u.error(" cannot be called")
                            : new TemplateException(Values.name(called) + " cannot be called");
                }
                yield callable.call(
                        all(arguments.positional(), scope), named(arguments.named(), scope));
            }
            case Expression.Filter(Expression of, String name, Arguments arguments) ->
                    filtered(name, of(of, scope), arguments, scope);
            case Expression.Test(
                            Expression of,
                            String name,
                            Arguments arguments,
                            boolean negated) ->
                    tests.holds(name, of(of, scope), all(arguments.positional(), scope)) != negated;
            case Expression.Unary(String operator, Expression of) -> unary(operator, of(of, scope));
            case Expression.Binary(String operator, Expression left, Expression right) ->
                    binary(operator, left, right, scope);
            case Expression.Comparison comparison -> compared(comparison, scope);
            case Expression.Conditional(
                            Expression condition,
                            Expression then,
                            Expression other) -> {
                if (Values.isTrue(of(condition, scope))) {
                    yield of(then, scope);
                }
                yield other == null ? Undefined.NAMELESS : of(other, scope);
            }
        };
    }

    Object filtered(String name, Object value, Arguments arguments, Scope scope) {
        return filters.apply(
                name, value, all(arguments.positional(), scope), named(arguments.named(), scope));
    }

    private List<Object> all(List<Expression> expressions, Scope scope) {
        var values = new ArrayList<Object>(expressions.size());
        for (Expression expression : expressions) {
            values.add(of(expression, scope));
        }
        return values;
    }

    private Map<String, Object> named(Map<String, Expression> expressions, Scope scope) {
        var values = new LinkedHashMap<String, Object>();
        expressions.forEach((name, expression) -> values.put(name, of(expression, scope)));
        return values;
    }

    private Object dictionary(Expression.DictOf dictionary, Scope scope) {
        var map = new LinkedHashMap<Object, Object>();
        for (int i = 0; i < dictionary.keys().size(); i++) {
            map.put(of(dictionary.keys().get(i), scope), of(dictionary.values().get(i), scope));
        }
        return map;
    }

    private static Object unary(String operator, Object value) {
        return switch (operator) {
            case "not" -> !Values.isTrue(value);
            case "-" ->
                    Values.isWhole(value)
                            ? (Object) (-Values.whole(value))
                            : (Object) (-Values.real(value));
            default ->
                    Values.isWhole(value)
                            ? (Object) Values.whole(value)
                            : (Object) Values.real(value);
        };
    }

    private Object binary(String operator, Expression left, Expression right, Scope scope) {
        Object first = of(left, scope);
        return switch (operator) {
            case "and" -> Values.isTrue(first) ? of(right, scope) : first;
            case "or" -> Values.isTrue(first) ? first : of(right, scope);
            default -> arithmetic.apply(operator, first, of(right, scope));
        };
    }

    private boolean compared(Expression.Comparison comparison, Scope scope) {
        Object left = of(comparison.first(), scope);
        for (int i = 0; i < comparison.operators().size(); i++) {
            Object right = of(comparison.others().get(i), scope);
            boolean holds =
                    switch (comparison.operators().get(i)) {
                        case "==" -> Values.equal(left, right, budget);
                        case "!=" -> !Values.equal(left, right, budget);
                        case "in" -> Values.contains(right, left, budget);
                        case "not in" -> !Values.contains(right, left, budget);
                        case "<" -> Values.compare(left, right, budget) < 0;
                        case "<=" -> Values.compare(left, right, budget) <= 0;
                        case ">" -> Values.compare(left, right, budget) > 0;
                        default -> Values.compare(left, right, budget) >= 0;
                    };
            if (!holds) {
                return false;
            }
            left = right;
        }
        return true;
    }

    /// Python's slices, with negative places and steps.
    private Object slice(Expression.Slice slice, Scope scope) {
        Object of = of(slice.of(), scope);
        if (!(of instanceof List<?>) && !(of instanceof String)) {
            throw Values.wrong("a list or a text", of);
        }
        List<Object> items = Values.items(of, budget);
        long step = bound(slice.step(), 1, scope);
        if (step == 0) {
            throw new TemplateException("a slice with step 0");
        }
        int size = items.size();
        long from = bound(slice.from(), step > 0 ? 0 : size - 1, scope);
        long to = bound(slice.to(), step > 0 ? size : -size - 1L, scope);
        from = within(from, size, step > 0);
        to = within(to, size, step > 0);
        var chosen = new ArrayList<Object>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            chosen.add(items.get((int) i));
        }
        return of instanceof String ? Methods.joined(chosen, "", budget) : chosen;
    }

    private long bound(Expression expression, long otherwise, Scope scope) {
        Object value = expression == null ? null : of(expression, scope);
        return value == null
                ? otherwise
                : Math.clamp(Values.whole(value), -Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static long within(long place, int size, boolean forward) {
        long at = place < 0 ? place + size : place;
        return Math.clamp(at, forward ? 0 : -1, forward ? size : size - 1);
    }
}
