package cglora.models.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What Python's values do, for those that templates have: None (null), booleans, integers
/// (`Long`), floats (`Double`), texts, lists, dictionaries, [Undefined], [Namespace] and
/// [Callable].
final class Values {
    private Values() {}

    static boolean isTrue(Object value) {
        return switch (value) {
            case null -> false;
            case Undefined _ -> false;
            case Boolean b -> b;
            case Long l -> l != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            default -> true;
        };
    }

    /// `str(value)`; nothing for what is undefined.
    static String text(Object value, Budget budget) {
        return value instanceof String s ? s : written(value, budget);
    }

    private static String written(Object value, Budget budget) {
        if (value instanceof Undefined) {
            return "";
        }
        var text = new StringBuilder();
        represent(value, text, budget);
        return text.toString();
    }

    /// Appends `repr(value)`.
    private static void represent(Object value, StringBuilder text, Budget budget) {
        budget.step();
        budget.size(text.length() / 64);
        budget.enter();
        switch (value) {
            case null -> text.append("None");
            case Boolean b -> text.append(b ? "True" : "False");
            case Double d -> text.append(number(d));
            case String s -> quote(s, text);
            case List<?> list -> {
                String before = "[";
                for (Object item : list) {
                    text.append(before);
                    represent(item, text, budget);
                    before = ", ";
                }
                text.append(list.isEmpty() ? "[]" : "]");
            }
            case Map<?, ?> map -> {
                String before = "{";
                for (var entry : map.entrySet()) {
                    text.append(before);
                    represent(entry.getKey(), text, budget);
                    text.append(": ");
                    represent(entry.getValue(), text, budget);
                    before = ", ";
                }
                text.append(map.isEmpty() ? "{}" : "}");
            }
            case Long l -> text.append(l);
            case Undefined _ -> text.append("Undefined");
            case Namespace _ -> text.append("<Namespace>");
            default -> text.append("<function>");
        }
        budget.leave();
    }

    private static void quote(String s, StringBuilder text) {
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        text.append(quote);
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\r' -> text.append("\\r");
                case '\\' -> text.append("\\\\");
                default -> {
                    if (c == quote) {
                        text.append('\\').append(c);
                    } else if (c < ' ' || c == 0x7f) {
                        text.append("\\x%02x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append(quote);
    }

    /// `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        double size = Math.abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e16)) {
            String text = Double.toString(value).replace(".0E", "e").replace('E', 'e');
            int exponent = text.indexOf('e') + 1;
            String digits = text.substring(exponent).replace("-", "");
            return text.substring(0, exponent)
                    + (text.charAt(exponent) == '-' ? "-" : "+")
                    + (digits.length() < 2 ? "0" + digits : digits);
        }
        String plain = new java.math.BigDecimal(Double.toString(value)).toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    static long whole(Object value) {
        return switch (value) {
            case Long l -> l;
            case Boolean b -> b ? 1 : 0;
            case null, default -> throw wrong("a whole number", value);
        };
    }

    static double real(Object value) {
        return value instanceof Double d ? d : whole(value);
    }

    static TemplateException wrong(String wanted, Object found) {
        return found instanceof Undefined u
                ? u.error(" is used as " + wanted)
                : new TemplateException(name(found) + " where " + wanted + " is expected");
    }

    static String name(Object value) {
        return switch (value) {
            case null -> "None";
            case Undefined _ -> "undefined";
            case Boolean _ -> "a boolean";
            case Long _ -> "an integer";
            case Double _ -> "a float";
            case String _ -> "a text";
            case List<?> _ -> "a list";
            case Map<?, ?> _ -> "a dictionary";
            case Namespace _ -> "a namespace";
            default -> "a function";
        };
    }

    static boolean equal(Object one, Object other, Budget budget) {
        budget.step();
        if (isNumber(one) && isNumber(other)) {
            return isWhole(one) && isWhole(other)
                    ? whole(one) == whole(other)
                    : real(one) == real(other);
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            boolean same = a.size() == b.size();
            budget.enter();
            for (int i = 0; same && i < a.size(); i++) {
                same = equal(a.get(i), b.get(i), budget);
            }
            budget.leave();
            return same;
        }
        if (one instanceof Map<?, ?> a && other instanceof Map<?, ?> b) {
            return a.size() == b.size()
                    && a.entrySet().stream()
                            .allMatch(
                                    e ->
                                            b.containsKey(e.getKey())
                                                    && equal(
                                                            e.getValue(),
                                                            b.get(e.getKey()),
                                                            budget));
        }
        if (one instanceof Undefined || other instanceof Undefined) {
            return one instanceof Undefined && other instanceof Undefined;
        }
        return one == null || other == null ? one == other : one.equals(other);
    }

    /// Below, at or above 0, for numbers, texts, and lists of them.
    static int compare(Object one, Object other, Budget budget) {
        budget.step();
        if (isNumber(one) && isNumber(other)) {
            return isWhole(one) && isWhole(other)
                    ? Long.compare(whole(one), whole(other))
                    : Double.compare(real(one), real(other));
        }
        if (one instanceof String a && other instanceof String b) {
            return a.compareTo(b);
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
                int sign = compare(a.get(i), b.get(i), budget);
                if (sign != 0) {
                    return sign;
                }
            }
            return Integer.compare(a.size(), b.size());
        }
        throw new TemplateException(name(one) + " and " + name(other) + " have no order");
    }

    static boolean contains(Object all, Object one, Budget budget) {
        return switch (all) {
            case String s when one instanceof String part -> {
                budget.size(s.length());
                yield s.contains(part);
            }
            case List<?> list -> list.stream().anyMatch(item -> equal(item, one, budget));
            case Map<?, ?> map -> map.containsKey(one);
            case Undefined _ -> false;
            case null, default ->
                    throw new TemplateException("'in' with " + name(one) + " and " + name(all));
        };
    }

    /// What a loop goes through.
    static List<Object> items(Object value, Budget budget) {
        return switch (value) {
            case List<?> list -> new ArrayList<>(budget.list(list));
            case Map<?, ?> map -> new ArrayList<>(budget.list(map.keySet()));
            case String s -> {
                budget.size(s.length() * 4L);
                var characters = new ArrayList<Object>();
                s.codePoints().forEach(c -> characters.add(Character.toString(c)));
                yield characters;
            }
            case Undefined _ -> new ArrayList<>();
            case null, default -> throw wrong("a list", value);
        };
    }
}
