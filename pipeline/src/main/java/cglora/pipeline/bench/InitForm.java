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
import cglora.models.data.Batch;
import cglora.models.data.Dataset;
import cglora.models.training.AdapterStart;
import cglora.models.training.CalibrationPass;
import cglora.models.training.FisherPasses;
import cglora.models.training.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// A way to start the adapters of all linear layers from the same calibration examples.
enum InitForm {
    /// The gradients of all layers, then all singular vectors of each: the paper's algorithm.
    LORA_GA_PUBLISHED("lora-ga published (full SVD)", false),
    /// Each layer's gradient goes as soon as the randomised SVD of the published code has it.
    LORA_GA_STREAMED("lora-ga streamed (randomised SVD)", false),
    /// A, S and G of every layer, whitened training coordinates: the default.
    CG_FACTORED_WHITENED("cg-lora factored, whitened", true),
    /// A, S and G of every layer, plain coordinates.
    CG_FACTORED_PLAIN("cg-lora factored, plain", false);

    private static final int RANK = 8;
    private static final float SCALING = 2;

    private final String title;
    private final boolean whitened;

    InitForm(String title, boolean whitened) {
        this.title = title;
        this.whitened = whitened;
    }

    boolean isCurvatureGuided() {
        return this != LORA_GA_PUBLISHED && this != LORA_GA_STREAMED;
    }

    /// How far the change of a layer may be from that of the factored form in float64, as one less
    /// the cosine of both, where the tokens are few enough that nothing is left out.
    double tolerance() {
        return 1e-4;
    }

    /// Puts adapters on the model and gives them their first values.
    AdapterStart.Result start(Session session, InitData data) {
        List<LinearModule> modules = session.model().linearModules();
        var layers = new ArrayList<LoraLayer>();
        for (LinearModule module : modules) {
            layers.add(new LoraLayer(module, RANK, SCALING, 0f, whitened));
        }
        Dataset calibration = data.calibration();
        List<Batch> batches = data.model().batcher().sequential(calibration);
        var pass = new CalibrationPass(session, modules);
        var start = new AdapterStart(session, new Problems());
        if (!isCurvatureGuided()) {
            StatisticsSource gradients =
                    pass.gather(
                            Set.of(Need.GRADIENT),
                            batches,
                            FisherPasses.empirical(),
                            calibration.size());
            session.addAdapters(layers);
            return start.start(loraGa(), gradients, 0);
        }
        return start.cgLora(
                layers,
                new CgLoraInitializer(),
                pass.factored(batches, FisherPasses.empirical(), calibration.size()),
                Optional.empty(),
                AdapterStart.Step.HELD_OUT,
                data.sample(calibration),
                data.step(),
                0);
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
