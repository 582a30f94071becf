package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.models.block.LinearModule;
import cglora.models.curvature.TrackedGradient;
import cglora.models.graph.Graph;
import cglora.models.graph.Matmul;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.SymmetricSpectrum;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/// The gradients of all layers as thin factors, followed part by part ([TrackedGradient]): on the
/// engine the columns of each layer and the sums of a part, on the host what is known.
final class ThinGradients {
    private final Engine engine;
    private final List<LinearModule> modules;
    private final Layout layout;
    private final Map<String, Buffers> buffers = new LinkedHashMap<>();
    private final Map<String, TrackedGradient> tracked = new LinkedHashMap<>();
    private final int k;

    /// @param Omega [in, k]
    /// @param Psi   [out, l]
    /// @param Y     `Σ dy xᵀΩ` [out, k] of a part
    /// @param W     `Σ x dyᵀΨ` [in, l] of a part
    private record Buffers(Buffer Omega, Buffer Psi, Buffer Y, Buffer W) {}

    /// @param sizes with no more columns than the smallest side of a layer
    ThinGradients(Engine engine, List<LinearModule> modules, SketchSizes sizes) {
        this.engine = engine;
        this.layout = engine.layout();
        this.modules = modules;
        this.k = sizes.gradientColumns();
        for (LinearModule module : modules) {
            String name = module.name();
            int l = sizes.outputGradientColumns(Math.min(module.in(), module.out()));
            buffers.put(
                    name,
                    new Buffers(
                            buffer(name + ".Omega", (long) module.in() * k),
                            buffer(name + ".Psi", (long) module.out() * l),
                            buffer(name + ".Y", (long) module.out() * k),
                            buffer(name + ".W", (long) module.in() * l)));
        }
    }

    private Buffer buffer(String name, long size) {
        return layout.allocate(Region.STATE, name, size);
    }

    /// Bytes on the engine.
    long bytes() {
        return layout.bytes();
    }

    /// Numbers on the host, in float64.
    long hostNumbers() {
        return buffers.values().stream()
                .mapToLong(
                        b ->
                                b.Omega().length()
                                        + b.Psi().length()
                                        + b.Y().length()
                                        + b.W().length())
                .sum();
    }

    /// Draws the first columns.
    void begin(SplittableRandom random) {
        engine.allocate(layout);
        for (LinearModule module : modules) {
            Buffers b = buffers.get(module.name());
            tracked.put(
                    module.name(),
                    new TrackedGradient(
                            gaussian(module.in(), b.Omega(), random),
                            gaussian(module.out(), b.Psi(), random),
                            random.split()));
            writeColumns(module);
        }
    }

    private static Matrix gaussian(int rows, Buffer buffer, SplittableRandom random) {
        Matrix drawn = Matrix.zero(rows, buffer.length() / rows);
        for (int i = 0; i < drawn.values().length; i++) {
            drawn.values()[i] = random.nextGaussian();
        }
        return drawn;
    }

    private void writeColumns(LinearModule module) {
        Buffers b = buffers.get(module.name());
        engine.write(b.Omega(), tracked.get(module.name()).Omega().toFloats());
        engine.write(b.Psi(), tracked.get(module.name()).Psi().toFloats());
    }

    /// Appends what a gradient `dyᵀ x` adds to the sums of the part.
    void add(Graph graph, LinearModule module, Tensor x, Tensor dy) {
        Buffers b = buffers.get(module.name());
        Tensor P = product(graph, x, b.Omega());
        sum(graph, dy, P, b.Y());
        Tensor Q = product(graph, dy, b.Psi());
        sum(graph, x, Q, b.W());
    }

    /// `x · columns`.
    static Tensor product(Graph graph, Tensor x, Buffer columns) {
        int size = x.shape().last();
        Tensor factor = tensor(graph, columns, size, columns.length() / size);
        return graph.apply(Matmul.of(Matmul.Form.NN, x, factor));
    }

    /// `sum += xᵀ · y`.
    static void sum(Graph graph, Tensor x, Tensor y, Buffer sum) {
        Tensor total = tensor(graph, sum, x.shape().last(), y.shape().last());
        graph.add(new Matmul(Matmul.Form.TN, x, y, 1f, total));
    }

    private static Tensor tensor(Graph graph, Buffer buffer, int rows, int columns) {
        return graph.persistent(buffer.name(), Shape.of(rows, columns), buffer);
    }

    /// Takes the sums of a part, turns the columns and begins the next part.
    ///
    /// @param terms   that the gradient is a mean over, of all parts
    /// @param factors of a layer so far, the input's and the output's; in any unit
    void endPart(long terms, Function<LinearModule, SymmetricSpectrum[]> factors) {
        record Part(LinearModule module, Matrix Y, Matrix W, SymmetricSpectrum[] factors) {}
        modules.stream()
                .map(
                        module -> {
                            Buffers b = buffers.get(module.name());
                            return new Part(
                                    module,
                                    taken(b.Y(), module.out(), terms),
                                    taken(b.W(), module.in(), terms),
                                    factors.apply(module));
                        })
                .toList()
                .parallelStream()
                .forEach(
                        part -> {
                            TrackedGradient gradient = tracked.get(part.module().name());
                            gradient.add(part.Y(), part.W());
                            gradient.turn(part.factors()[0], part.factors()[1]);
                        });
        modules.forEach(this::writeColumns);
    }

    /// What a sum is; it is zero afterwards.
    private Matrix taken(Buffer sum, int rows, long terms) {
        float[] values = engine.read(sum);
        engine.write(sum, new float[values.length]);
        return Matrix.ofQuotient(rows, values.length / rows, values, terms);
    }

    /// What is known in the end, by layer; the engine's memory comes back.
    Map<String, TrackedGradient> end() {
        engine.release(layout);
        return tracked;
    }
}
