package cglora.models.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/// Reverse-mode differentiation of a [Graph]: appends the ops that compute the gradients asked
/// for, and none that no asked-for gradient needs. Frozen weights get no gradient, and nothing
/// flows below the lowest tensor that is wanted. Parts of the graph that are [Graph#recomputed] are
/// computed again right before their gradients, which are those of the new nodes then: the same
/// ops in the same order, so that the gradients are the same to the bit.
public final class Autodiff {
    private final Graph graph;
    private final Map<Tensor, Tensor> gradients = new HashMap<>();
    private final Set<Tensor> needed = new HashSet<>();
    private final Set<Tensor> used = new HashSet<>();
    private final Map<Tensor, Tensor> originals = new HashMap<>();

    private Autodiff(Graph graph) {
        this.graph = graph;
    }

    /// Gradients of `Σ y · dy` with respect to `wanted`.
    ///
    /// @param y      where differentiation starts
    /// @param dy     its gradient, same shape
    /// @param wanted parameters, inputs or intermediate tensors
    /// @return one gradient a wanted tensor
    /// @throws IllegalArgumentException when `y` does not depend on one of them
    public static Map<Tensor, Tensor> gradients(
            Graph graph, Tensor y, Tensor dy, Collection<Tensor> wanted) {
        var keep = new HashMap<Tensor, Tensor>();
        return new Autodiff(graph).run(y, dy, wanted, keep::put, true);
    }

    /// The same for gradients that are used up as soon as they are there: `whenComplete` is
    /// called with a wanted tensor and its gradient at the moment when the latter is complete,
    /// and may append ops. Later ops may reuse the gradient's memory.
    public static void consumeGradients(
            Graph graph,
            Tensor y,
            Tensor dy,
            Collection<Tensor> wanted,
            BiConsumer<Tensor, Tensor> whenComplete) {
        new Autodiff(graph).run(y, dy, wanted, whenComplete, false);
    }

    private Map<Tensor, Tensor> run(
            Tensor y,
            Tensor dy,
            Collection<Tensor> wanted,
            BiConsumer<Tensor, Tensor> whenComplete,
            boolean keep) {
        var wantedSet = new HashSet<>(wanted);
        needed.addAll(wantedSet);
        List<Node> forward = new ArrayList<>(graph.nodes());
        for (Node node : forward) {
            if (node.op().inputs().stream().anyMatch(needed::contains)) {
                needed.addAll(node.outputs());
            }
        }
        if (!needed.contains(y)) {
            throw new IllegalArgumentException(y + " depends on none of " + wanted);
        }
        gradients.put(y, dy);
        var owners = new ArrayList<Tensor>();
        owners.add(y);
        int parts = graph.recomputed().size();
        for (int i = forward.size() - 1; i >= 0; i--) {
            while (parts > 0 && graph.recomputed().get(parts - 1).end() > i + 1) {
                parts--;
            }
            if (parts > 0 && graph.recomputed().get(parts - 1).end() == i + 1) {
                recompute(graph.recomputed().get(--parts), forward, owners);
            }
            Node node = forward.get(i);
            Tensor output = node.output(0);
            Tensor gradient = gradients.get(output);
            if (gradient == null) {
                continue;
            }
            Tensor original = originals.getOrDefault(output, output);
            if (wantedSet.contains(original)) {
                whenComplete.accept(original, gradient);
            }
            for (Gradient rule :
                    node.op().gradients(graph, node.outputs(), gradient, needed::contains)) {
                if (needed.contains(rule.input())) {
                    accumulate(rule, owners, keep ? wantedSet : Set.of());
                }
            }
            used.add(output);
        }
        var result = new HashMap<Tensor, Tensor>();
        for (Tensor tensor : wanted) {
            Tensor gradient = gradients.get(graph.latest(tensor));
            if (gradient == null) {
                throw new IllegalArgumentException(y + " does not depend on " + tensor);
            }
            if (tensor.producer() == null) {
                whenComplete.accept(tensor, gradient);
            }
            result.put(tensor, gradient);
        }
        return result;
    }

    /// Computes a part again where a gradient has reached it, and goes on with the new nodes in
    /// the place of the old.
    private void recompute(Recomputed part, List<Node> forward, List<Tensor> owners) {
        List<Node> nodes = forward.subList(part.first(), part.end());
        if (nodes.stream().noneMatch(node -> gradients.containsKey(node.output(0)))) {
            return;
        }
        List<Node> copies = graph.recompute(part);
        for (int i = 0; i < copies.size(); i++) {
            List<Tensor> before = nodes.get(i).outputs();
            for (int k = 0; k < before.size(); k++) {
                Tensor copy = copies.get(i).output(k);
                originals.put(copy, before.get(k));
                if (needed.contains(before.get(k))) {
                    needed.add(copy);
                }
                Tensor gradient = gradients.remove(before.get(k));
                if (gradient != null) {
                    gradients.put(copy, gradient);
                }
            }
        }
        owners.replaceAll(graph::latest);
        Collections.copy(nodes, copies);
    }

    /// Adds one contribution. A rule may hand on a gradient that is also another tensor's; such
    /// memory is only added to in place once that other tensor's gradient has been used.
    private void accumulate(Gradient rule, List<Tensor> owners, Set<Tensor> kept) {
        Tensor input = rule.input();
        Tensor sum = gradients.get(input);
        if (sum != null && isShared(input, sum, owners, kept)) {
            sum = graph.apply(new Copy(sum));
        }
        Tensor total = rule.build().apply(sum);
        gradients.put(input, total);
        if (!owners.contains(input)) {
            owners.add(input);
        }
    }

    private boolean isShared(Tensor input, Tensor sum, List<Tensor> owners, Set<Tensor> kept) {
        if (sum.root().producer() == null) {
            return true; // the seed, or a persistent buffer
        }
        for (Tensor owner : owners) {
            if (owner != input && gradients.get(owner).sharesMemoryWith(sum)) {
                Tensor original = originals.getOrDefault(owner, owner);
                if (!used.contains(owner) || kept.contains(original)) {
                    return true;
                }
            }
        }
        return false;
    }
}
