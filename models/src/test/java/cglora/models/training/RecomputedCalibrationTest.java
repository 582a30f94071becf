package cglora.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.NullEngine;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.ThinKfac;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Layers that calibration computes again for their gradients give the bits of those that are kept.
class RecomputedCalibrationTest {
    private static final FisherPasses LABELS = FisherPasses.empirical();

    static final List<String> NAMES =
            Stream.of(FamilyReference.NAMES, Seq2SeqReference.NAMES, PeerReference.causal())
                    .flatMap(List::stream)
                    .toList();

    private static List<Matrix> of(LayerStatistics statistics) {
        return switch (statistics.curvature().orElse(null)) {
            case FactoredKfac f -> List.of(f.A(), f.S(), f.G());
            case SketchedKfac s ->
                    List.of(s.AOmega(), s.SPsi(), Matrix.of(new double[] {s.traceA()}));
            case ThinKfac s -> List.of(s.AOmega(), s.SPsi(), s.left(), s.right());
            case null -> List.of(statistics.gradient().orElseThrow());
            default -> throw new AssertionError(statistics);
        };
    }

    private static void assertSame(StatisticsSource actual, StatisticsSource expected) {
        for (String module : expected.modules()) {
            List<Matrix> before = of(expected.take(module));
            List<Matrix> after = of(actual.take(module));
            for (int i = 0; i < before.size(); i++) {
                assertThat(after.get(i).values())
                        .as("%s, matrix %d", module, i)
                        .containsExactly(before.get(i).values());
            }
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void everySumHasTheSameBits(String name) {
        try (PeerReference reference = PeerReference.of(name);
                Session kept = session(reference);
                Session again = session(reference)) {
            again.recomputeLayers(true);
            List<Batch> batches = List.of(reference.batch(), reference.batch());
            int examples = 2 * reference.batch().examples().length;
            List<LinearModule> modules = kept.task().linearModules();
            var before = new CalibrationPass(kept, modules);
            var after = new CalibrationPass(again, modules);
            assertSame(
                    after.factored(batches, LABELS, examples),
                    before.factored(batches, LABELS, examples));
            var gradient = Set.of(Need.GRADIENT);
            assertSame(
                    after.gather(gradient, batches, LABELS, examples),
                    before.gather(gradient, batches, LABELS, examples));
            assertSame(
                    new SketchedPass(again, modules, 4).gather(batches, examples, 3),
                    new SketchedPass(kept, modules, 4).gather(batches, examples, 3));
            SketchSizes thin = new SketchSizes(4, 4, 2);
            assertSame(
                    new SketchedPass(again, modules, thin).gather(batches, examples, 3),
                    new SketchedPass(kept, modules, thin).gather(batches, examples, 3));
        }
    }

    private static Session session(PeerReference reference) {
        var session =
                new Session(new JvmEngine(2), reference.task(), reference.checkpoint(), false);
        var random = new SplittableRandom(3);
        // a head that is new is zero, and would give no gradients
        for (ParameterSpec spec : reference.task().headParameters()) {
            float[] values = new float[(int) spec.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = 0.2f * (float) random.nextGaussian();
            }
            session.write(spec.name(), values);
        }
        return session;
    }

    /// Six layers: what one of them keeps, and the inputs of all.
    @Test
    void theActivationsOfMiniLmTakeLessThanHalf() {
        assertThat(scratch(true, false)).isLessThan(scratch(false, false) / 2);
        assertThat(scratch(true, true)).isLessThan(scratch(false, true) / 2);
    }

    private static long scratch(boolean recomputes, boolean sketched) {
        try (PretrainedModel checkpoint = MiniLm.load();
                var session =
                        new Session(
                                new NullEngine(),
                                MiniLm.classifier(checkpoint),
                                checkpoint,
                                false)) {
            session.recomputeLayers(recomputes);
            List<LinearModule> modules = session.task().linearModules();
            BatchShape shape = BatchShape.of(32, 128);
            return sketched
                    ? new SketchedPass(session, modules, 64).planned(shape).scratchBytes()
                    : new CalibrationPass(session, modules)
                            .planned(Need.FACTORS, shape)
                            .scratchBytes();
        }
    }
}
