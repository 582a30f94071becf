package cglora.models.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Follows a template's statements and writes its text.
final class Renderer {
    /// Why a body ends before its end.
    private enum Leave {
        NOTHING,
        BREAK,
        CONTINUE
    }

    private final Budget budget;
    private final ExpressionEvaluator evaluator;
    private final Scope globals;
    private StringBuilder out = new StringBuilder();

    private Renderer(Map<String, Object> values, Budget budget) {
        this.budget = budget;
        this.evaluator = new ExpressionEvaluator(budget);
        this.globals = new Scope(null);
        new Globals(budget).all().forEach(globals::set);
        values.forEach(globals::set);
    }

    /// @param values by the names that the template knows them by
    /// @throws TemplateException where the template fails, asks for too much, or raises one
    static String render(List<Node> template, Map<String, Object> values) {
        var renderer = new Renderer(values, new Budget());
        renderer.follow(template, renderer.globals);
        return renderer.out.toString();
    }

    private void write(String text) {
        budget.size(
                (long) out.length() + text.length() > Budget.LONGEST
                        ? Long.MAX_VALUE
                        : text.length());
        out.append(text);
    }

    private Leave follow(List<Node> nodes, Scope scope) {
        for (Node node : nodes) {
            budget.step();
            budget.enter();
            Leave leave = follow(node, scope);
            budget.leave();
            if (leave != Leave.NOTHING) {
                return leave;
            }
        }
        return Leave.NOTHING;
    }

    private Leave follow(Node node, Scope scope) {
        switch (node) {
            case Node.Text(String text) -> write(text);
            case Node.Print(Expression of, int line) ->
                    write(at(line, () -> Values.text(evaluator.of(of, scope), budget)));
            case Node.If branches -> {
                return branch(branches, scope);
            }
            case Node.For loop -> {
                return loop(loop, scope);
            }
            case Node.Set set -> set(set, scope);
            case Node.SetBlock(String name, List<Node> body, int _) ->
                    scope.set(name, captured(body, scope));
            case Node.Macro macro -> scope.set(macro.name(), callable(macro));
            case Node.Generation(List<Node> body) -> {
                return follow(body, scope);
            }
            case Node.Filtered(
                            String filter,
                            Expression.Arguments arguments,
                            List<Node> body,
                            int line) -> {
                String text = captured(body, scope);
                write(
                        at(
                                line,
                                () ->
                                        Values.text(
                                                evaluator.filtered(filter, text, arguments, scope),
                                                budget)));
            }
            case Node.Break _ -> {
                return Leave.BREAK;
            }
            case Node.Continue _ -> {
                return Leave.CONTINUE;
            }
        }
        return Leave.NOTHING;
    }

    private interface Work<T> {
        T done();
    }

    /// Says the line of what goes wrong, where nothing within it has.
    private static <T> T at(int line, Work<T> work) {
        try {
            return work.done();
        } catch (TemplateException e) {
            throw e.getMessage().startsWith("line ")
                    ? e
                    : new TemplateException(e.getMessage(), line);
        }
    }

    private String captured(List<Node> body, Scope scope) {
        StringBuilder before = out;
        out = new StringBuilder();
        try {
            follow(body, new Scope(scope));
            return out.toString();
        } finally {
            out = before;
        }
    }

    private Leave branch(Node.If branches, Scope scope) {
        for (int i = 0; i < branches.bodies().size(); i++) {
            boolean otherwise = i == branches.conditions().size();
            Expression condition = otherwise ? null : branches.conditions().get(i);
            if (otherwise
                    || at(branches.line(), () -> Values.isTrue(evaluator.of(condition, scope)))) {
                return follow(branches.bodies().get(i), scope);
            }
        }
        return Leave.NOTHING;
    }

    private Leave loop(Node.For loop, Scope scope) {
        List<Object> items =
                at(loop.line(), () -> Values.items(evaluator.of(loop.items(), scope), budget));
        if (loop.condition() != null) {
            var chosen = new ArrayList<Object>();
            for (Object item : items) {
                var inner = new Scope(scope);
                unpack(loop.names(), item, inner, loop.line());
                if (at(loop.line(), () -> Values.isTrue(evaluator.of(loop.condition(), inner)))) {
                    chosen.add(item);
                }
            }
            items = chosen;
        }
        if (items.isEmpty()) {
            return follow(loop.otherwise(), new Scope(scope));
        }
        for (int i = 0; i < items.size(); i++) {
            var inner = new Scope(scope);
            inner.set("loop", state(items, i));
            unpack(loop.names(), items.get(i), inner, loop.line());
            if (follow(loop.body(), inner) == Leave.BREAK) {
                break;
            }
        }
        return Leave.NOTHING;
    }

    private Namespace state(List<Object> items, int i) {
        var state = new LinkedHashMap<String, Object>();
        int size = items.size();
        state.put("index", i + 1L);
        state.put("index0", (long) i);
        state.put("revindex", (long) size - i);
        state.put("revindex0", size - i - 1L);
        state.put("first", i == 0);
        state.put("last", i == size - 1);
        state.put("length", (long) size);
        state.put("depth", 1L);
        state.put("depth0", 0L);
        if (i > 0) {
            state.put("previtem", items.get(i - 1));
        }
        if (i < size - 1) {
            state.put("nextitem", items.get(i + 1));
        }
        Callable cycle = (positional, _) -> positional.get(i % positional.size());
        state.put("cycle", cycle);
        return new Namespace(state, false);
    }

    private void unpack(List<String> names, Object value, Scope scope, int line) {
        if (names.size() == 1) {
            scope.set(names.getFirst(), value);
            return;
        }
        List<Object> parts = at(line, () -> Values.items(value, budget));
        if (parts.size() != names.size()) {
            throw new TemplateException(
                    parts.size() + " values for " + names.size() + " names", line);
        }
        for (int i = 0; i < names.size(); i++) {
            scope.set(names.get(i), parts.get(i));
        }
    }

    private void set(Node.Set set, Scope scope) {
        Object value = at(set.line(), () -> evaluator.of(set.value(), scope));
        if (set.attribute() == null) {
            unpack(set.names(), value, scope, set.line());
        } else if (scope.get(set.names().getFirst()) instanceof Namespace namespace
                && namespace.isOpen()) {
            namespace.values().put(set.attribute(), value);
        } else {
            throw new TemplateException(
                    "'" + set.names().getFirst() + "' is no namespace", set.line());
        }
    }

    private Callable callable(Node.Macro macro) {
        return (positional, named) -> {
            if (positional.size() > macro.parameters().size()
                    || !macro.parameters().containsAll(named.keySet())) {
                throw new TemplateException(macro.name() + " has other parameters");
            }
            var scope = new Scope(globals);
            for (int i = 0; i < macro.parameters().size(); i++) {
                String parameter = macro.parameters().get(i);
                Expression otherwise = macro.defaults().get(i);
                scope.set(
                        parameter,
                        i < positional.size()
                                ? positional.get(i)
                                : named.containsKey(parameter)
                                        ? named.get(parameter)
                                        : otherwise == null
                                                ? new Undefined(parameter)
                                                : evaluator.of(otherwise, scope));
            }
            return captured(macro.body(), scope);
        };
    }
}
