package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.models.block.ParameterSpec;
import cglora.models.family.PretrainedModel;
import java.util.Optional;
import java.util.Random;

/// What a head is before it is fitted or trained: the checkpoint's where it brings one of as many
/// outputs; else its last layer is zero and a layer before that is drawn as transformers draws new
/// weights, by the seed.
///
/// @param read whether a head that the checkpoint brings is read
/// @param seed of what is drawn
public record HeadStart(boolean read, long seed) {
    /// The checkpoint's head where it fits.
    static final HeadStart OF_CHECKPOINT = new HeadStart(true, 0);

    /// How an engine fills a parameter of the head; empty where it stays zero.
    Optional<Engine.Filler> of(ParameterSpec spec, Classifier model, PretrainedModel checkpoint) {
        if (read && model.headOf(checkpoint).isThere(model.outputs())) {
            return Optional.of(
                    (target, offset) -> checkpoint.weights().read(spec.name(), target, offset));
        }
        boolean drawn =
                model.classifierHead()
                        .dense()
                        .map(d -> d.module().weight().equals(spec.name()))
                        .orElse(false);
        return drawn
                ? Optional.of(
                        (target, offset) ->
                                draw(target, offset, spec, checkpoint.initializerRange()))
                : Optional.empty();
    }

    private void draw(float[] target, int offset, ParameterSpec spec, double deviation) {
        var random = new Random(seed);
        for (int i = 0; i < spec.size(); i++) {
            target[offset + i] = (float) (deviation * random.nextGaussian());
        }
    }
}
