package cglora.models.chat;

import cglora.models.chat.Expression.Arguments;
import cglora.models.chat.Lexeme.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads expressions with Jinja's precedence (jinja2, parser.py): conditional, or, and, not,
/// comparison, sum, `~`, product, power, sign, then attributes, calls, filters and tests.
class ExpressionParser {
    /// Expressions within one another: more would be no template that somebody wrote.
    private static final int DEEPEST = 100;

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", ">", "<=", ">=");
    private static final Set<String> AFTER_TEST =
            Set.of("else", "or", "and", "is", "if", "not", "in");

    private final List<Lexeme> lexemes;
    private int at;
    private int depth;

    ExpressionParser(List<Lexeme> lexemes) {
        this.lexemes = lexemes;
    }

    final Lexeme peek() {
        return lexemes.get(at);
    }

    final Lexeme next() {
        Lexeme lexeme = lexemes.get(at);
        at = Math.min(at + 1, lexemes.size() - 1);
        return lexeme;
    }

    final boolean takeOperator(String operator) {
        boolean taken = peek().isOperator(operator);
        at += taken ? 1 : 0;
        return taken;
    }

    final boolean takeName(String name) {
        boolean taken = peek().isName(name);
        at += taken ? 1 : 0;
        return taken;
    }

    final void requireOperator(String operator) {
        if (!takeOperator(operator)) {
            throw unexpected("'" + operator + "'");
        }
    }

    final String requireName() {
        if (peek().kind() != Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    final TemplateException unexpected(String wanted) {
        Lexeme found = peek();
        String what = found.text().isEmpty() ? found.kind().toString() : "'" + found.text() + "'";
        return new TemplateException(what + ", expected " + wanted, found.line());
    }

    final Expression expression() {
        if (++depth > DEEPEST) {
            throw new TemplateException(
                    "more than " + DEEPEST + " expressions within one another", peek().line());
        }
        Expression found = conditional();
        depth--;
        return found;
    }

    /// An expression, or several with commas, which make a list.
    final Expression tuple() {
        Expression first = expression();
        if (!peek().isOperator(",")) {
            return first;
        }
        var items = new ArrayList<>(List.of(first));
        while (takeOperator(",")) {
            Kind kind = peek().kind();
            if (kind == Kind.BLOCK_END || kind == Kind.PRINT_END || peek().isOperator(")")) {
                break;
            }
            items.add(expression());
        }
        return new Expression.ListOf(items);
    }

    private Expression conditional() {
        Expression found = or();
        while (takeName("if")) {
            Expression condition = or();
            Expression other = takeName("else") ? expression() : null;
            found = new Expression.Conditional(condition, found, other);
        }
        return found;
    }

    /// An expression without a condition behind it, for the items of a loop.
    final Expression or() {
        Expression left = and();
        while (takeName("or")) {
            left = new Expression.Binary("or", left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (takeName("and")) {
            left = new Expression.Binary("and", left, not());
        }
        return left;
    }

    private Expression not() {
        int count = 0;
        while (takeName("not")) {
            count++;
        }
        Expression found = comparison();
        for (int i = 0; i < count; i++) {
            found = new Expression.Unary("not", found);
        }
        return found;
    }

    private Expression comparison() {
        Expression first = sum();
        var operators = new ArrayList<String>();
        var others = new ArrayList<Expression>();
        while (true) {
            Lexeme found = peek();
            if (found.kind() == Kind.OPERATOR && COMPARISONS.contains(found.text())) {
                next();
                operators.add(found.text());
            } else if (takeName("in")) {
                operators.add("in");
            } else if (found.isName("not") && lexemes.get(at + 1).isName("in")) {
                next();
                next();
                operators.add("not in");
            } else {
                return others.isEmpty()
                        ? first
                        : new Expression.Comparison(first, operators, others);
            }
            others.add(sum());
        }
    }

    private Expression sum() {
        Expression left = joined();
        while (peek().isOperator("+") || peek().isOperator("-")) {
            left = new Expression.Binary(next().text(), left, joined());
        }
        return left;
    }

    private Expression joined() {
        Expression left = product();
        while (takeOperator("~")) {
            left = new Expression.Binary("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (peek().kind() == Kind.OPERATOR
                && Set.of("*", "/", "//", "%").contains(peek().text())) {
            left = new Expression.Binary(next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = signed(true);
        while (takeOperator("**")) {
            left = new Expression.Binary("**", left, signed(true));
        }
        return left;
    }

    private Expression signed(boolean filtered) {
        if (++depth > DEEPEST) {
            throw new TemplateException("too many signs", peek().line());
        }
        Expression found;
        if (peek().isOperator("-") || peek().isOperator("+")) {
            found = new Expression.Unary(next().text(), signed(false));
        } else {
            found = primary();
        }
        depth--;
        found = behind(found);
        return filtered ? filters(found) : found;
    }

    private Expression primary() {
        Lexeme lexeme = peek();
        switch (lexeme.kind()) {
            case NAME -> {
                next();
                return switch (lexeme.text()) {
                    case "true", "True" -> new Expression.Literal(true);
                    case "false", "False" -> new Expression.Literal(false);
                    case "none", "None" -> new Expression.Literal(null);
                    default -> new Expression.Name(lexeme.text());
                };
            }
            case STRING -> {
                var text = new StringBuilder();
                while (peek().kind() == Kind.STRING) {
                    text.append(next().text());
                }
                return new Expression.Literal(text.toString());
            }
            case INTEGER, FLOAT -> {
                next();
                try {
                    return new Expression.Literal(
                            lexeme.kind() == Kind.INTEGER
                                    ? (Object) Long.valueOf(lexeme.text())
                                    : (Object) Double.valueOf(lexeme.text()));
                } catch (NumberFormatException e) {
                    throw new TemplateException(
                            "a number of " + lexeme.text().length() + " digits", lexeme.line());
                }
            }
            default -> {
                return bracketed();
            }
        }
    }

    private Expression bracketed() {
        if (takeOperator("(")) {
            Expression found = peek().isOperator(")") ? new Expression.ListOf(List.of()) : tuple();
            requireOperator(")");
            return found;
        }
        if (takeOperator("[")) {
            var items = new ArrayList<Expression>();
            while (!takeOperator("]")) {
                items.add(expression());
                if (!peek().isOperator("]")) {
                    requireOperator(",");
                }
            }
            return new Expression.ListOf(items);
        }
        if (takeOperator("{")) {
            var keys = new ArrayList<Expression>();
            var values = new ArrayList<Expression>();
            while (!takeOperator("}")) {
                keys.add(expression());
                requireOperator(":");
                values.add(expression());
                if (!peek().isOperator("}")) {
                    requireOperator(",");
                }
            }
            return new Expression.DictOf(keys, values);
        }
        throw unexpected("an expression");
    }

    /// Attributes, items and calls.
    private Expression behind(Expression first) {
        Expression found = first;
        while (true) {
            if (takeOperator(".")) {
                found =
                        peek().kind() == Kind.INTEGER
                                ? new Expression.Item(found, primary())
                                : new Expression.Attribute(found, requireName());
            } else if (takeOperator("[")) {
                found = item(found);
            } else if (peek().isOperator("(")) {
                found = new Expression.Call(found, arguments());
            } else {
                return found;
            }
        }
    }

    private Expression item(Expression of) {
        Expression from = peek().isOperator(":") ? null : expression();
        if (takeOperator("]")) {
            return new Expression.Item(of, from);
        }
        requireOperator(":");
        Expression to = peek().isOperator(":") || peek().isOperator("]") ? null : expression();
        Expression step = takeOperator(":") && !peek().isOperator("]") ? expression() : null;
        requireOperator("]");
        return new Expression.Slice(of, from, to, step);
    }

    final Arguments arguments() {
        requireOperator("(");
        var positional = new ArrayList<Expression>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!takeOperator(")")) {
            if (peek().kind() == Kind.NAME && lexemes.get(at + 1).isOperator("=")) {
                String name = next().text();
                next();
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!peek().isOperator(")")) {
                requireOperator(",");
            }
        }
        return new Arguments(positional, named);
    }

    private Expression filters(Expression first) {
        Expression found = first;
        while (true) {
            if (takeOperator("|")) {
                String name = requireName();
                Arguments arguments = peek().isOperator("(") ? arguments() : Arguments.NONE;
                found = behind(new Expression.Filter(found, name, arguments));
            } else if (takeName("is")) {
                found = test(found);
            } else {
                return found;
            }
        }
    }

    private Expression test(Expression of) {
        boolean negated = takeName("not");
        String name = peek().kind() == Kind.OPERATOR ? next().text() : requireName();
        if (peek().isOperator("(")) {
            return new Expression.Test(of, name, arguments(), negated);
        }
        Kind kind = peek().kind();
        boolean given =
                kind == Kind.STRING
                        || kind == Kind.INTEGER
                        || kind == Kind.FLOAT
                        || kind == Kind.NAME && !AFTER_TEST.contains(peek().text())
                        || peek().isOperator("[")
                        || peek().isOperator("{");
        Arguments arguments =
                given ? new Arguments(List.of(behind(primary())), Map.of()) : Arguments.NONE;
        return new Expression.Test(of, name, arguments, negated);
    }
}
