package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.NullEngine;
import cglora.kernels.program.Launch;
import cglora.models.data.BatchShape;
import cglora.models.family.PretrainedModel;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// How many launches a training step of MiniLM is: each is compiled on its own on a device.
class TrainingLaunchesTest {
    private static final int LAYERS = 36;

    @Test
    void aLoraStepOnAllLinearLayersIsBelow250() {
        try (PretrainedModel checkpoint = MiniLm.load();
                var session =
                        new Session(
                                new NullEngine(),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                false)) {
            MiniLm.adapt(session);
            var launches = session.training().planned(BatchShape.of(16, 128)).launches();
            Map<String, Long> counts =
                    launches.stream()
                            .map(Launch::kernel)
                            .collect(
                                    Collectors.groupingBy(
                                            Object::toString, TreeMap::new, Collectors.counting()));
            assertThat(launches.size()).as("%s", counts).isLessThan(250);
            assertThat(counts)
                    .containsEntry("lowRankMerge", (long) LAYERS)
                    .containsEntry("loraBackward", (long) LAYERS)
                    .containsEntry("loraGradients", (long) LAYERS);
        }
    }
}
