package cglora.models.whitening;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Planner;
import cglora.kernels.program.Region;
import cglora.models.graph.Graph;
import cglora.models.graph.Matmul;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import cglora.models.linalg.LinearOperator;
import cglora.models.linalg.Matrix;
import java.util.List;
import java.util.Set;

/// The whitened gradient `M = R_s G R_a` [out, in] of layers of one shape on an engine, with its
/// roots `R_s` [out, out] and `R_a` [in, in] beside it; thin products with all three. A side of
/// exponent 0 has no root.
final class EngineGradient implements LinearOperator {
    /// What layers have in common that use the same programs.
    ///
    /// @param columns of thin products
    /// @param input   whether there is an `R_a`
    /// @param output  whether there is an `R_s`
    record Kind(int in, int out, int columns, boolean input, boolean output) {}

    private record Thin(LoadedProgram program, Buffer factor, Buffer product) {}

    private final Engine engine;
    private final Kind kind;
    private final Layout layout;
    private final Buffer inputRoot;
    private final Buffer outputRoot;
    private final Buffer gradient;
    private final Buffer whitened;
    private LoadedProgram takeInput;
    private LoadedProgram takeOutput;
    private LoadedProgram whiten;
    private Thin forward;
    private Thin backward;
    private Thin byInput;
    private Thin byOutput;

    EngineGradient(Engine engine, Kind kind) {
        this.engine = engine;
        this.layout = engine.layout();
        this.kind = kind;
        long in = kind.in();
        long out = kind.out();
        this.inputRoot = kind.input() ? buffer("input root", in * in) : null;
        this.outputRoot = kind.output() ? buffer("output root", out * out) : null;
        this.gradient = buffer("gradient", out * in);
        this.whitened = buffer("whitened gradient", out * in);
        engine.allocate(layout);
    }

    private Buffer buffer(String name, long elements) {
        return layout.allocate(Region.STATE, name, elements);
    }

    /// `R_a` from where it was computed.
    void takeInputRoot(EngineRoot root) {
        if (takeInput == null) {
            takeInput = load("input root", EngineRoot.copy(root.result(), inputRoot));
        }
        takeInput.run();
    }

    /// `R_s` from where it was computed.
    void takeOutputRoot(EngineRoot root) {
        if (takeOutput == null) {
            takeOutput = load("output root", EngineRoot.copy(root.result(), outputRoot));
        }
        takeOutput.run();
    }

    private LoadedProgram load(String name, Launch launch) {
        return engine.load(Planner.plan(name, List.of(launch), Set.of(), Set.of()));
    }

    /// Makes `M`.
    ///
    /// @param G     [out, in]
    /// @param scale that `G` is divided by
    void whiten(Matrix G, double scale) {
        double[] values = G.values();
        engine.fill(
                gradient,
                (target, offset) -> {
                    for (int i = 0; i < values.length; i++) {
                        target[offset + i] = (float) (values[i] / scale);
                    }
                });
        whitening().run();
    }

    private LoadedProgram whitening() {
        if (whiten == null) {
            if (!kind.input() && !kind.output()) {
                whiten = load("no whitening", EngineRoot.copy(gradient, whitened));
                return whiten;
            }
            var graph = new Graph("whitening %d × %d".formatted(kind.out(), kind.in()));
            Tensor M = tensor(graph, gradient, kind.out(), kind.in());
            if (kind.input()) {
                M = product(graph, M, tensor(graph, inputRoot, kind.in(), kind.in()));
            }
            if (kind.output()) {
                M = product(graph, tensor(graph, outputRoot, kind.out(), kind.out()), M);
            }
            graph.store(M, whitened);
            whiten = engine.load(graph.compile(List.of()));
        }
        return whiten;
    }

    private static Tensor tensor(Graph graph, Buffer buffer, int rows, int columns) {
        return graph.persistent(buffer.name(), Shape.of(rows, columns), buffer);
    }

    private static Tensor product(Graph graph, Tensor a, Tensor b) {
        return graph.apply(Matmul.of(Matmul.Form.NN, a, b));
    }

    @Override
    public int rows() {
        return kind.out();
    }

    @Override
    public int columns() {
        return kind.in();
    }

    @Override
    public Matrix multiply(Matrix Y) {
        if (forward == null) {
            forward = thin(Matmul.Form.NN, whitened, kind.out(), kind.in());
        }
        return times(forward, kind.out(), Y);
    }

    @Override
    public Matrix multiplyTransposed(Matrix Y) {
        if (backward == null) {
            backward = thin(Matmul.Form.TN, whitened, kind.out(), kind.in());
        }
        return times(backward, kind.in(), Y);
    }

    /// The same matrix by a factor.
    LinearOperator times(double scale) {
        return new LinearOperator() {
            @Override
            public int rows() {
                return kind.out();
            }

            @Override
            public int columns() {
                return kind.in();
            }

            @Override
            public Matrix multiply(Matrix Y) {
                return EngineGradient.this.multiply(Y).scaled(scale);
            }

            @Override
            public Matrix multiplyTransposed(Matrix Y) {
                return EngineGradient.this.multiplyTransposed(Y).scaled(scale);
            }
        };
    }

    /// `R_a Y`; `Y` where there is no root.
    Matrix byInputRoot(Matrix Y) {
        if (!kind.input()) {
            return Y;
        }
        if (byInput == null) {
            byInput = thin(Matmul.Form.NN, inputRoot, kind.in(), kind.in());
        }
        return times(byInput, kind.in(), Y);
    }

    /// `R_s Y`; `Y` where there is no root.
    Matrix byOutputRoot(Matrix Y) {
        if (!kind.output()) {
            return Y;
        }
        if (byOutput == null) {
            byOutput = thin(Matmul.Form.NN, outputRoot, kind.out(), kind.out());
        }
        return times(byOutput, kind.out(), Y);
    }

    /// A product of a resident matrix with a factor of few columns.
    private Thin thin(Matmul.Form form, Buffer matrix, int rows, int columns) {
        var graph = new Graph("%s by %d columns".formatted(matrix.name(), kind.columns()));
        int inner = form == Matmul.Form.TN ? rows : columns;
        Tensor factor = graph.input("factor", DataType.FLOAT32, Shape.of(inner, kind.columns()));
        Tensor product = graph.apply(Matmul.of(form, tensor(graph, matrix, rows, columns), factor));
        return new Thin(
                engine.load(graph.compile(List.of(product))), factor.buffer(), product.buffer());
    }

    /// @param rows of the product
    /// @param Y    of any number of columns
    private Matrix times(Thin thin, int rows, Matrix Y) {
        int width = kind.columns();
        Matrix result = Matrix.zero(rows, Y.columns());
        float[] factor = new float[Y.rows() * width];
        float[] product = new float[rows * width];
        for (int start = 0; start < Y.columns(); start += width) {
            int count = Math.min(width, Y.columns() - start);
            for (int i = 0; i < Y.rows(); i++) {
                for (int j = 0; j < width; j++) {
                    factor[i * width + j] = j < count ? (float) Y.get(i, start + j) : 0f;
                }
            }
            thin.program().write(thin.factor(), factor);
            thin.program().run();
            thin.program().read(thin.product(), product);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < count; j++) {
                    result.values()[i * Y.columns() + start + j] = product[i * width + j];
                }
            }
        }
        return result;
    }

    /// `R_a` itself, [in, in].
    float[] inputRoot() {
        return engine.read(inputRoot);
    }

    /// `R_s` itself, [out, out].
    float[] outputRoot() {
        return engine.read(outputRoot);
    }

    /// Makes the largest programs, for their memory.
    void plan() {
        whitening();
        multiply(Matrix.zero(kind.in(), 0));
        multiplyTransposed(Matrix.zero(kind.out(), 0));
    }

    void release() {
        engine.release(layout);
    }
}
