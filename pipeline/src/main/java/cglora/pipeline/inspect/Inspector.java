package cglora.pipeline.inspect;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.Encoder;
import cglora.models.family.ModelNotes;
import cglora.models.family.PretrainedModel;
import cglora.models.weights.OnnxListing;
import cglora.models.weights.Safetensors;
import cglora.models.weights.ShardedSafetensors;
import cglora.models.weights.WeightSource;
import cglora.pipeline.checkpoint.Checkpoint;
import cglora.pipeline.checkpoint.CheckpointFolder;
import cglora.pipeline.checkpoint.Durable;
import cglora.pipeline.checkpoint.Manifest;
import cglora.pipeline.report.RunHistory;
import cglora.pipeline.run.RunEvents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// Says what a path is: a model, a safetensors or ONNX file, an adapter, a checkpoint, a run.
/// What a file holds is shown, too, where no model is understood in it.
public final class Inspector {
    private static final String CLASSPATH = "classpath:";

    private Inspector() {}

    /// @param path a file or a folder, or `classpath:NAME.onnx`
    /// @throws CgloraException M-PATH where there is nothing, or what reading it ends in
    public static Inspection of(String path) throws IOException {
        if (path.startsWith(CLASSPATH)) {
            return model(path);
        }
        Path place = Path.of(path);
        if (!Files.exists(place)) {
            throw new CgloraException(ErrorCode.M_PATH, path, "is not there", "check the path");
        }
        if (Files.isRegularFile(place)) {
            return file(place);
        }
        if (Files.exists(place.resolve(RunEvents.FILE))
                || Files.exists(place.resolve("run.json"))) {
            return run(place);
        }
        if (Files.exists(place.resolve(CheckpointFolder.MANIFEST))) {
            return checkpoint(place);
        }
        return Files.exists(place.resolve(PeftAdapter.CONFIG)) ? adapter(place) : folder(place);
    }

    private static Inspection file(Path place) throws IOException {
        String name = place.getFileName().toString();
        if (name.endsWith(".safetensors")) {
            return safetensors(place);
        }
        if (name.endsWith(".safetensors.index.json")) {
            try (var shards = new ShardedSafetensors(place)) {
                return new Inspection(
                        "weights in several safetensors files  " + place,
                        Map.of(),
                        tensors(shards));
            }
        }
        if (name.endsWith(".onnx")) {
            return onnx(place);
        }
        throw new CgloraException(
                ErrorCode.M_PATH,
                place.toString(),
                "is no .safetensors and no .onnx file",
                "give one of these, or the folder of a model, an adapter, a checkpoint or a run");
    }

    private static Map<String, Object> ofFile(Path file) throws IOException {
        var facts = new LinkedHashMap<String, Object>();
        facts.put("bytes", Files.size(file));
        facts.put("sha256", Durable.sha256(file));
        return facts;
    }

    private static Inspection safetensors(Path place) throws IOException {
        Map<String, Object> facts = ofFile(place);
        try (var file = new Safetensors(place)) {
            if (!file.metadata().isEmpty()) {
                facts.put("metadata", file.metadata());
            }
            return new Inspection("safetensors file  " + place, facts, tensors(file));
        }
    }

    /// A model where it is one; else the graph's tensors and operators.
    private static Inspection onnx(Path place) throws IOException {
        Map<String, Object> facts = ofFile(place);
        try {
            Inspection model = model(place.toString());
            facts.putAll(model.facts());
            return new Inspection(model.title(), facts, model.tensors());
        } catch (CgloraException e) {
            OnnxListing listing = OnnxListing.of(() -> open(place), place.toString());
            facts.put("as a model", "not understood: " + e.problems().getFirst().what());
            facts.put("operators", listing.operators());
            return new Inspection(
                    "ONNX file  " + place,
                    facts,
                    listing.tensors().stream()
                            .map(
                                    t ->
                                            new Inspection.Tensor(
                                                    t.name(),
                                                    t.dtype(),
                                                    t.shape(),
                                                    t.external() ? "in another file" : ""))
                            .toList());
        }
    }

    private static InputStream open(Path place) throws IOException {
        return Files.newInputStream(place);
    }

    private static Inspection model(String path) {
        try (var model = PretrainedModel.load(path, Map.of())) {
            var facts = new LinkedHashMap<String, Object>();
            facts.put("config", model.config());
            facts.put("fingerprint", model.fingerprint());
            facts.put("head", head(model));
            facts.put("linear layers", model.body().linearModules().size());
            List<String> dropout = ModelNotes.dropout(model);
            if (!dropout.isEmpty()) {
                facts.put("dropout", "not applied in training here: " + String.join(", ", dropout));
            }
            var notes = new Problems();
            ModelNotes.tell(model, notes);
            if (!notes.warnings().isEmpty()) {
                facts.put(
                        "notes",
                        String.join("; ", notes.warnings().stream().map(Problem::what).toList()));
            }
            return new Inspection(
                    model.body().modelType() + " model  " + model.description(),
                    facts,
                    tensors(model.weights()));
        }
    }

    private static String head(PretrainedModel model) {
        if (model.hasHead()) {
            return model.headOutputs() + " outputs " + model.id2label().values();
        }
        boolean ofTokens = model.body() instanceof Encoder && model.tokenHead().isThere();
        return ofTokens
                ? "%d outputs %s for each token"
                        .formatted(model.tokenHead().outputs(), model.id2label().values())
                : "none: one is made for the data";
    }

    /// A model, or weights without one that is understood.
    private static Inspection folder(Path place) throws IOException {
        try {
            return model(place.toString());
        } catch (CgloraException e) {
            Path index = place.resolve("model.safetensors.index.json");
            Path single = place.resolve("model.safetensors");
            Path weights = Files.isRegularFile(index) ? index : single;
            if (!Files.isRegularFile(weights)) {
                throw e;
            }
            Inspection found;
            try {
                found = file(weights);
            } catch (CgloraException broken) {
                throw e; // which says the same, and of the configuration, too
            }
            var facts = new LinkedHashMap<>(found.facts());
            facts.put("as a model", "not understood: " + e.problems().getFirst().what());
            return new Inspection("weights  " + place, facts, found.tensors());
        }
    }

    private static Inspection adapter(Path place) throws IOException {
        PeftAdapter adapter = PeftAdapter.read(place);
        var facts = new LinkedHashMap<String, Object>();
        facts.put("base", adapter.base());
        facts.putAll(ofFile(place.resolve(PeftAdapter.WEIGHTS)));
        adapter.metadata().forEach((name, value) -> facts.put(name, value.replace("\n", ", ")));
        var tensors = new ArrayList<Inspection.Tensor>();
        adapter.layers()
                .forEach(
                        (name, layer) ->
                                tensors.add(
                                        new Inspection.Tensor(
                                                name,
                                                "F32",
                                                new long[] {layer.out(), layer.in()},
                                                "r %d  scaling %s"
                                                        .formatted(layer.r(), layer.scaling()))));
        adapter.shapes()
                .forEach(
                        (name, shape) ->
                                tensors.add(
                                        new Inspection.Tensor(name, "F32", longs(shape), "whole")));
        return new Inspection("PEFT LoRA adapter  " + place, facts, tensors);
    }

    private static long[] longs(int[] shape) {
        long[] longs = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            longs[i] = shape[i];
        }
        return longs;
    }

    private static Inspection checkpoint(Path place) throws IOException {
        Checkpoint checkpoint = CheckpointFolder.open(place);
        Manifest manifest = checkpoint.manifest();
        var facts = new LinkedHashMap<String, Object>();
        facts.put("step", checkpoint.step());
        facts.put("best step", manifest.position().bestStep());
        facts.put("written by", "cglora " + manifest.version());
        facts.put("engine", manifest.engine());
        facts.put("files", "as SHA256SUMS says");
        facts.put("inputs", manifest.inputs());
        try (var state = new Safetensors(checkpoint.file("state.safetensors"))) {
            return new Inspection("checkpoint  " + place, facts, tensors(state));
        }
    }

    private static Inspection run(Path place) {
        RunHistory run = RunHistory.read(place, RunEvents.read(place));
        var facts = new LinkedHashMap<String, Object>();
        JsonNode end = run.end();
        facts.put(
                "state",
                end.isMissingNode()
                        ? "not finished"
                        : end.path("reason").asString("") + ", exit status " + end.path("exit"));
        run.about().properties().forEach(p -> facts.put(p.getKey(), p.getValue()));
        run.metrics().properties().forEach(p -> facts.put(p.getKey(), p.getValue()));
        for (String part : List.of("adapter", "model", "base_shift", "checkpoints")) {
            if (Files.isDirectory(place.resolve(part))) {
                facts.put(part + "/", "there");
            }
        }
        return new Inspection("run  " + place, facts, List.of());
    }

    private static List<Inspection.Tensor> tensors(WeightSource source) {
        return source.names().stream()
                .map(
                        name ->
                                new Inspection.Tensor(
                                        name, source.dtype(name), source.shape(name), ""))
                .toList();
    }
}
