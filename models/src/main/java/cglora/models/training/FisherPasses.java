package cglora.models.training;

import static java.util.Objects.requireNonNull;

import cglora.models.curvature.FisherType;
import cglora.models.data.Batch;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// The backward passes whose output gradients make `S`: in each one a label and a weight for every
/// term of the loss.
///
/// - [FisherType#EMPIRICAL]: the pass that makes `G`.
/// - [FisherType#MC]: one pass, each label drawn from the model's own predictions. A regression's
///   loss `(f − y)²` is that of a normal distribution of variance ½ around `f`, from which its
///   targets are drawn. A model that gives tokens is asked at each place for one that it would
///   give itself there, behind the tokens that stand in front of it: draws at several places are
///   independent, so that the sum over them is that of the generalised Gauss–Newton matrix.
/// - [FisherType#EXACT]: a pass a class. `diag(p) − ppᵀ = Σ_c p_c (p − e_c)(p − e_c)ᵀ`, and
///   `p − e_c` is the gradient of the cross entropy with label c: pass c has that label, each
///   example with weight `√p_c`. With two classes both terms are multiples of one vector, and one
///   pass serves. A regression's `H` is 2, one pass, too: a target `√½` below the prediction.
public final class FisherPasses {
    /// Labels and weights of one pass.
    ///
    /// @param batches of all examples, with the labels of this pass
    /// @param weights [examples], by the place in the data set; null for 1 each term
    record Pass(List<Batch> batches, float[] weights) {}

    private final FisherType type;
    private final List<Pass> passes;

    private FisherPasses(FisherType type, List<Pass> passes) {
        this.type = type;
        this.passes = passes;
    }

    /// The data's own labels.
    public static FisherPasses empirical() {
        return new FisherPasses(FisherType.EMPIRICAL, List.of());
    }

    /// @param batches    of the calibration examples
    /// @param evaluation of the same examples
    /// @param regression whether there is one output, a number
    /// @param random     what labels are drawn with
    public static FisherPasses of(
            FisherType type,
            List<Batch> batches,
            Evaluation evaluation,
            boolean regression,
            RandomGenerator random) {
        Matrix logits = Matrix.of(evaluation.logits());
        return switch (requireNonNull(type, "type")) {
            case EMPIRICAL -> empirical();
            case MC -> new FisherPasses(type, List.of(drawn(batches, logits, regression, random)));
            case EXACT -> new FisherPasses(type, exact(batches, logits, regression));
        };
    }

    /// Tokens drawn from a model's own predictions. Its logits are too many to be kept: they are
    /// made batch by batch.
    ///
    /// @param batches of the calibration examples
    /// @param random  what tokens are drawn with, in the order of the batches
    public static FisherPasses ofTokens(
            Session session, List<Batch> batches, RandomGenerator random) {
        session.evaluator().reserveScores(batches);
        var asked = new ArrayList<Batch>();
        for (Batch batch : batches) {
            asked.add(batch.asking(drawn(session.evaluator().scores(batch), batch, random)));
        }
        return new FisherPasses(FisherType.MC, List.of(new Pass(asked, null)));
    }

    /// [rows][tokens that are asked for].
    private static int[][] drawn(Evaluator.Scores scores, Batch batch, RandomGenerator random) {
        int[][] drawn = new int[batch.rows()][];
        int width = batch.target().width();
        for (int row = 0; row < batch.rows(); row++) {
            int first = row * width;
            int[] asked = batch.target().asked(row);
            double[] uniform = random.doubles(asked.length).toArray();
            drawn[row] =
                    IntStream.range(0, asked.length)
                            .parallel()
                            .map(i -> draw(scores.probabilities(first + asked[i]), uniform[i]))
                            .toArray();
        }
        return drawn;
    }

    public FisherType type() {
        return type;
    }

    /// Whether `S` comes from the gradients that make `G`.
    boolean areThoseOfTheGradient() {
        return passes.isEmpty();
    }

    List<Pass> passes() {
        return passes;
    }

    /// How many backward passes come on top of that for `G`.
    ///
    /// @param outputs classes, or 1 for a regression
    public static int count(FisherType type, int outputs) {
        return switch (type) {
            case EMPIRICAL -> 0;
            case MC -> 1;
            case EXACT -> outputs <= 2 ? 1 : outputs;
        };
    }

    private static Pass drawn(
            List<Batch> batches, Matrix logits, boolean regression, RandomGenerator random) {
        int[] labels = new int[logits.rows()];
        float[] targets = new float[logits.rows()];
        for (int e = 0; e < labels.length; e++) {
            if (regression) {
                targets[e] = (float) (logits.get(e, 0) + Math.sqrt(0.5) * random.nextGaussian());
            } else {
                labels[e] = draw(Softmax.probabilities(logits, e), random.nextDouble());
            }
        }
        return new Pass(relabelled(batches, labels, targets), ones(labels.length));
    }

    private static int draw(double[] probabilities, double uniform) {
        int label = 0;
        double left = uniform - probabilities[0];
        while (left > 0 && label < probabilities.length - 1) {
            left -= probabilities[++label];
        }
        return label;
    }

    private static List<Pass> exact(List<Batch> batches, Matrix logits, boolean regression) {
        int examples = logits.rows();
        if (regression) {
            float[] targets = new float[examples];
            for (int e = 0; e < examples; e++) {
                targets[e] = (float) (logits.get(e, 0) - Math.sqrt(0.5));
            }
            return List.of(
                    new Pass(relabelled(batches, new int[examples], targets), ones(examples)));
        }
        int classes = logits.columns();
        if (classes == 2) {
            return List.of(exactOfTwo(batches, logits));
        }
        var passes = new ArrayList<Pass>();
        for (int c = 0; c < classes; c++) {
            int[] labels = new int[examples];
            Arrays.fill(labels, c);
            float[] weights = new float[examples];
            for (int e = 0; e < examples; e++) {
                weights[e] = (float) Math.sqrt(Softmax.probabilities(logits, e)[c]);
            }
            passes.add(new Pass(relabelled(batches, labels, new float[examples]), weights));
        }
        return passes;
    }

    /// With the label of the less probable class c the gradient is `(1 − p_c)(1, −1)` but for its
    /// sign, which is to become `√(p₀p₁)(1, −1)`: no division by a small number.
    private static Pass exactOfTwo(List<Batch> batches, Matrix logits) {
        int[] labels = new int[logits.rows()];
        float[] weights = new float[logits.rows()];
        for (int e = 0; e < labels.length; e++) {
            double[] p = Softmax.probabilities(logits, e);
            labels[e] = p[0] <= p[1] ? 0 : 1;
            weights[e] = (float) Math.sqrt(p[labels[e]] / p[1 - labels[e]]);
        }
        return new Pass(relabelled(batches, labels, new float[labels.length]), weights);
    }

    private static List<Batch> relabelled(List<Batch> batches, int[] labels, float[] targets) {
        return batches.stream().map(batch -> batch.relabelled(labels, targets)).toList();
    }

    private static float[] ones(int examples) {
        float[] ones = new float[examples];
        Arrays.fill(ones, 1);
        return ones;
    }
}
