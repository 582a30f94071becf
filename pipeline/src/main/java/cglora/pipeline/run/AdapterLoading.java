package cglora.pipeline.run;

import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Seq2Seq;
import cglora.models.training.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Puts an adapter that was read from files on a model.
final class AdapterLoading {
    /// Where encoder, decoder and head have one table.
    private static final String SHARED = "shared.weight";

    private AdapterLoading() {}

    /// @param where the adapter's folder, for messages
    /// @throws cglora.kernels.error.CgloraException A-TENSOR when a layer or shape does not fit
    static void load(Session session, PeftAdapter adapter, String where) {
        var problems = new Problems();
        Map<String, LinearModule> modules = new HashMap<>();
        session.task().linearModules().forEach(m -> modules.put(m.name(), m));
        var layers = new ArrayList<LoraLayer>();
        adapter.layers()
                .forEach(
                        (name, layer) -> {
                            LinearModule module = modules.get(name);
                            if (module == null
                                    || module.in() != layer.in()
                                    || module.out() != layer.out()) {
                                problems.error(
                                        ErrorCode.A_TENSOR,
                                        where,
                                        module == null
                                                ? "layer '" + name + "' is not in this model"
                                                : "layer '%s' is %d × %d, the adapter's %d × %d"
                                                        .formatted(
                                                                name,
                                                                module.out(),
                                                                module.in(),
                                                                layer.out(),
                                                                layer.in()),
                                        "take the base model that the adapter was trained on");
                            } else {
                                layers.add(
                                        new LoraLayer(
                                                module,
                                                layer.r(),
                                                (float) layer.scaling(),
                                                0,
                                                false));
                            }
                        });
        Map<String, int[]> parameters = new HashMap<>();
        session.task().bodyParameters().forEach(p -> parameters.put(p.name(), p.extents()));
        session.task().headParameters().forEach(p -> parameters.put(p.name(), p.extents()));
        adapter.shapes()
                .forEach(
                        (name, shape) -> {
                            int[] expected = parameters.get(name);
                            if (!Arrays.equals(expected, shape)) {
                                problems.error(
                                        ErrorCode.A_TENSOR,
                                        where,
                                        expected == null
                                                ? "tensor '" + name + "' has no place in this model"
                                                : "tensor '%s' is %s, expected %s"
                                                        .formatted(
                                                                name,
                                                                Arrays.toString(shape),
                                                                Arrays.toString(expected)),
                                        "take the base model that the adapter was trained on");
                            }
                        });
        if (session.task() instanceof CausalLanguageModel model && model.decoder().isTied()) {
            String words = model.decoder().languageHead().name();
            if (adapter.shapes().containsKey(words)) {
                problems.error(
                        ErrorCode.A_CONFIG,
                        where,
                        "modules_to_save has the embeddings, %s, which are the head of this model"
                                        .formatted(words)
                                + " as well: PEFT trains one of the two, and leaves the other",
                        "merge it first, with cglora merge, and take the whole model");
            }
        }
        if (session.task() instanceof Seq2Seq && adapter.shapes().containsKey(SHARED)) {
            problems.error(
                    ErrorCode.A_CONFIG,
                    where,
                    "modules_to_save has the embeddings, which encoder, decoder and head share: PEFT"
                            + " trains a copy, and leaves the others",
                    "train without modules_to_save");
        }
        problems.throwIfAny();
        session.addAdapters(layers);
        for (LoraLayer layer : layers) {
            var factors = adapter.layers().get(layer.module().name());
            session.write(layer.loraA(), factors.loraA());
            session.write(layer.loraB(), factors.loraB());
        }
        adapter.saved().forEach(session::write);
    }
}
