package cglora.models.chat;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Jinja's tests (jinja2, tests.py): what stands behind `is`.
record Tests(Budget budget) {
    boolean holds(String name, Object value, List<Object> others) {
        budget.step();
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "boolean" -> value instanceof Boolean;
            case "string" -> value instanceof String;
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "mapping" -> value instanceof Map<?, ?>;
            case "sequence", "iterable" ->
                    value instanceof String
                            || value instanceof List<?>
                            || value instanceof Map<?, ?>
                            || value instanceof Undefined;
            case "callable" -> value instanceof Callable;
            case "odd" -> Math.floorMod(Values.whole(value), 2L) == 1;
            case "even" -> Math.floorMod(Values.whole(value), 2L) == 0;
            case "lower" -> text(value).equals(text(value).toLowerCase(Locale.ROOT));
            case "upper" -> text(value).equals(text(value).toUpperCase(Locale.ROOT));
            default -> withAnother(name, value, others);
        };
    }

    private String text(Object value) {
        return Values.text(value, budget);
    }

    private boolean withAnother(String name, Object value, List<Object> others) {
        if (others.size() != 1) {
            throw new TemplateException(
                    "the test '" + name + "' is not there, or needs another value");
        }
        Object other = others.getFirst();
        return switch (name) {
            case "equalto", "eq", "==" -> Values.equal(value, other, budget);
            case "ne", "!=" -> !Values.equal(value, other, budget);
            case "lt", "lessthan", "<" -> Values.compare(value, other, budget) < 0;
            case "le", "<=" -> Values.compare(value, other, budget) <= 0;
            case "gt", "greaterthan", ">" -> Values.compare(value, other, budget) > 0;
            case "ge", ">=" -> Values.compare(value, other, budget) >= 0;
            case "in" -> Values.contains(other, value, budget);
            case "sameas" -> value == other || value instanceof Boolean && value.equals(other);
            case "divisibleby" ->
                    Arithmetic.remainder(Values.whole(value), Values.whole(other)) == 0;
            default -> throw new TemplateException("the test '" + name + "' is not there");
        };
    }
}
