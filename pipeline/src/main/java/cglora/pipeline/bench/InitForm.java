package cglora.pipeline.bench;

import cglora.kernels.error.Problems;
import cglora.models.adapter.AdapterInitializer;
import cglora.models.adapter.CgLoraInitializer;
import cglora.models.adapter.LoraGaInitializer;
import cglora.models.adapter.LoraGaInitializer.Svd;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.curvature.WeightSharing;
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.training.AdapterStart;
import cglora.models.training.CalibrationPass;
import cglora.models.training.CgLoraStart;
import cglora.models.training.FisherPasses;
import cglora.models.training.Session;
import cglora.models.training.SketchedPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// A way to start the adapters of all linear layers from the same calibration examples.
enum InitForm {
    /// The gradients of all layers, then all singular vectors of each: the paper's algorithm.
    LORA_GA_PUBLISHED("lora-ga published (full SVD)", 32, false),
    /// Each layer's gradient goes as soon as the randomised SVD of the published code has it.
    LORA_GA_STREAMED("lora-ga streamed (randomised SVD)", 8, false),
    /// A, S and G of every layer, whitened training coordinates: the default.
    CG_FACTORED_WHITENED("cg-lora factored, whitened", 32, true),
    /// A, S and G of every layer, plain coordinates.
    CG_FACTORED_PLAIN("cg-lora factored, plain", 32, false),
    /// The tokens themselves, plain coordinates: of as many examples as have fewer tokens than
    /// features.
    CG_IMPLICIT_PLAIN("cg-lora implicit of 24 examples, plain", 32, false),
    /// Sketches of A, S and G, whitened coordinates, the step that linearised predictions choose.
    CG_SKETCHED_WHITENED("cg-lora sketched, whitened", 8, true),
    /// The same, plain coordinates.
    CG_SKETCHED_PLAIN("cg-lora sketched, plain", 8, false);

    private static final int IMPLICIT_EXAMPLES = 24;

    private static final int RANK = 8;
    private static final float SCALING = 2;

    private final String title;
    private final int batch;
    private final boolean whitened;

    /// @param batch examples a batch
    InitForm(String title, int batch, boolean whitened) {
        this.title = title + ", batches of " + batch;
        this.batch = batch;
        this.whitened = whitened;
    }

    private boolean isSketched() {
        return this == CG_SKETCHED_WHITENED || this == CG_SKETCHED_PLAIN;
    }

    boolean isCurvatureGuided() {
        return this != LORA_GA_PUBLISHED && this != LORA_GA_STREAMED;
    }

    /// How far the change of a layer of a small model may be from that of the factored form in
    /// float64, as one less the cosine of both. Sketches leave something out where a side of the
    /// layer is larger than they are.
    double tolerance() {
        return isSketched() ? 0.1 : 1e-4;
    }

    /// Puts adapters on the model and gives them their first values.
    ///
    /// @param arithmetic of the whitening
    AdapterStart.Result start(Session session, InitData data, CgLoraStart.Arithmetic arithmetic) {
        List<LinearModule> modules = session.model().linearModules();
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : modules) {
            layers.add(new LoraLayer(module, RANK, SCALING, 0f, whitened));
        }
        Dataset calibration = calibration(data);
        List<Batch> batches = data.model().batcher(batch).sequential(calibration);
        if (!isCurvatureGuided()) {
            StatisticsSource gradients =
                    new CalibrationPass(session, modules)
                            .gather(
                                    Set.of(Need.GRADIENT),
                                    batches,
                                    FisherPasses.empirical(),
                                    calibration.size());
            session.addAdapters(layers);
            return new AdapterStart(session, new Problems()).start(loraGa(), gradients, 0);
        }
        return new CgLoraStart(session, new Problems(), arithmetic)
                .start(
                        layers,
                        new CgLoraInitializer(),
                        curvature(session, data.model(), modules, batches, calibration.size()),
                        Optional.empty(),
                        new CgLoraStart.Search(
                                isSketched()
                                        ? CgLoraStart.Step.PREDICTED
                                        : CgLoraStart.Step.HELD_OUT,
                                data.sample(calibration, batch),
                                data.step(batch)),
                        0);
    }

    private Dataset calibration(InitData data) {
        Dataset all = data.calibration();
        boolean some = this == CG_IMPLICIT_PLAIN && data.model() != InitModel.TINY;
        return some ? all.slice(0, IMPLICIT_EXAMPLES) : all;
    }

    private StatisticsSource curvature(
            Session session,
            InitModel model,
            List<LinearModule> modules,
            List<Batch> batches,
            int examples) {
        if (isSketched()) {
            return new SketchedPass(session, modules, columns(model)).gather(batches, examples, 0);
        }
        var pass = new CalibrationPass(session, modules);
        return this == CG_IMPLICIT_PLAIN
                ? CalibrationPass.implicit(
                        pass.tokens(batches, FisherPasses.empirical(), examples),
                        _ -> WeightSharing.EXPAND,
                        true)
                : pass.factored(batches, FisherPasses.empirical(), examples);
    }

    /// Of a small model as many as its layers have: nothing is left out then.
    private static int columns(InitModel model) {
        return model == InitModel.TINY ? Integer.MAX_VALUE / 2 : 64;
    }

    private AdapterInitializer loraGa() {
        return new LoraGaInitializer().with(this == LORA_GA_PUBLISHED ? Svd.FULL : Svd.RANDOMIZED);
    }

    /// As it stands on the command line.
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    static InitForm of(String key) {
        return Arrays.stream(values()).filter(f -> f.key().equals(key)).findFirst().orElseThrow();
    }

    @Override
    public String toString() {
        return title;
    }
}
