package cglora.models.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// One way to build an op over inputs of random sizes and values.
///
/// @param name the op's, and which of its variants it is
/// @param make draws the inputs
record OpSample(String name, Function<OpInputs, Op> make) {
    @Override
    public String toString() {
        return name;
    }

    /// All variants of all ops of forward passes.
    static List<OpSample> all() {
        var samples = new ArrayList<OpSample>();
        samples.addAll(products());
        samples.addAll(rows());
        samples.addAll(sequences());
        samples.addAll(elements());
        samples.addAll(DecoderOpSamples.all());
        samples.addAll(SequenceOpSamples.all());
        return samples;
    }

    private static List<OpSample> products() {
        var samples = new ArrayList<OpSample>();
        for (Matmul.Form form : Matmul.Form.values()) {
            samples.add(new OpSample("Matmul " + form, d -> matmul(d, form, false)));
            samples.add(new OpSample("Matmul " + form + " added", d -> matmul(d, form, true)));
            samples.add(
                    new OpSample(
                            "Matmul " + form + " of one matrix",
                            d -> {
                                int n = d.size();
                                Tensor a = d.floats(n, n);
                                return new Matmul(form, a, a, -1.25f, null);
                            }));
        }
        samples.add(new OpSample("Linear", d -> linear(d, true)));
        samples.add(new OpSample("Linear without bias", d -> linear(d, false)));
        samples.add(new OpSample("LoraLinear", d -> loraLinear(d, true)));
        samples.add(new OpSample("LoraLinear without bias", d -> loraLinear(d, false)));
        samples.add(
                new OpSample(
                        "LowRankUpdate",
                        d -> {
                            int rows = d.size();
                            int out = d.size();
                            int r = d.size();
                            return new LowRankUpdate(
                                    d.floats(rows, out),
                                    d.floats(rows, r),
                                    d.floats(out, r),
                                    d.oneOf(0.5f, 2f));
                        }));
        samples.add(
                new OpSample(
                        "Gram",
                        d -> {
                            int n = d.size();
                            return new Gram(d.constants(d.size(), n), d.constants(n, n));
                        }));
        samples.add(
                new OpSample(
                        "Dot",
                        d -> {
                            int n = d.size();
                            return new Dot(d.constants(n), d.constants(n));
                        }));
        samples.add(
                new OpSample(
                        "NewtonSchulzFactor",
                        d -> {
                            int n = d.size();
                            return new NewtonSchulzFactor(d.constants(n, n), d.constants(2));
                        }));
        samples.add(new OpSample("Squares", d -> new Squares(d.constants(d.size(), d.size()))));
        return samples;
    }

    private static Op matmul(OpInputs d, Matmul.Form form, boolean added) {
        int m = d.size();
        int n = d.size();
        int k = d.size();
        Tensor a = form == Matmul.Form.TN ? d.floats(k, m) : d.floats(m, k);
        Tensor b = form == Matmul.Form.NT ? d.floats(n, k) : d.floats(k, n);
        return new Matmul(form, a, b, 0.5f, added ? d.floats(m, n) : null);
    }

    private static Op linear(OpInputs d, boolean biased) {
        int in = d.size();
        int out = d.size();
        return new Linear(d.floats(d.size(), in), d.floats(out, in), biased ? d.floats(out) : null);
    }

    private static Op loraLinear(OpInputs d, boolean biased) {
        int in = d.size();
        int out = d.size();
        int r = d.size();
        return new LoraLinear(
                d.floats(d.size(), in),
                d.constants(out, in),
                biased ? d.floats(out) : null,
                d.floats(r, in),
                d.floats(out, r),
                d.oneOf(0.5f, 2f));
    }

    private static List<OpSample> rows() {
        return List.of(
                new OpSample("BiasGelu exact", d -> biasGelu(d, true)),
                new OpSample("BiasGelu tanh", d -> biasGelu(d, false)),
                new OpSample(
                        "BiasRelu",
                        d -> {
                            int width = d.size();
                            return new BiasRelu(d.floats(d.size(), width), d.floats(width));
                        }),
                new OpSample(
                        "LayerNorm",
                        d -> {
                            int hidden = d.size();
                            return new LayerNorm(
                                    d.floats(d.size(), hidden),
                                    d.floats(hidden),
                                    d.floats(hidden),
                                    d.oneOf(1e-12f, 1e-5f, 0.1f));
                        }),
                new OpSample(
                        "ResidualLayerNorm",
                        d -> {
                            int rows = d.size();
                            int hidden = d.size();
                            return new ResidualLayerNorm(
                                    d.floats(rows, hidden),
                                    d.floats(hidden),
                                    d.floats(rows, hidden),
                                    d.floats(hidden),
                                    d.floats(hidden),
                                    d.oneOf(1e-12f, 1e-5f, 0.1f));
                        }),
                new OpSample(
                        "CrossEntropy",
                        d -> {
                            int rows = d.size();
                            int classes = d.size();
                            return new CrossEntropy(
                                    d.floats(rows, classes), d.ints(-1, classes, rows));
                        }),
                new OpSample(
                        "SquaredError",
                        d -> {
                            int rows = d.size();
                            return new SquaredError(d.floats(rows, 1), d.constants(rows));
                        }));
    }

    private static Op biasGelu(OpInputs d, boolean exact) {
        int width = d.size();
        return new BiasGelu(d.floats(d.size(), width), d.floats(width), exact);
    }

    private static List<OpSample> sequences() {
        return List.of(
                new OpSample(
                        "Attention",
                        d -> {
                            int batch = d.oneOf(1, 2, 3);
                            int width = d.oneOf(1, 2, 3, 5, 7);
                            int heads = d.oneOf(1, 2, 3);
                            int headSize = d.oneOf(1, 3, 5);
                            int rows = batch * width;
                            int hidden = heads * headSize;
                            return new Attention(
                                    d.floats(rows, hidden),
                                    d.floats(rows, hidden),
                                    d.floats(rows, hidden),
                                    d.ints(0, width + 1, batch),
                                    heads,
                                    (float) (1 / Math.sqrt(headSize)));
                        }),
                new OpSample(
                        "ClsPool",
                        d -> {
                            int batch = d.size();
                            int width = d.size();
                            return new ClsPool(
                                    d.floats(batch * width, d.size()), d.ints(0, width + 1, batch));
                        }),
                new OpSample(
                        "MeanPool",
                        d -> {
                            int batch = d.size();
                            int width = d.size();
                            return new MeanPool(
                                    d.floats(batch * width, d.size()), d.ints(0, width + 1, batch));
                        }),
                new OpSample(
                        "MaskRows",
                        d -> {
                            int batch = d.size();
                            int width = d.size();
                            return new MaskRows(
                                    d.constants(batch * width, d.size()),
                                    d.ints(0, width + 1, batch));
                        }),
                new OpSample(
                        "EmbeddingPair",
                        d -> {
                            int rows = d.size();
                            int hidden = d.size();
                            return new EmbeddingPair(
                                    d.ints(0, 7, rows),
                                    d.ints(0, 3, rows),
                                    d.floats(7, hidden),
                                    d.floats(3, hidden));
                        }),
                new OpSample(
                        "EmbeddingSum",
                        d -> {
                            int rows = d.size();
                            int hidden = d.size();
                            return new EmbeddingSum(
                                    d.ints(0, 7, rows),
                                    d.ints(0, 3, rows),
                                    d.ints(0, 2, rows),
                                    d.floats(7, hidden),
                                    d.floats(3, hidden),
                                    d.floats(2, hidden));
                        }));
    }

    private static List<OpSample> elements() {
        return List.of(
                new OpSample(
                        "AddInto",
                        d -> {
                            int rows = d.size();
                            int columns = d.size();
                            return new AddInto(d.floats(rows, columns), d.floats(rows, columns));
                        }),
                new OpSample("Copy", d -> new Copy(d.floats(d.size(), d.size()))),
                new OpSample(
                        "Scale",
                        d -> new Scale(d.floats(d.size(), d.size()), d.oneOf(-0.7f, 0f, 3f))),
                new OpSample("Tanh", d -> new Tanh(d.floats(d.size(), d.size()))),
                new OpSample(
                        "Dropout",
                        d ->
                                new Dropout(
                                        d.floats(d.size(), d.size()),
                                        d.ints(-1_000_000, 1_000_000, 1),
                                        d.oneOf(17, -1_234_567_890),
                                        d.oneOf(0f, 0.1f, 0.4f, 0.9f))));
    }
}
