package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.block.ParameterSpec;
import cglora.models.weights.WeightSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The tensors of a checkpoint against the parameters that `config.json` asks for.
final class TensorCheck {
    private static final List<String> FLOATS = List.of("F32", "F16", "BF16", "F64");

    private TensorCheck() {}

    /// @throws CgloraException M-SHAPE, M-DTYPE or M-TENSOR, with everything that is wrong
    static void check(PretrainedModel model) {
        WeightSource weights = model.weights();
        var problems = new Problems();
        var missing = new ArrayList<String>();
        for (ParameterSpec spec : model.body().parameters()) {
            String tensor = model.tensorOf(spec);
            if (tensor == null) {
                missing.add(spec.name());
                continue;
            }
            long[] found = weights.shape(tensor);
            long[] expected = new long[spec.shape().rank()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = spec.shape().extent(i);
            }
            if (!Arrays.equals(found, expected)) {
                problems.error(
                        ErrorCode.M_SHAPE,
                        weights.description(),
                        "tensor '%s' is %s, config.json asks for %s"
                                .formatted(
                                        tensor, Arrays.toString(found), Arrays.toString(expected)),
                        "take the config.json that belongs to these weights");
            }
            if (!FLOATS.contains(weights.dtype(tensor))) {
                problems.error(
                        ErrorCode.M_DTYPE,
                        weights.description(),
                        "tensor '"
                                + tensor
                                + "' is "
                                + weights.dtype(tensor)
                                + ", weights are floats",
                        "take a float checkpoint");
            }
        }
        if (!missing.isEmpty()) {
            problems.error(
                    ErrorCode.M_TENSOR,
                    weights.description(),
                    missing.size()
                            + " tensors are missing: "
                            + String.join(", ", missing.subList(0, Math.min(5, missing.size()))),
                    "take a checkpoint of a " + model.body().modelType());
        }
        problems.throwIfAny();
    }
}
