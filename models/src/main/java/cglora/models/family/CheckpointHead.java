package cglora.models.family;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.block.ClassifierHead;
import cglora.models.block.ParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/// The head of one class that a checkpoint may bring beside its body.
public final class CheckpointHead {
    private final PretrainedModel model;
    private final IntFunction<ClassifierHead> head;
    private final String otherClass;

    /// @param head       of the class, by the number of labels
    /// @param otherClass a class of Hugging Face whose head has the same names and is another one
    CheckpointHead(PretrainedModel model, IntFunction<ClassifierHead> head, String otherClass) {
        this.model = model;
        this.head = head;
        this.otherClass = otherClass;
    }

    /// The head for so many labels.
    public ClassifierHead of(int labels) {
        return head.apply(labels);
    }

    /// The weight that gives the logits; a checkpoint that has it brings a head.
    public String weight() {
        return of(1).output().weight();
    }

    /// Whether the checkpoint brings it.
    public boolean isThere() {
        boolean other =
                model.config()
                        .path("architectures")
                        .valueStream()
                        .anyMatch(name -> name.asString("").equals(otherClass));
        return !other && model.weights().names().contains(weight());
    }

    /// Whether the checkpoint brings it with so many labels.
    public boolean isThere(int labels) {
        return isThere() && mismatches(labels).isEmpty();
    }

    /// How many labels it has.
    ///
    /// @throws CgloraException M-SHAPE for tensors that are no head of this class
    public int outputs() {
        long[] found = model.weights().shape(weight());
        int labels = found.length == 2 ? Math.toIntExact(found[0]) : 1;
        List<String> wrong = mismatches(labels);
        if (!wrong.isEmpty()) {
            throw new CgloraException(
                    ErrorCode.M_SHAPE,
                    model.description(),
                    "its head does not fit: " + String.join(", ", wrong),
                    "\"head\": \"new\" in the model stage replaces it");
        }
        return labels;
    }

    private List<String> mismatches(int labels) {
        var wrong = new ArrayList<String>();
        for (ParameterSpec spec : of(labels).parameters()) {
            String shape =
                    model.weights().names().contains(spec.name())
                            ? Arrays.toString(model.weights().shape(spec.name()))
                            : "missing";
            String expected = Arrays.toString(spec.extents());
            if (!shape.equals(expected)) {
                wrong.add("%s is %s, expected %s".formatted(spec.name(), shape, expected));
            }
        }
        return wrong;
    }
}
