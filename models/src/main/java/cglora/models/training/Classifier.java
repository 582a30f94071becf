package cglora.models.training;

import cglora.models.block.Body;
import cglora.models.block.ClassifierHead;
import cglora.models.block.Encoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.data.Labels;
import cglora.models.family.CheckpointHead;
import cglora.models.family.PretrainedModel;
import java.util.List;

/// A body with a head over its vectors, which gives a logit for each class: of a sequence, or of a
/// token. The head is trained and saved whole.
public interface Classifier extends TaskModel {
    /// Name of the result that holds what the head's last layer sees.
    String FEATURES = "features";

    Encoder encoder();

    Labels labels();

    /// The family's head for this task.
    ClassifierHead classifierHead();

    /// The head that a checkpoint may bring for this task.
    CheckpointHead headOf(PretrainedModel checkpoint);

    /// How many logits there are.
    default int outputs() {
        return labels().names().size();
    }

    /// The head's last layer, which gives the logits.
    default LinearModule head() {
        return classifierHead().output();
    }

    @Override
    default Body body() {
        return encoder();
    }

    @Override
    default List<ParameterSpec> headWeights() {
        return classifierHead().weights();
    }

    @Override
    default List<ParameterSpec> headBiases() {
        return classifierHead().biases();
    }

    @Override
    default List<ParameterSpec> headParameters() {
        return classifierHead().parameters();
    }
}
