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
    P_FILE(USAGE, "The pipeline file is missing, empty, a folder or not UTF-8."),
    P_JSON(
            USAGE,
            "The pipeline is not JSON; comments are allowed, trailing commas and single "
                    + "quotes are not."),
    P_UNKNOWN(USAGE, "A setting is not known where it stands; near names are suggested."),
    P_DUPLICATE(USAGE, "A setting stands twice in one object."),
    P_TYPE(USAGE, "A value is of another type than the setting takes, such as \"3\" for 3."),
    P_VALUE(USAGE, "A value is none of those that the setting takes."),
    P_VERSION(
            USAGE, "The version of the format is missing, or one that this cglora does not read."),
    P_VARIABLE(
            USAGE,
            "A variable is not defined, or files that extend each other, or variables, go "
                    + "round in a circle."),
    P_STAGE(
            USAGE,
            "A stage is missing, twice there, in the wrong place, or lacks what it needs of "
                    + "another."),
    P_SET(
            USAGE,
            "An option --set, --unset or --var names no setting, or gives it no value that it "
                    + "takes."),
    P_SPELLING(
            USAGE,
            "A setting has another name here than in the tool that the given one comes from; "
                    + "it was taken."),
    P_USAGE(USAGE, "The command line is wrong."),
    O_RANGE(USAGE, "A number is outside of its range."),
    O_CONFLICT(USAGE, "Two settings, or a setting and the data, exclude each other."),
    M_PATH(
            CONTENT,
            "A model, adapter or run is not where it was said to be. Nothing is downloaded."),
    M_CONFIG(
            CONTENT,
            "A model's config.json is missing, not JSON, or lacks a key that shapes are made "
                    + "of."),
    M_WEIGHTS(CONTENT, "A model has no safetensors weights; pickled files are never read."),
    M_FAMILY(
            CONTENT,
            "A model is of a family, or has a feature, that is not understood; its own code "
                    + "is never run."),
    M_SHAPE(CONTENT, "A tensor's shape is not what config.json says."),
    M_TENSOR(CONTENT, "A tensor is missing, or one that is not of the model is there."),
    M_DTYPE(CONTENT, "Weights are quantised or of a type that is not read."),
    M_HEAD(
            CONTENT,
            "A head that the model brings does not fit the classes of the data, or there is "
                    + "none."),
    M_ONNX(CONTENT, "An ONNX file is damaged, or its graph is not understood."),
    M_ADAPTER(CONTENT, "The folder holds an adapter where a model is expected."),
    S_TRUNCATED(
            CONTENT,
            "A safetensors file is shorter or longer than its header says: an incomplete "
                    + "download."),
    S_LFS(CONTENT, "A file is the pointer that Git LFS leaves, not the weights."),
    S_HEADER(CONTENT, "A safetensors file's header is damaged."),
    S_LAYOUT(
            CONTENT,
            "Tensors of a safetensors file overlap, leave holes or are not as large as their "
                    + "shapes."),
    S_DTYPE(CONTENT, "A tensor has a type that safetensors, or weights, do not have."),
    S_INDEX(CONTENT, "The index of sharded weights and the shards do not fit each other."),
    S_NONFINITE(CONTENT, "Weights hold NaN or infinity."),
    S_CHANGED(CONTENT, "A file changed while it was in use."),
    S_READ(CONTENT, "A file is there and cannot be read: its permissions, or the disk."),
    T_MISSING(CONTENT, "There is no tokenizer.json."),
    T_FORMAT(CONTENT, "A tokenizer.json is damaged, or holds something that is not understood."),
    T_VOCABULARY(
            CONTENT,
            "The tokenizer has tokens beyond the model's vocabulary: it belongs to another "
                    + "model."),
    T_PADDING(CONTENT, "The padding token is none of the vocabulary's."),
    T_SPECIAL(CONTENT, "Texts hold the text of a special token, which becomes that token."),
    T_CHAT(
            CONTENT,
            "A chat template is missing, cannot be followed, refuses a conversation, or changes "
                    + "earlier turns."),
    D_CHAT(CONTENT, "A row is no conversation, or one where none is read."),
    D_MISSING(CONTENT, "A data file is not there, or cannot be read."),
    D_EMPTY(CONTENT, "A data file, or a split, has no rows that can be used."),
    D_COLUMN(
            CONTENT,
            "A column is missing, or cannot be found out; the columns that are there are "
                    + "named."),
    D_ROW(CONTENT, "A row has too few or too many fields, or a quote that is never closed."),
    D_JSON(CONTENT, "A line is not a JSON object."),
    D_ENCODING(
            CONTENT,
            "A file is not in the encoding that it is read in, UTF-8 unless format.encoding "
                    + "says otherwise."),
    D_LABEL(
            CONTENT,
            "A label is missing, unknown, no number where numbers are needed, or there is one "
                    + "class only."),
    D_TEXT(CONTENT, "A row has no text."),
    D_LENGTH(
            CONTENT,
            "Rows are too long, and the settings say that this is an error or leave nothing "
                    + "to cut."),
    D_OVERLAP(
            CONTENT,
            "Validation rows also occur in the training data, so that their metrics are too "
                    + "good."),
    D_STEPS(USAGE, "There are too few examples, or epochs, for what is asked for."),
    D_FORMAT(CONTENT, "A data file is damaged or of another format than it is read in."),
    D_TRUNC(CONTENT, "Rows are longer than max_length and lose tokens, or are left out."),
    A_TARGET(CONTENT, "An entry of target_modules, or a pattern, matches no layer."),
    A_RANK(USAGE, "A rank is larger than the layer has rows or columns."),
    A_SAVED(
            USAGE,
            "modules_to_save names something else than the head, or a layer is both targeted "
                    + "and saved."),
    A_CONFIG(
            CONTENT,
            "An adapter_config.json is missing, damaged, or asks for something that is not "
                    + "supported."),
    A_TENSOR(CONTENT, "An adapter's tensor is missing, extra, or of another shape or rank."),
    A_HEAD(CONTENT, "An adapter for classes lacks the tensors of its head."),
    A_BASE(CONTENT, "An adapter, or statistics, belong to another base model."),
    A_VERIFY(
            CHECK,
            "What was trained is not finite, or what was written does not compute it; it is "
                    + "kept under another name."),
    V_ENGINE(
            ENGINE,
            "An engine cannot be used as it was asked for: SDK, Java or backend are missing "
                    + "or do not fit."),
    V_DEVICE(ENGINE, "A device is not there, failed, or computes something wrong."),
    V_LIBRARY(ENGINE, "A native library cannot be loaded."),
    V_MEMORY(RESOURCE, "What is planned does not fit a device's memory."),
    K_OUTPUT(RESOURCE, "A file or folder cannot be written."),
    K_EXISTS(RESOURCE, "Something is there that would be written over."),
    K_LOCKED(RESOURCE, "Another process has the run's folder."),
    K_MEMORY(RESOURCE, "What is planned does not fit Java's heap."),
    K_DISK(RESOURCE, "The disk has too little room, or became full."),
    N_NAN(NUMERICAL, "A loss or a gradient is not finite."),
    N_STATISTICS(NUMERICAL, "Calibration statistics, or what is computed of them, are not finite."),
    N_ZERO(NUMERICAL, "No calibration gradient reaches a layer; it starts as plain LoRA."),
    N_STEP(
            NUMERICAL,
            "The first step is doubtful: no length that was tried lowers the held-out loss, "
                    + "or it changes a layer much."),
    N_DAMPING(NUMERICAL, "A curvature factor has no inverse without damping."),
    N_CALIBRATION(
            NUMERICAL,
            "Calibration is done in another way, or with fewer examples, than was asked for."),
    N_GRADIENT(
            NUMERICAL,
            "A gradient is far larger than those before it, or none reaches an adapter in training."),
    N_ARITHMETIC(
            NUMERICAL,
            "The host computes the whitening of layers that a device was asked to compute."),
    R_MISSING(CONTENT, "A run, or a whole checkpoint of it, is not there."),
    R_DAMAGED(
            CONTENT,
            "A checkpoint, or another record of a run, is damaged; the checkpoint before it "
                    + "is taken where there is one."),
    R_VERSION(CONTENT, "A run was written by another version whose records are not read."),
    R_CHANGED(CONTENT, "A run's model, tokenizer or data are not as they were."),
    R_SETTING(USAGE, "A setting was changed that a run cannot go on with."),
    R_ENGINE(ENGINE, "A run goes on with another engine or device: not with the same bits."),
    X_PATH(
            CONTENT,
            "A file's name is none, or it or a link leads out of the folder that was given."),
    X_LIMIT(CONTENT, "An input is larger, deeper or expands further than is taken from any file.");

    private final ErrorKind kind;
    private final String meaning;

    ErrorCode(ErrorKind kind, String meaning) {
        this.kind = kind;
        this.meaning = meaning;
    }

    public ErrorKind kind() {
        return kind;
    }

    /// What it says in general, in one sentence or two.
    public String meaning() {
        return meaning;
    }

    /// The code as people see it: `P-UNKNOWN`.
    @Override
    public String toString() {
        return name().replace('_', '-');
    }
}
