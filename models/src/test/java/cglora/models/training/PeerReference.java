package cglora.models.training;

import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.data.Batch;
import cglora.models.family.PretrainedModel;
import cglora.models.weights.Safetensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A tiny model with what transformers and PEFT say about it, written by
/// `scripts/peers/family_parity.py make`.
abstract class PeerReference implements AutoCloseable {
    /// Where the models and the texts lie.
    static final Path FOLDER = folder();

    private static final String CAUSAL = "/causal";
    private static final String TOKENS = "/tokens";

    private final Path place;
    private final Safetensors file;
    private final PretrainedModel checkpoint;

    /// @param name folder of the model
    PeerReference(String name) {
        this.place = FOLDER.resolve(name);
        this.checkpoint = PretrainedModel.load(place.toString(), Map.of());
        this.file = new Safetensors(place.resolve("reference.safetensors"));
    }

    /// A reference by its name in [#causal], with `/tokens` behind it for one that tags words, or
    /// in the list of its class.
    static PeerReference of(String name) {
        if (name.endsWith(TOKENS)) {
            return new TaggingReference(name.substring(0, name.length() - TOKENS.length()));
        }
        if (name.endsWith(CAUSAL)) {
            return new CausalReference(name.substring(0, name.length() - CAUSAL.length()));
        }
        return Seq2SeqReference.NAMES.contains(name)
                ? new Seq2SeqReference(name)
                : new FamilyReference(name);
    }

    /// Names of the decoders as language models.
    static List<String> causal() {
        return CausalReference.NAMES.stream().map(name -> name + CAUSAL).toList();
    }

    /// The model with the task of its class.
    abstract TaskModel task();

    /// All examples in one batch.
    abstract Batch batch();

    private static Path folder() {
        try {
            return Path.of(
                            PeerReference.class
                                    .getResource("/cglora/models/family/texts.json")
                                    .toURI())
                    .getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The adapter that PEFT trains.
    final PeftAdapter adapter() {
        return PeftAdapter.read(place.resolve("adapter"));
    }

    final PretrainedModel checkpoint() {
        return checkpoint;
    }

    final float[] values(String name) {
        return file.read(name);
    }

    final int[] ints(String name) {
        float[] values = file.read(name);
        int[] ints = new int[values.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = (int) values[i];
        }
        return ints;
    }

    /// The rest of the names that begin so.
    final Set<String> namesBehind(String start) {
        var names = new TreeSet<String>();
        for (String name : file.names()) {
            if (name.startsWith(start)) {
                names.add(name.substring(start.length()));
            }
        }
        return names;
    }

    /// Puts PEFT's adapter, and the modules that it saves whole, into a session.
    final List<LoraLayer> loadAdapter(Session session) {
        PeftAdapter adapter = adapter();
        var modules = new HashMap<String, LinearModule>();
        session.task().linearModules().forEach(m -> modules.put(m.name(), m));
        var layers = new ArrayList<LoraLayer>();
        adapter.layers()
                .forEach(
                        (module, layer) ->
                                layers.add(
                                        new LoraLayer(
                                                modules.get(module),
                                                layer.r(),
                                                (float) layer.scaling(),
                                                0f,
                                                false)));
        session.addAdapters(layers);
        for (LoraLayer layer : layers) {
            var factors = adapter.layers().get(layer.module().name());
            session.write(layer.loraA(), factors.loraA());
            session.write(layer.loraB(), factors.loraB());
        }
        adapter.saved().forEach(session::write);
        return layers;
    }

    @Override
    public final void close() {
        file.close();
        checkpoint.close();
    }
}
