package cglora.models.linalg;

/// The softmax of one row of logits, in float64.
public final class Softmax {
    private Softmax() {}

    /// `log softmax(z)`, [classes].
    ///
    /// @param logits [rows, classes]
    public static double[] logProbabilities(Matrix logits, int row) {
        int classes = logits.columns();
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            largest = Math.max(largest, logits.get(row, c));
        }
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += Math.exp(logits.get(row, c) - largest);
        }
        double logSum = largest + Math.log(sum);
        double[] result = new double[classes];
        for (int c = 0; c < classes; c++) {
            result[c] = logits.get(row, c) - logSum;
        }
        return result;
    }

    /// `softmax(z)`, [classes].
    ///
    /// @param logits [rows, classes]
    public static double[] probabilities(Matrix logits, int row) {
        double[] result = logProbabilities(logits, row);
        for (int c = 0; c < result.length; c++) {
            result[c] = Math.exp(result[c]);
        }
        return result;
    }
}
