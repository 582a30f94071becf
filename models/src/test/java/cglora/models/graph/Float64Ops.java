package cglora.models.graph;

import cglora.kernels.check.Activation64;
import cglora.kernels.check.Attention64;
import cglora.kernels.check.Dropout64;
import cglora.kernels.check.Float64;
import cglora.kernels.check.Norm64;
import cglora.kernels.check.Sequence64;
import cglora.kernels.reduction.ReductionKernels;

/// Every op of a forward pass once more in float64, from its formula. The switch is complete: a
/// new op does not compile without its line here.
final class Float64Ops {
    private Float64Ops() {}

    /// The first output of `op`, the one that has a gradient.
    ///
    /// @throws IllegalArgumentException for ops that only appear in gradients, whose reference is
    ///     the finite difference
    static double[] value(Op op, Float64Values values) {
        return switch (op) {
            case AddInto o -> Float64.add(1, values.of(o.x()), values.of(o.sum()));
            case Attention o -> attention(o, values);
            case BiasedAttention o -> SequenceOps64.biasedAttention(o, values);
            case BiasGelu o -> biasGelu(o, values);
            case BiasRelu o -> relu(withBias(values.of(o.x()), values.of(o.bias())));
            case ClsPool o -> clsPool(o, values);
            case Copy o -> values.of(o.x()).clone();
            case CrossEntropy o -> crossEntropy(o, values);
            case Dot o -> dot(values.of(o.x()), values.of(o.y()));
            case Dropout o -> dropout(o, values);
            case Embedding o -> embedding(o, values);
            case EmbeddingPair o -> embeddingPair(o, values);
            case EmbeddingSum o -> embeddingSum(o, values);
            case GatedActivation o -> gated(o, values);
            case GatherRows o -> gatherRows(o, values);
            case Gram o -> gram(o, values);
            case KeepRows o -> keepRows(o, values);
            case LastPool o -> lastPool(o, values);
            case Squares o -> squares(values.of(o.x()));
            case LayerNorm o ->
                    layerNorm(
                            o.x().shape(), values.of(o.x()), o.gain(), o.shift(), o.eps(), values);
            case Linear o ->
                    linear(
                            values.of(o.x()),
                            values.of(o.weight()),
                            o.bias(),
                            o.weight().shape(),
                            values);
            case LoraLinear o -> loraLinear(o, values);
            case LowRankUpdate o -> lowRankUpdate(o, values);
            case MaskRows o -> maskRows(o, values);
            case Matmul o -> matmul(o, values);
            case MeanPool o -> meanPool(o, values);
            case NewtonSchulzFactor o -> newtonSchulzFactor(o, values);
            case PickSequences o -> SequenceOps64.pickSequences(o, values);
            case RelativeBias o -> SequenceOps64.relativeBias(o, values);
            case Relu o -> relu(values.of(o.x()));
            case RowArgMax o -> SequenceOps64.rowArgMax(o, values);
            case ResidualLayerNorm o -> residualLayerNorm(o, values);
            case RmsNorm o -> rmsNorm(o, values);
            case Rotary o -> rotary(o, values);
            case Scale o -> Float64.scale(o.factor(), values.of(o.x()));
            case SquaredError o -> squaredError(values.of(o.prediction()), values.of(o.target()));
            case TakeRows o -> takeRows(o, values);
            case Tanh o -> tanh(values.of(o.x()));
            case AttentionGradient _,
                    BiasedAttentionBiasGradient _,
                    BiasedAttentionKeyGradient _,
                    BiasedAttentionQueryGradient _,
                    BiasGeluGradient _,
                    BiasReluGradient _,
                    ClsPoolGradient _,
                    ColumnSum _,
                    CrossEntropyGradient _,
                    EmbeddingGradient _,
                    GatedActivationGradient _,
                    LastPoolGradient _,
                    LayerNormInputGradient _,
                    LayerNormWeightGradient _,
                    LoraBackward _,
                    LoraGradient _,
                    LoraMerge _,
                    LowRankBackProject _,
                    LowRankGradientB _,
                    MeanPoolGradient _,
                    RmsNormInputGradient _,
                    RmsNormWeightGradient _,
                    RelativeBiasGradient _,
                    ReluGradient _,
                    SquaredErrorGradient _,
                    TakeRowsGradient _,
                    TanhGradient _ ->
                    throw new IllegalArgumentException(op + " belongs to a gradient");
        };
    }

    private static double[] attention(Attention o, Float64Values values) {
        var sizes =
                new Attention64.Heads(
                        o.batch(),
                        o.heads(),
                        o.width(),
                        o.headSize(),
                        o.keyHeads(),
                        o.keyWidth(),
                        o.mask());
        double[] q = values.of(o.q());
        double[] k = values.of(o.k());
        double[] v = values.of(o.v());
        return Attention64.attention(sizes, o.scale(), q, k, v, values.ints(o.lengths())).out();
    }

    private static double[] biasGelu(BiasGelu o, Float64Values values) {
        double[] x = withBias(values.of(o.x()), values.of(o.bias()));
        return Float64.vector(
                x.length, i -> o.exact() ? Activation64.gelu(x[i]) : Activation64.geluTanh(x[i]));
    }

    private static double[] relu(double[] x) {
        return Float64.vector(x.length, i -> Math.max(x[i], 0));
    }

    private static double[] withBias(double[] x, double[] bias) {
        return Float64.vector(x.length, i -> x[i] + bias[i % bias.length]);
    }

    private static double[] clsPool(ClsPool o, Float64Values values) {
        double[] x = values.of(o.x());
        int batch = Math.toIntExact(o.lengths().shape().size());
        int hidden = o.x().shape().last();
        return Float64.matrix(batch, hidden, (b, i) -> x[b * (x.length / batch) + i]);
    }

    private static double[] crossEntropy(CrossEntropy o, Float64Values values) {
        double[] logits = values.of(o.logits());
        int[] labels = values.ints(o.labels());
        int classes = o.logits().shape().last();
        return Float64.vector(
                labels.length,
                r ->
                        labels[r] < 0
                                ? 0
                                : Float64.logSumExp(classes, c -> logits[r * classes + c])
                                        - logits[r * classes + labels[r]]);
    }

    private static double[] dot(double[] x, double[] y) {
        return new double[] {Float64.sum(x.length, i -> x[i] * y[i])};
    }

    private static double[] dropout(Dropout o, Float64Values values) {
        double[] x = values.of(o.x());
        int seed = values.ints(o.seed())[0];
        double kept = 1 / (1 - (double) o.rate());
        return Float64.vector(
                x.length, i -> Dropout64.uniform(seed, o.key(), i) < o.rate() ? 0 : x[i] * kept);
    }

    private static double[] embedding(Embedding o, Float64Values values) {
        int[] words = values.ints(o.words());
        double[] word = values.of(o.word());
        int hidden = o.word().shape().last();
        return Float64.matrix(words.length, hidden, (r, i) -> word[words[r] * hidden + i]);
    }

    private static double[] embeddingPair(EmbeddingPair o, Float64Values values) {
        int[] words = values.ints(o.words());
        int[] positions = values.ints(o.positions());
        double[] word = values.of(o.word());
        double[] position = values.of(o.position());
        int hidden = o.word().shape().last();
        return Float64.matrix(
                words.length,
                hidden,
                (r, i) -> word[words[r] * hidden + i] + position[positions[r] * hidden + i]);
    }

    private static double[] embeddingSum(EmbeddingSum o, Float64Values values) {
        int[] words = values.ints(o.words());
        int[] positions = values.ints(o.positions());
        int[] types = values.ints(o.types());
        double[] word = values.of(o.word());
        double[] position = values.of(o.position());
        double[] type = values.of(o.type());
        int hidden = o.word().shape().last();
        return Float64.matrix(
                words.length,
                hidden,
                (r, i) ->
                        word[words[r] * hidden + i]
                                + position[positions[r] * hidden + i]
                                + type[types[r] * hidden + i]);
    }

    private static double[] squares(double[] x) {
        double[] sums = new double[Math.ceilDiv(x.length, ReductionKernels.BLOCK)];
        for (int i = 0; i < x.length; i++) {
            sums[i / ReductionKernels.BLOCK] += x[i] * x[i];
        }
        return sums;
    }

    private static double[] gram(Gram o, Float64Values values) {
        double[] x = values.of(o.x());
        int n = o.x().shape().last();
        return Float64.add(1, Float64.matmulTN(n, n, x.length / n, x, x), values.of(o.gram()));
    }

    private static double[] newtonSchulzFactor(NewtonSchulzFactor o, Float64Values values) {
        double[] product = values.of(o.product());
        double[] c = values.of(o.coefficients());
        int n = o.product().shape().last();
        return Float64.matrix(n, n, (i, j) -> (i == j ? c[0] : 0) + c[1] * product[i * n + j]);
    }

    private static double[] layerNorm(
            Shape shape, double[] x, Tensor gain, Tensor shift, float eps, Float64Values values) {
        return Norm64.layerNorm(
                        shape.rows(), shape.last(), eps, x, values.of(gain), values.of(shift))
                .y();
    }

    /// @param bias null for none
    /// @param shape of the weight, [out, in]
    private static double[] linear(
            double[] x, double[] weight, Tensor bias, Shape shape, Float64Values values) {
        int in = shape.last();
        double[] y = Float64.matmulNT(x.length / in, shape.rows(), in, x, weight);
        return bias == null ? y : withBias(y, values.of(bias));
    }

    private static double[] loraLinear(LoraLinear o, Float64Values values) {
        Shape shape = o.weight().shape();
        double[] product =
                Float64.matmul(
                        shape.rows(),
                        shape.last(),
                        o.loraA().shape().rows(),
                        values.of(o.loraB()),
                        values.of(o.loraA()));
        double[] merged = Float64.add(o.scaling(), product, values.of(o.weight()));
        return linear(values.of(o.x()), merged, o.bias(), shape, values);
    }

    private static double[] lowRankUpdate(LowRankUpdate o, Float64Values values) {
        Shape shape = o.base().shape();
        double[] product =
                Float64.matmulNT(
                        shape.rows(),
                        shape.last(),
                        o.u().shape().last(),
                        values.of(o.u()),
                        values.of(o.loraB()));
        return Float64.add(o.scaling(), product, values.of(o.base()));
    }

    private static double[] maskRows(MaskRows o, Float64Values values) {
        double[] x = values.of(o.x());
        int[] lengths = values.ints(o.lengths());
        int rows = o.x().shape().rows();
        int width = rows / lengths.length;
        int hidden = o.x().shape().last();
        return Float64.matrix(
                rows, hidden, (r, i) -> r % width < lengths[r / width] ? x[r * hidden + i] : 0);
    }

    private static double[] matmul(Matmul o, Float64Values values) {
        Shape a = o.a().shape();
        Shape b = o.b().shape();
        double[] x = values.of(o.a());
        double[] y = values.of(o.b());
        double[] product =
                switch (o.form()) {
                    case NN -> Float64.matmul(a.rows(), b.last(), a.last(), x, y);
                    case NT -> Float64.matmulNT(a.rows(), b.rows(), a.last(), x, y);
                    case TN -> Float64.matmulTN(a.last(), b.last(), a.rows(), x, y);
                };
        return o.sum() == null
                ? Float64.scale(o.alpha(), product)
                : Float64.add(o.alpha(), product, values.of(o.sum()));
    }

    private static double[] meanPool(MeanPool o, Float64Values values) {
        int[] lengths = values.ints(o.lengths());
        int width = o.x().shape().rows() / lengths.length;
        return Sequence64.meanPool(
                lengths.length, width, o.x().shape().last(), values.of(o.x()), lengths);
    }

    private static double[] residualLayerNorm(ResidualLayerNorm o, Float64Values values) {
        double[] sum =
                Float64.add(
                        1,
                        values.of(o.residual()),
                        withBias(values.of(o.x()), values.of(o.bias())));
        return layerNorm(o.x().shape(), sum, o.gain(), o.shift(), o.eps(), values);
    }

    private static double[] rmsNorm(RmsNorm o, Float64Values values) {
        double[] x = values.of(o.x());
        int hidden = o.gain().shape().last();
        return Norm64.rmsNorm(x.length / hidden, hidden, o.eps(), x, values.of(o.gain())).y();
    }

    private static double[] gated(GatedActivation o, Float64Values values) {
        double[] gate = values.of(o.gate());
        double[] up = values.of(o.up());
        return Float64.vector(
                gate.length,
                i ->
                        up[i]
                                * (o.form() == GatedActivation.Form.SILU
                                        ? Activation64.silu(gate[i])
                                        : Activation64.geluTanh(gate[i])));
    }

    private static double[] keepRows(KeepRows o, Float64Values values) {
        double[] x = values.of(o.x());
        int[] starts = values.ints(o.starts());
        double[] kept = values.of(o.cache()).clone();
        int size = o.x().shape().last();
        for (int b = 0; b < starts.length; b++) {
            System.arraycopy(
                    x,
                    b * o.width() * size,
                    kept,
                    (b * o.positions() + starts[b]) * size,
                    o.width() * size);
        }
        return kept;
    }

    private static double[] takeRows(TakeRows o, Float64Values values) {
        double[] x = values.of(o.x());
        int[] starts = values.ints(o.starts());
        int hidden = o.x().shape().last();
        return Float64.matrix(
                o.batch() * o.taken(),
                hidden,
                (r, i) -> {
                    int token = starts[r / o.taken()] + r % o.taken();
                    return token < o.width()
                            ? x[(r / o.taken() * o.width() + token) * hidden + i]
                            : 0;
                });
    }

    private static double[] gatherRows(GatherRows o, Float64Values values) {
        double[] x = values.of(o.x());
        int[] places = values.ints(o.places());
        int hidden = o.x().shape().last();
        return Float64.matrix(
                places.length, hidden, (r, i) -> places[r] < 0 ? 0 : x[places[r] * hidden + i]);
    }

    private static double[] lastPool(LastPool o, Float64Values values) {
        double[] x = values.of(o.x());
        int[] lengths = values.ints(o.lengths());
        int hidden = o.x().shape().last();
        int width = o.x().shape().rows() / lengths.length;
        return Float64.matrix(
                lengths.length,
                hidden,
                (b, i) -> lengths[b] == 0 ? 0 : x[(b * width + lengths[b] - 1) * hidden + i]);
    }

    private static double[] rotary(Rotary o, Float64Values values) {
        Shape x = o.x().shape();
        return Sequence64.rotary(
                x.rows(),
                o.heads(),
                x.last() / o.heads(),
                o.cos().shape().last(),
                o.back() ? -1 : 1,
                values.of(o.x()),
                values.ints(o.positions()),
                values.of(o.cos()),
                values.of(o.sin()));
    }

    private static double[] squaredError(double[] prediction, double[] target) {
        return Float64.vector(target.length, r -> Math.pow(prediction[r] - target[r], 2));
    }

    private static double[] tanh(double[] x) {
        return Float64.vector(x.length, i -> Math.tanh(x[i]));
    }
}
