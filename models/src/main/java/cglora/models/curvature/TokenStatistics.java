package cglora.models.curvature;

import static java.util.Objects.requireNonNull;

import cglora.models.linalg.Matrix;
import java.util.Arrays;

/// The real tokens of a calibration sample at one linear layer, padding left out.
///
/// Gradients are those of each example's own loss, without the 1/batch of the mean loss; an
/// example is one term of that mean: a sentence in classification, a predicted token in a
/// language model.
///
/// @param X              [N, in] inputs
/// @param Gamma          [N, out] output gradients that make `G`
/// @param GammaCurvature [K · N, out] output gradients that make `S`, K of each token: first one
///     of every token, then the second of every token; `Gamma` itself for the empirical Fisher
/// @param example        [N] which sequence a token belongs to, 0 … examples − 1
/// @param examples       sequences: as many as the loss has terms, but for a language model
/// @param share          of all tokens that these are, drawn at random; 1 for all. `G` and `S` are
///     divided by `n · share`, so that they are those of all tokens in the mean
/// @param terms          n, of the mean loss
public record TokenStatistics(
        Matrix X,
        Matrix Gamma,
        Matrix GammaCurvature,
        int[] example,
        int examples,
        double share,
        long terms) {
    /// Below this share of the expanded trace, the reduced `S` is cancellation and not
    /// curvature.
    static final double REDUCED_SHARE = 1e-6;

    public TokenStatistics {
        requireNonNull(X, "X");
        requireNonNull(Gamma, "Gamma");
        requireNonNull(GammaCurvature, "GammaCurvature");
        int tokens = X.rows();
        if (Gamma.rows() != tokens
                || GammaCurvature.rows() < tokens
                || tokens > 0 && GammaCurvature.rows() % tokens != 0
                || GammaCurvature.columns() != Gamma.columns()
                || example.length != tokens) {
            throw new IllegalArgumentException(
                    "X %d × %d, Γ %d × %d, Γ of the curvature %d × %d, %d example numbers"
                            .formatted(
                                    X.rows(),
                                    X.columns(),
                                    Gamma.rows(),
                                    Gamma.columns(),
                                    GammaCurvature.rows(),
                                    GammaCurvature.columns(),
                                    example.length));
        }
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("share " + share + ", expected 0 … 1");
        }
        if (tokens == 0 || examples < 1 || terms < 1) {
            throw new IllegalArgumentException(
                    "%d tokens of %d examples and %d terms, expected at least one"
                            .formatted(tokens, examples, terms));
        }
        for (int e : example) {
            if (e < 0 || e >= examples) {
                throw new IllegalArgumentException(
                        "example %d, expected 0 … %d".formatted(e, examples - 1));
            }
        }
    }

    /// The loss has one term a sequence.
    public TokenStatistics(
            Matrix X,
            Matrix Gamma,
            Matrix GammaCurvature,
            int[] example,
            int examples,
            double share) {
        this(X, Gamma, GammaCurvature, example, examples, share, examples);
    }

    /// All tokens of a sample.
    public TokenStatistics(
            Matrix X, Matrix Gamma, Matrix GammaCurvature, int[] example, int examples) {
        this(X, Gamma, GammaCurvature, example, examples, 1);
    }

    /// The tokens of a padded batch that the mask keeps.
    ///
    /// @param X              [n · width, in] inputs, one row a position
    /// @param Gamma          [n · width, out]
    /// @param GammaCurvature [n · width, out]
    /// @param mask           [n · width] 1 = real, 0 = padding, whose values are not read
    /// @param width          positions an example
    public static TokenStatistics of(
            Matrix X, Matrix Gamma, Matrix GammaCurvature, int[] mask, int width) {
        if (width < 1 || mask.length % width != 0 || mask.length != X.rows()) {
            throw new IllegalArgumentException(
                    "%d mask values for %d positions of width %d"
                            .formatted(mask.length, X.rows(), width));
        }
        int[] kept = new int[mask.length];
        int[] example = new int[mask.length];
        int tokens = 0;
        for (int i = 0; i < mask.length; i++) {
            if (mask[i] != 0) {
                kept[tokens] = i;
                example[tokens++] = i / width;
            }
        }
        int[] rows = Arrays.copyOf(kept, tokens);
        Matrix keptGamma = rows(Gamma, rows);
        return new TokenStatistics(
                rows(X, rows),
                keptGamma,
                // one copy for the empirical Fisher
                GammaCurvature == Gamma ? keptGamma : rows(GammaCurvature, rows),
                Arrays.copyOf(example, tokens),
                mask.length / width);
    }

    public int tokens() {
        return X.rows();
    }

    public int in() {
        return X.columns();
    }

    public int out() {
        return Gamma.columns();
    }

    /// The factored form, with `sharing` even where it is cancellation: ask [#effective] first.
    public FactoredKfac factored(WeightSharing sharing) {
        return new KfacAccumulator(in(), out(), sharing).add(this).toFactors();
    }

    /// The implicit form, likewise.
    public TokenGram gram(WeightSharing sharing) {
        requireWhole(sharing);
        return switch (sharing) {
            case EXPAND -> new TokenGram(X, Gamma, weight(), X, GammaCurvature);
            case REDUCE -> new TokenGram(X, Gamma, weight(), meanInputs(), summedGradients());
        };
    }

    /// What sums over these tokens are divided by, n but for tokens that were left out.
    double weight() {
        return terms * share;
    }

    /// @throws IllegalStateException where the tokens of an example are to be summed, and some of
    ///     them are missing
    void requireWhole(WeightSharing sharing) {
        if (sharing == WeightSharing.REDUCE && share < 1) {
            throw new IllegalStateException("reduce needs all tokens of an example");
        }
    }

    /// What to use in the place of `sharing`: where the reduced `S` is cancellation and no
    /// curvature, `EXPAND`. The caller says so.
    public WeightSharing effective(WeightSharing sharing) {
        if (sharing == WeightSharing.EXPAND) {
            return sharing;
        }
        Matrix reduced = summedGradients();
        return effective(sharing, reduced.dot(reduced), GammaCurvature.dot(GammaCurvature));
    }

    private static WeightSharing effective(
            WeightSharing sharing, double traceReduced, double traceExpanded) {
        return traceReduced < REDUCED_SHARE * traceExpanded ? WeightSharing.EXPAND : sharing;
    }

    /// Token correlation `κ = (1/n) Σₑ ‖ΓₑᵀXₑ‖²_F / (tr A · tr S)` of the expanded factors: by
    /// how much the true curvature block exceeds the Kronecker product. NaN where `S` is zero.
    public double tokenCorrelation() {
        double block = 0;
        for (int e = 0; e < examples; e++) {
            int[] rows = rowsOf(e);
            Matrix x = rows(X, rows);
            for (int k = 0; k < gradients(); k++) {
                int first = k * tokens();
                Matrix g = rows(GammaCurvature, Arrays.stream(rows).map(i -> first + i).toArray());
                // ‖ΓᵀX‖² = ⟨ΓΓᵀ, XXᵀ⟩: as small as the example has tokens
                block += g.timesTransposed(g).dot(x.timesTransposed(x));
            }
        }
        double traceA = X.dot(X) / tokens();
        double traceS = GammaCurvature.dot(GammaCurvature) / weight();
        return block / weight() / (traceA * traceS);
    }

    /// `X̄` [n, in]: the mean of each example's inputs. An example without tokens is a zero
    /// row.
    Matrix meanInputs() {
        double[] share = new double[examples];
        for (int e : example) {
            share[e]++;
        }
        for (int e = 0; e < examples; e++) {
            share[e] = share[e] > 0 ? 1 / share[e] : 0;
        }
        return summed(X).scaledRows(share);
    }

    /// `Ḡ` [K · n, out]: the sums of each example's gradients of the curvature.
    Matrix summedGradients() {
        return summed(GammaCurvature);
    }

    /// How many gradients of the curvature a token has, K.
    int gradients() {
        return GammaCurvature.rows() / tokens();
    }

    /// @param M [K · N, columns]
    /// @return [K · n, columns]
    private Matrix summed(Matrix M) {
        Matrix sums = Matrix.zero(M.rows() / tokens() * examples, M.columns());
        for (int i = 0; i < M.rows(); i++) {
            int row = i / tokens() * examples + example[i % tokens()];
            for (int j = 0; j < M.columns(); j++) {
                sums.values()[row * M.columns() + j] += M.get(i, j);
            }
        }
        return sums;
    }

    private int[] rowsOf(int wanted) {
        int[] rows = new int[example.length];
        int count = 0;
        for (int i = 0; i < example.length; i++) {
            if (example[i] == wanted) {
                rows[count++] = i;
            }
        }
        return Arrays.copyOf(rows, count);
    }

    private static Matrix rows(Matrix M, int[] rows) {
        Matrix result = Matrix.zero(rows.length, M.columns());
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(
                    M.values(),
                    rows[i] * M.columns(),
                    result.values(),
                    i * M.columns(),
                    M.columns());
        }
        return result;
    }
}
