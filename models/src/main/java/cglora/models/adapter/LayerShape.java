package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;

/// The shape of one adapted linear layer, `y = W x + s B A x`.
///
/// @param in      columns of `W`
/// @param out     rows of `W`
/// @param r       rank of the adapter, 1 … min(in, out)
/// @param scaling `s`: alpha / r (LoRA) or alpha / √r (rsLoRA)
public record LayerShape(int in, int out, int r, double scaling) {
    public LayerShape {
        if (r < 1 || r > Math.min(in, out)) {
            throw new CgloraException(
                    ErrorCode.A_RANK,
                    "",
                    "rank %d, expected 1 … %d (layer is %d × %d)"
                            .formatted(r, Math.min(in, out), out, in),
                    "choose a smaller r, or set this module's rank in rank_pattern");
        }
        if (!(scaling > 0) || Double.isInfinite(scaling)) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "scaling " + scaling + ", expected a number > 0",
                    "choose lora_alpha > 0");
        }
    }
}
