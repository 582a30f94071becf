package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.DataType;

/// The option `--dtype`: how matrices that are not trained are kept.
final class FrozenType {
    private FrozenType() {}

    /// @throws CgloraException P-USAGE
    static DataType of(String name) {
        return switch (name) {
            case "float32" -> DataType.FLOAT32;
            case "bfloat16" -> DataType.BFLOAT16;
            default ->
                    throw new CgloraException(
                            ErrorCode.P_USAGE,
                            "--dtype",
                            "no type '" + name + "'",
                            "float32 or bfloat16");
        };
    }
}
