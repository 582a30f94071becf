package cglora.kernels.error;

import static cglora.kernels.error.ErrorKind.CHECK;
import static cglora.kernels.error.ErrorKind.CONTENT;
import static cglora.kernels.error.ErrorKind.ENGINE;
import static cglora.kernels.error.ErrorKind.NUMERICAL;
import static cglora.kernels.error.ErrorKind.RESOURCE;
import static cglora.kernels.error.ErrorKind.USAGE;

/// Every error and warning that the product can report. The first letter names the group:
/// P pipeline file, M model, S safetensors, T tokenizer, D data, A adapter, O settings' values, V
/// engines and devices,
/// K disk and memory, N numbers, R resuming a run, X limits on hostile input.
public enum ErrorCode {
    P_FILE(USAGE),
    P_JSON(USAGE),
    P_UNKNOWN(USAGE),
    P_DUPLICATE(USAGE),
    P_TYPE(USAGE),
    P_VALUE(USAGE),
    P_VERSION(USAGE),
    P_VARIABLE(USAGE),
    P_STAGE(USAGE),
    P_SET(USAGE),
    P_SPELLING(USAGE),
    P_USAGE(USAGE),
    O_RANGE(USAGE),
    O_CONFLICT(USAGE),
    M_PATH(CONTENT),
    M_CONFIG(CONTENT),
    M_WEIGHTS(CONTENT),
    M_FAMILY(CONTENT),
    M_SHAPE(CONTENT),
    M_TENSOR(CONTENT),
    M_DTYPE(CONTENT),
    M_HEAD(CONTENT),
    M_ONNX(CONTENT),
    M_ADAPTER(CONTENT),
    S_TRUNCATED(CONTENT),
    S_LFS(CONTENT),
    S_HEADER(CONTENT),
    S_LAYOUT(CONTENT),
    S_DTYPE(CONTENT),
    S_INDEX(CONTENT),
    S_NONFINITE(CONTENT),
    S_CHANGED(CONTENT),
    T_MISSING(CONTENT),
    T_FORMAT(CONTENT),
    T_VOCABULARY(CONTENT),
    T_PADDING(CONTENT),
    T_SPECIAL(CONTENT),
    T_CHAT(CONTENT),
    D_MISSING(CONTENT),
    D_CHAT(CONTENT),
    D_EMPTY(CONTENT),
    D_COLUMN(CONTENT),
    D_ROW(CONTENT),
    D_JSON(CONTENT),
    D_ENCODING(CONTENT),
    D_LABEL(CONTENT),
    D_TEXT(CONTENT),
    D_LENGTH(CONTENT),
    D_OVERLAP(CONTENT),
    D_STEPS(USAGE),
    D_FORMAT(CONTENT),
    D_TRUNC(CONTENT),
    A_TARGET(CONTENT),
    A_RANK(USAGE),
    A_SAVED(USAGE),
    A_CONFIG(CONTENT),
    A_TENSOR(CONTENT),
    A_HEAD(CONTENT),
    A_BASE(CONTENT),
    A_VERIFY(CHECK),
    V_ENGINE(ENGINE),
    V_DEVICE(ENGINE),
    V_LIBRARY(ENGINE),
    V_MEMORY(RESOURCE),
    K_OUTPUT(RESOURCE),
    K_EXISTS(RESOURCE),
    K_LOCKED(RESOURCE),
    K_MEMORY(RESOURCE),
    K_DISK(RESOURCE),
    N_NAN(NUMERICAL),
    N_STATISTICS(NUMERICAL),
    N_ZERO(NUMERICAL),
    N_STEP(NUMERICAL),
    N_DAMPING(NUMERICAL),
    N_CALIBRATION(NUMERICAL),
    R_MISSING(CONTENT),
    R_DAMAGED(CONTENT),
    R_VERSION(CONTENT),
    R_CHANGED(CONTENT),
    R_SETTING(USAGE),
    R_ENGINE(ENGINE),
    X_PATH(CONTENT),
    X_LIMIT(CONTENT);

    private final ErrorKind kind;

    ErrorCode(ErrorKind kind) {
        this.kind = kind;
    }

    public ErrorKind kind() {
        return kind;
    }

    /// The code as people see it: `P-UNKNOWN`.
    @Override
    public String toString() {
        return name().replace('_', '-');
    }
}
