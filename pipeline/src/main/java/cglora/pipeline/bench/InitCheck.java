package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.models.adapter.AdapterInitializer;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LayerShape;
import cglora.models.adapter.LayerStatistics;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.LoraGaInitializer;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.TokenStatistics;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.linalg.Matrix;
import cglora.models.training.AdapterFactors;
import cglora.models.training.AdapterStart;
import cglora.models.training.CalibrationPass;
import cglora.models.training.FisherPasses;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.WhiteningChoice;
import cglora.pipeline.spec.CgSpec;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Whether a form starts a small model as statistics in float64 say, before anybody asks how fast
/// it is.
final class InitCheck {
    private InitCheck() {}

    /// @return what is wrong; empty where nothing is
    static Optional<String> of(InitForm form, EngineChoice choice) {
        Map<String, TokenStatistics> tokens;
        InitData data;
        try (Engine engine = choice.open();
                Session session = InitModel.TINY.session(engine)) {
            data = InitData.make(InitModel.TINY, session);
            data.writeHead(session);
            Dataset examples = data.calibration();
            List<Batch> batches = data.model().batcher(32).sequential(examples);
            tokens =
                    new CalibrationPass(session, session.model().linearModules())
                            .tokens(batches, FisherPasses.empirical(), examples.size());
        }
        try (Engine engine = choice.open();
                Session session = InitModel.TINY.session(engine)) {
            data.writeHead(session);
            AdapterStart.Result result =
                    form.start(
                            session,
                            data,
                            WhiteningChoice.of(CgSpec.Arithmetic.AUTO, choice).arithmetic());
            Map<String, LoraFactors> made =
                    form.isCurvatureGuided()
                            ? AdapterFactors.effective(session, result.shifted())
                            : result.shifted();
            String worst = "";
            double most = 0;
            for (LoraLayer layer : session.adapters().values()) {
                String name = layer.module().name();
                double error = error(form, layer, made.get(name), tokens.get(name));
                if (!(error <= most)) {
                    most = error;
                    worst = name;
                }
            }
            return most <= form.tolerance()
                    ? Optional.empty()
                    : Optional.of(
                            String.format(
                                    Locale.ROOT,
                                    "%s of a small model: one less the cosine with float64 is %.2g,"
                                            + " at most %.2g is right",
                                    worst,
                                    most,
                                    form.tolerance()));
        }
    }

    /// One less the cosine of what the form made and what float64 makes.
    private static double error(
            InitForm form, LoraLayer layer, LoraFactors made, TokenStatistics tokens) {
        LinearModule module = layer.module();
        var shape = new LayerShape(module.in(), module.out(), layer.r(), layer.scaling());
        FactoredKfac statistics = tokens.factored(WeightSharing.EXPAND);
        if (form.isCurvatureGuided()) {
            LoraFactors expected =
                    of(
                            new CgLoraInitializer(),
                            shape,
                            LayerStatistics.of(module.name(), statistics));
            return distance(product(shape, made), product(shape, expected));
        }
        LoraFactors expected =
                of(
                        new LoraGaInitializer(),
                        shape,
                        LayerStatistics.of(module.name(), statistics.G(), null));
        // the signs and the order of singular vectors are free, what they span is not
        return Math.max(
                distance(spanA(shape, made), spanA(shape, expected)),
                distance(spanB(shape, made), spanB(shape, expected)));
    }

    private static LoraFactors of(
            AdapterInitializer initializer, LayerShape shape, LayerStatistics statistics) {
        return initializer.initialize(shape, statistics, 0);
    }

    private static Matrix product(LayerShape shape, LoraFactors f) {
        return B(shape, f).times(A(shape, f));
    }

    private static Matrix spanA(LayerShape shape, LoraFactors f) {
        return A(shape, f).transposeTimes(A(shape, f));
    }

    private static Matrix spanB(LayerShape shape, LoraFactors f) {
        return B(shape, f).timesTransposed(B(shape, f));
    }

    private static Matrix A(LayerShape shape, LoraFactors f) {
        return Matrix.of(shape.r(), shape.in(), f.loraA());
    }

    private static Matrix B(LayerShape shape, LoraFactors f) {
        return Matrix.of(shape.out(), shape.r(), f.loraB());
    }

    private static double distance(Matrix M, Matrix expected) {
        return 1 - M.dot(expected) / (M.frobenius() * expected.frobenius());
    }
}
