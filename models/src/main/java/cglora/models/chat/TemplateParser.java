package cglora.models.chat;

import cglora.models.chat.Lexeme.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Reads a template's statements. Those that reach for other templates (`include`, `import`,
/// `extends`) are not there.
final class TemplateParser extends ExpressionParser {
    private static final int DEEPEST = 100;

    private int depth;

    private TemplateParser(List<Lexeme> lexemes) {
        super(lexemes);
    }

    /// @throws TemplateException for what is not understood
    static List<Node> read(String template) {
        var parser = new TemplateParser(TemplateLexer.read(template));
        List<Node> nodes = parser.nodes();
        if (parser.peek().kind() != Kind.END) {
            throw parser.unexpected("no end, for nothing has begun");
        }
        return nodes;
    }

    /// Everything up to a block whose word is one of these; that block's word is next then.
    private List<Node> nodes(String... ends) {
        if (++depth > DEEPEST) {
            throw new TemplateException("blocks nest too deeply", peek().line());
        }
        var nodes = new ArrayList<Node>();
        while (peek().kind() != Kind.END) {
            Lexeme lexeme = next();
            if (lexeme.kind() == Kind.DATA) {
                nodes.add(new Node.Text(lexeme.text()));
            } else if (lexeme.kind() == Kind.PRINT_BEGIN) {
                nodes.add(new Node.Print(tuple(), lexeme.line()));
                requireEnd(Kind.PRINT_END);
            } else if (Arrays.stream(ends).anyMatch(end -> peek().isName(end))) {
                depth--;
                return nodes;
            } else {
                nodes.add(statement());
            }
        }
        if (ends.length > 0) {
            throw new TemplateException("there is no " + ends[ends.length - 1], peek().line());
        }
        return nodes;
    }

    private void requireEnd(Kind kind) {
        if (peek().kind() != kind) {
            throw unexpected(kind == Kind.PRINT_END ? "'}}'" : "'%}'");
        }
        next();
    }

    private void requireEnd() {
        requireEnd(Kind.BLOCK_END);
    }

    /// The body of a block up to its end.
    private List<Node> body(String end) {
        requireEnd();
        List<Node> body = nodes(end);
        next();
        requireEnd();
        return body;
    }

    private Node statement() {
        int line = peek().line();
        String word = requireName();
        return switch (word) {
            case "if" -> branches(line);
            case "for" -> loop(line);
            case "set" -> assignment(line);
            case "macro" -> macro(line);
            case "generation" -> new Node.Generation(body("endgeneration"));
            case "filter" -> {
                String name = requireName();
                var arguments = peek().isOperator("(") ? arguments() : Expression.Arguments.NONE;
                yield new Node.Filtered(name, arguments, body("endfilter"), line);
            }
            case "break" -> {
                requireEnd();
                yield new Node.Break(line);
            }
            case "continue" -> {
                requireEnd();
                yield new Node.Continue(line);
            }
            default ->
                    throw new TemplateException("the statement '" + word + "' is not there", line);
        };
    }

    private Node branches(int line) {
        var conditions = new ArrayList<Expression>();
        var bodies = new ArrayList<List<Node>>();
        conditions.add(tuple());
        requireEnd();
        while (true) {
            bodies.add(nodes("elif", "else", "endif"));
            String word = next().text();
            if (word.equals("elif")) {
                conditions.add(tuple());
                requireEnd();
            } else if (word.equals("else") && bodies.size() == conditions.size()) {
                requireEnd();
                bodies.add(nodes("endif"));
                next();
                requireEnd();
                return new Node.If(conditions, bodies, line);
            } else {
                requireEnd();
                return new Node.If(conditions, bodies, line);
            }
        }
    }

    private Node loop(int line) {
        List<String> names = names();
        if (!takeName("in")) {
            throw unexpected("'in'");
        }
        Expression items = or();
        Expression condition = takeName("if") ? expression() : null;
        if (peek().isName("recursive")) {
            throw new TemplateException("loops that call themselves are not there", line);
        }
        requireEnd();
        List<Node> body = nodes("else", "endfor");
        List<Node> otherwise = List.of();
        if (next().text().equals("else")) {
            requireEnd();
            otherwise = nodes("endfor");
            next();
        }
        requireEnd();
        return new Node.For(names, items, condition, body, otherwise, line);
    }

    private List<String> names() {
        boolean inParentheses = takeOperator("(");
        var names = new ArrayList<>(List.of(requireName()));
        while (takeOperator(",")) {
            names.add(requireName());
        }
        if (inParentheses) {
            requireOperator(")");
        }
        return names;
    }

    private Node assignment(int line) {
        List<String> names = names();
        String attribute = null;
        if (names.size() == 1 && takeOperator(".")) {
            attribute = requireName();
        }
        if (takeOperator("=")) {
            Expression value = tuple();
            requireEnd();
            return new Node.Set(names, attribute, value, line);
        }
        if (attribute != null || names.size() > 1) {
            throw unexpected("'='");
        }
        return new Node.SetBlock(names.getFirst(), body("endset"), line);
    }

    private Node macro(int line) {
        String name = requireName();
        var parameters = new ArrayList<String>();
        var defaults = new ArrayList<Expression>();
        requireOperator("(");
        while (!takeOperator(")")) {
            parameters.add(requireName());
            defaults.add(takeOperator("=") ? expression() : null);
            if (!peek().isOperator(")")) {
                requireOperator(",");
            }
        }
        return new Node.Macro(name, parameters, defaults, body("endmacro"), line);
    }
}
