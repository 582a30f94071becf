package cglora.kernels.check;

import static cglora.kernels.check.Float64.vector;

/// Steps of optimisers in float64.
public final class Optimizer64 {
    private Optimizer64() {}

    /// Parameter and moments after one AdamW step.
    public record AdamW(double[] parameter, double[] m, double[] v) {}

    /// @param hyper learning rate, β₁, β₂, eps, c₁, c₂
    public static AdamW adamW(
            double[] gradient,
            double[] hyper,
            double clip,
            double[] parameter,
            double[] m,
            double[] v,
            double rateScale,
            double decay) {
        int n = gradient.length;
        double rate = rateScale * hyper[0];
        double[] newM = vector(n, i -> hyper[1] * m[i] + (1 - hyper[1]) * (clip * gradient[i]));
        double[] newV =
                vector(n, i -> hyper[2] * v[i] + (1 - hyper[2]) * Math.pow(clip * gradient[i], 2));
        double[] newParameter =
                vector(
                        n,
                        i ->
                                parameter[i] * (1 - rate * decay)
                                        - rate
                                                * (newM[i] / hyper[4])
                                                / (Math.sqrt(newV[i] / hyper[5]) + hyper[3]));
        return new AdamW(newParameter, newM, newV);
    }
}
