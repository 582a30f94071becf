package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.training.AdapterStart;
import cglora.pipeline.spec.AdapterSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The trained adapter of an earlier run, or of a folder, that a run starts as: its factors and its
/// head. What was shifted is whole in it, so that it stands on the original base.
final class EarlierAdapter {
    private final Path given;
    private final float dropout;

    private EarlierAdapter(Path given, float dropout) {
        this.given = given;
        this.dropout = dropout;
    }

    static EarlierAdapter of(AdapterSpec spec) {
        return new EarlierAdapter(Path.of(spec.from()), (float) spec.loraDropout());
    }

    /// Reads and checks it against model and data.
    ///
    /// @param notes is given the warnings
    /// @throws CgloraException M-PATH, A-BASE, A-TENSOR or D-LABEL, or what reading ends in
    void require(Inputs inputs, Problems notes) {
        Path place = Predictor.place(given);
        if (Predictor.isWhole(place)) {
            throw new CgloraException(
                    ErrorCode.A_CONFIG,
                    given.toString(),
                    "holds a model whose own weights were trained, and no adapter",
                    "give its folder as \"path\" of the model stage: " + place);
        }
        TunedModel.of(inputs, given, notes);
        layers(inputs);
    }

    private PeftAdapter read() {
        return PeftAdapter.read(Predictor.place(given));
    }

    /// Its layers, in the model's order.
    ///
    /// @throws CgloraException A-TENSOR with every layer that has no place in the model
    List<LoraLayer> layers(Inputs inputs) {
        return layers(inputs, read());
    }

    private List<LoraLayer> layers(Inputs inputs, PeftAdapter adapter) {
        Map<String, PeftAdapter.Layer> left = new HashMap<>(adapter.layers());
        var layers = new ArrayList<LoraLayer>();
        var problems = new Problems();
        for (LinearModule module : inputs.task().linearModules()) {
            PeftAdapter.Layer layer = left.remove(module.name());
            if (layer == null) {
                continue;
            }
            if (layer.in() != module.in() || layer.out() != module.out()) {
                problems.error(
                        ErrorCode.A_TENSOR,
                        given.toString(),
                        "layer '%s' is %d × %d, the adapter's %d × %d"
                                .formatted(
                                        module.name(),
                                        module.out(),
                                        module.in(),
                                        layer.out(),
                                        layer.in()),
                        "take the base model that the adapter was trained on");
            }
            layers.add(new LoraLayer(module, layer.r(), (float) layer.scaling(), dropout, false));
        }
        left.keySet().stream()
                .sorted()
                .forEach(
                        name ->
                                problems.error(
                                        ErrorCode.A_TENSOR,
                                        given.toString(),
                                        "layer '" + name + "' is not in this model",
                                        "take the base model that the adapter was trained on"));
        problems.throwIfAny();
        return layers;
    }

    /// Puts it on the session, head and all.
    ///
    /// @param state what the model's metrics are called then
    /// @return what the run shows of it
    String start(RunState run, String state) {
        PeftAdapter adapter = read();
        List<LoraLayer> layers = layers(run.inputs, adapter);
        run.session.addAdapters(layers);
        for (LoraLayer layer : layers) {
            PeftAdapter.Layer factors = adapter.layers().get(layer.module().name());
            run.session.write(layer.loraA(), factors.loraA());
            run.session.write(layer.loraB(), factors.loraB());
        }
        adapter.saved().forEach(run.session::write);
        run.start = AdapterStart.Result.ofOwnSize(Map.of(), 0);
        run.metrics.baseline(state);
        int least = layers.stream().mapToInt(LoraLayer::r).min().orElse(0);
        int most = layers.stream().mapToInt(LoraLayer::r).max().orElse(0);
        return "that of %s  r %s  %d modules%s"
                .formatted(
                        RunReport.relative(given.toAbsolutePath()),
                        least == most ? "" + most : least + " … " + most,
                        layers.size(),
                        run.inputs.writes() ? "" : " and the head");
    }
}
