package cglora.models.chat;

import java.util.ArrayList;
import java.util.List;

/// Python's operators on numbers, texts and lists.
record Arithmetic(Budget budget) {
    Object apply(String operator, Object left, Object right) {
        if (operator.equals("~")) {
            String one = Values.text(left, budget);
            String other = Values.text(right, budget);
            budget.size((long) one.length() + other.length());
            return one + other;
        }
        if (Values.isNumber(left) && Values.isNumber(right)) {
            return Values.isWhole(left) && Values.isWhole(right)
                    ? whole(operator, Values.whole(left), Values.whole(right))
                    : real(operator, Values.real(left), Values.real(right));
        }
        if (operator.equals("+") && left instanceof String a && right instanceof String b) {
            budget.size((long) a.length() + b.length());
            return a + b;
        }
        if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
            budget.size(4L * (a.size() + (long) b.size()));
            var both = new ArrayList<Object>(a);
            both.addAll(b);
            return both;
        }
        if (operator.equals("*") && left instanceof String s && right instanceof Long times) {
            return repeated(s, times);
        }
        if (operator.equals("*") && left instanceof Long times && right instanceof String s) {
            return repeated(s, times);
        }
        if (left instanceof Undefined u) {
            throw u.error(" is used with '" + operator + "'");
        }
        if (right instanceof Undefined u) {
            throw u.error(" is used with '" + operator + "'");
        }
        throw new TemplateException(
                "'" + operator + "' with " + Values.name(left) + " and " + Values.name(right));
    }

    private String repeated(String s, long times) {
        if (s.isEmpty() || times <= 0) {
            return "";
        }
        budget.size(times > Budget.LONGEST ? times : times * s.length());
        return s.repeat((int) times);
    }

    static long remainder(long left, long right) {
        if (right == 0) {
            throw new TemplateException("division by zero");
        }
        return Math.floorMod(left, right);
    }

    private static Object whole(String operator, long left, long right) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(left, right);
                case "-" -> Math.subtractExact(left, right);
                case "*" -> Math.multiplyExact(left, right);
                case "%" -> remainder(left, right);
                case "//" -> {
                    remainder(left, right);
                    yield Math.floorDiv(left, right);
                }
                case "**" ->
                        right < 0 ? (Object) Math.pow(left, right) : (Object) power(left, right);
                default -> real(operator, left, right);
            };
        } catch (ArithmeticException e) {
            throw new TemplateException("a whole number of more than 64 bits");
        }
    }

    private static long power(long base, long exponent) {
        long result = 1;
        for (long i = 0; i < exponent; i++) {
            if (base == 0 || base == 1 || base == -1 && i > 1) {
                return base == -1 && exponent % 2 == 0 ? 1 : base;
            }
            result = Math.multiplyExact(result, base);
        }
        return result;
    }

    private static Object real(String operator, double left, double right) {
        if (right == 0 && (operator.startsWith("/") || operator.equals("%"))) {
            throw new TemplateException("division by zero");
        }
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> left / right;
            case "//" -> Math.floor(left / right);
            case "%" -> left - right * Math.floor(left / right);
            default -> Math.pow(left, right);
        };
    }
}
