package cglora.models.graph;

import cglora.kernels.program.Launch;
import cglora.kernels.whitening.WhiteningKernels;
import java.util.List;

/// `factor = c₀ I + c₁ · product`, what both matrices of a coupled Newton–Schulz iteration are
/// multiplied with. Only initialisation uses it, so that it has no gradient.
///
/// @param product      [n, n]
/// @param coefficients [2], `c₀` and `c₁`
public record NewtonSchulzFactor(Tensor product, Tensor coefficients) implements Op {
    public NewtonSchulzFactor {
        Op.requireShape("product", product, product.shape().last(), product.shape().last());
        Op.requireShape("coefficients", coefficients, 2);
    }

    @Override
    public List<Tensor> inputs() {
        return List.of(product, coefficients);
    }

    @Override
    public List<Output> outputs() {
        return List.of(Output.of("factor", product.shape()));
    }

    @Override
    public List<Launch> launches(List<Tensor> outputs) {
        int n = product.shape().last();
        return List.of(
                Launch.of(
                        WhiteningKernels.NEWTON_SCHULZ_FACTOR,
                        n,
                        product.buffer(),
                        coefficients.buffer(),
                        outputs.getFirst().buffer(),
                        n));
    }
}
