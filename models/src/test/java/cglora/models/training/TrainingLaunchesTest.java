package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.NullEngine;
import cglora.kernels.program.Launch;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.family.PretrainedModel;
import java.util.ArrayList;
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
            var layers = new ArrayList<LoraLayer>();
            for (LinearModule module : session.model().linearModules()) {
                layers.add(new LoraLayer(module, 8, 2f, 0f, false));
            }
            session.addAdapters(layers);
            new TrainingStep(session);
            var launches = session.plannedTraining(16, 128).launches();
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
