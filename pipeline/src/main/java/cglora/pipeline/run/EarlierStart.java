package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.Base;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.block.Whitening;
import cglora.models.training.AdapterStart;
import cglora.models.training.Session;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import cglora.pipeline.checkpoint.Durable;
import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.PipelineWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// An adapter as it starts, which a run keeps in `start/` for later ones that train on from the
/// same bits: factors, coordinates, what was taken off the base, and the head, in
/// `start.safetensors`; ranks and settings, when all is there, in `start.json`.
final class EarlierStart {
    private static final String FOLDER = "start";
    private static final String TENSORS = "start.safetensors";
    private static final String ABOUT = "start.json";

    /// Before the names of factors that were taken off the base.
    private static final String SHIFT_A = "shift_A.";

    private static final String SHIFT_B = "shift_B.";

    /// Settings that do not say how an adapter starts.
    private static final List<String> ELSEWHERE =
            List.of("id", "when", "keep", "start", "from", "from_peft");

    private final Path place;
    private final AdapterSpec spec;

    private EarlierStart(Path place, AdapterSpec spec) {
        this.place = place;
        this.spec = spec;
    }

    /// That of a run, or in a folder of its own.
    static EarlierStart of(AdapterSpec spec) {
        return new EarlierStart(place(Path.of(spec.start())), spec);
    }

    /// Where a run's is.
    static Path place(Path given) {
        Path inside = given.resolve(FOLDER);
        return Files.isDirectory(inside) ? inside : given;
    }

    /// Whether a run has kept one.
    static boolean isIn(Path run) {
        return Files.isRegularFile(run.resolve(FOLDER).resolve(ABOUT));
    }

    /// Keeps what the run's session has.
    ///
    /// @throws CgloraException K-DISK where it cannot be written
    static void keep(RunState run, AdapterSpec spec) {
        Path folder = run.folder.resolve(FOLDER);
        var tensors = new TreeMap<String, TensorData>();
        for (ParameterSpec parameter : run.session.task().headParameters()) {
            tensors.put(parameter.name(), data(run, parameter));
        }
        var layers = new ArrayList<Map<String, Object>>();
        for (LoraLayer layer : run.session.adapters().values()) {
            LoraFactors shift = run.start.shifted().get(layer.module().name());
            parameters(layer, shift != null).forEach(p -> tensors.put(p.name(), data(run, p)));
            if (shift != null) {
                LinearModule module = layer.module();
                int r = shift.loraA().length / module.in();
                tensors.put(
                        SHIFT_A + module.name(),
                        new TensorData(new int[] {r, module.in()}, shift.loraA()));
                tensors.put(
                        SHIFT_B + module.name(),
                        new TensorData(new int[] {module.out(), r}, shift.loraB()));
            }
            layers.add(record(layer));
        }
        try {
            Durable.delete(folder); // what an interrupted process has left
            Files.createDirectories(folder);
            Path file = folder.resolve(TENSORS);
            SafetensorsWriter.write(file, tensors, Map.of());
            var about = new LinkedHashMap<String, Object>();
            about.put("cglora", 1);
            about.put("base_sha256", run.inputs.checkpoint().fingerprint());
            run.inputs.checkpoint().weights().release();
            about.put("labels", run.inputs.examples().labels().names());
            about.put("head", run.inputs.headName());
            about.put("settings", settings(spec));
            about.put("largest", run.start.largest());
            about.put("layers", layers);
            about.put("sha256", Durable.sha256(file));
            run.folder.writeJson(FOLDER + "/" + ABOUT, about);
        } catch (IOException e) {
            throw run.folder.diskError(e);
        }
    }

    /// Bytes that keeping it takes; 0 where it is not kept.
    static long bytes(Inputs inputs) {
        AdapterSpec spec = inputs.adapterSpec();
        if (spec == null || !spec.keep()) {
            return 0;
        }
        boolean shifted = AdapterLayers.isShifted(spec);
        long elements = 0;
        for (LoraLayer layer : AdapterLayers.of(inputs)) {
            long factors = (long) layer.r() * (layer.module().in() + layer.module().out());
            elements += shifted ? factors : 0;
            elements += parameters(layer, shifted).stream().mapToLong(ParameterSpec::size).sum();
        }
        return Float.BYTES * elements;
    }

    private static TensorData data(RunState run, ParameterSpec parameter) {
        return new TensorData(parameter.extents(), run.session.read(parameter.name()));
    }

    /// What a start gives the session of a layer.
    private static List<ParameterSpec> parameters(LoraLayer layer, boolean shifted) {
        int in = layer.module().in();
        int out = layer.module().out();
        var parameters = new ArrayList<ParameterSpec>();
        parameters.add(ParameterSpec.matrix(layer.loraA(), layer.r(), in));
        parameters.add(ParameterSpec.matrix(layer.loraB(), out, layer.r()));
        if (layer.whitened()) {
            Whitening whitening = layer.whitening();
            parameters.add(ParameterSpec.matrix(layer.inputRoot(), in, whitening.columns(in)));
            parameters.add(ParameterSpec.matrix(layer.outputRoot(), out, whitening.columns(out)));
        }
        if (shifted) {
            parameters.add(ParameterSpec.matrix(layer.module().weight(), out, in));
        }
        return parameters;
    }

    private static Map<String, Object> record(LoraLayer layer) {
        var record = new LinkedHashMap<String, Object>();
        record.put("module", layer.module().name());
        record.put("r", layer.r());
        record.put("scaling", layer.scaling());
        if (layer.whitened()) {
            Whitening w = layer.whitening();
            record.put(
                    "whitening",
                    List.of(w.rank(), w.pA(), w.pS(), w.inputScale(), w.outputScale()));
        }
        return record;
    }

    private static Map<String, String> settings(AdapterSpec spec) {
        var settings = new TreeMap<String, String>();
        PipelineWriter.settings(spec).forEach((key, value) -> settings.put(key, value));
        ELSEWHERE.forEach(settings::remove);
        return settings;
    }

    private JsonNode about() {
        Path file = place.resolve(ABOUT);
        if (!Files.isRegularFile(file)) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    place.toString(),
                    Files.isDirectory(place)
                            ? "holds no start of an adapter, or not all: there is no " + ABOUT
                            : "is not there",
                    "give a run whose adapter stage has \"keep\": true");
        }
        try {
            return JsonMapper.shared().readTree(file.toFile());
        } catch (JacksonException e) {
            throw damaged(ABOUT + " is not JSON: " + e.getOriginalMessage());
        }
    }

    private CgloraException damaged(String what) {
        return new CgloraException(
                ErrorCode.R_DAMAGED, place.toString(), what, "run the earlier pipeline again");
    }

    /// Whether it is that of this model, these classes and these settings.
    ///
    /// @param notes is given the warnings
    /// @throws CgloraException with everything that does not fit: M-PATH, A-BASE, D-LABEL,
    ///     R-SETTING, R-DAMAGED, A-TENSOR
    void require(Inputs inputs, Problems notes) {
        JsonNode about = about();
        var problems = new Problems();
        new Origin(place, "started", "let the adapter start anew")
                .require(about, "head", inputs, problems);
        requireSettings(about, problems);
        problems.throwIfAny();
        if (!sha256().equals(about.path("sha256").asString(""))) {
            throw damaged(TENSORS + " is not what was written: its SHA-256 differs");
        }
        layers(inputs, about);
        EarlierRun.around(place)
                .ifPresent(run -> run.warnOfOtherData(inputs, spec.id() + ".start", notes));
    }

    private String sha256() {
        try {
            return Durable.sha256(place.resolve(TENSORS));
        } catch (IOException e) {
            throw damaged(TENSORS + " cannot be read: " + e.getMessage());
        }
    }

    private void requireSettings(JsonNode about, Problems problems) {
        settings(spec)
                .forEach(
                        (key, now) -> {
                            String then = about.path("settings").path(key).asString(now);
                            if (!then.equals(now)) {
                                problems.error(
                                        ErrorCode.R_SETTING,
                                        spec.id() + "." + key,
                                        "is %s, the adapter of %s started with %s"
                                                .formatted(now, place, then),
                                        "take it back, or let the adapter start anew");
                            }
                        });
    }

    private List<LoraLayer> layers(Inputs inputs, JsonNode about) {
        Map<String, LinearModule> modules = new HashMap<>();
        inputs.task().linearModules().forEach(m -> modules.put(m.name(), m));
        var layers = new ArrayList<LoraLayer>();
        for (JsonNode layer : about.path("layers")) {
            LinearModule module = modules.get(layer.path("module").asString(""));
            int r = layer.path("r").asInt(0);
            if (module == null || r < 1 || r > Math.max(module.in(), module.out())) {
                throw damaged("layer " + layer + " is none of this model");
            }
            layers.add(
                    new LoraLayer(
                            module,
                            r,
                            (float) number(layer.path("scaling")),
                            (float) spec.loraDropout(),
                            whitening(layer.path("whitening"))));
        }
        if (layers.isEmpty()) {
            throw damaged("there are no layers in " + ABOUT);
        }
        return layers;
    }

    private Whitening whitening(JsonNode kept) {
        if (kept.isMissingNode()) {
            return null;
        }
        int rank = kept.path(0).asInt(-1);
        if (kept.size() != 5 || rank < 0) {
            throw damaged("the coordinates " + kept + " are not understood");
        }
        return new Whitening(
                rank,
                number(kept.get(1)),
                number(kept.get(2)),
                (float) number(kept.get(3)),
                (float) number(kept.get(4)));
    }

    private double number(JsonNode kept) {
        double number = kept.isNumber() ? kept.asDouble() : Double.NaN;
        if (!Double.isFinite(number)) {
            throw damaged("expected a number, found " + kept);
        }
        return number;
    }

    /// Gives a session the head that the start holds for.
    void writeHead(Session session) {
        try (var file = new Safetensors(place.resolve(TENSORS))) {
            for (ParameterSpec parameter : session.task().headParameters()) {
                session.write(parameter.name(), read(file, parameter));
            }
        }
    }

    private float[] read(Safetensors file, ParameterSpec parameter) {
        long[] shape =
                file.names().contains(parameter.name())
                        ? file.shape(parameter.name())
                        : new long[0];
        long[] expected = Arrays.stream(parameter.extents()).asLongStream().toArray();
        if (!Arrays.equals(shape, expected)) {
            throw damaged(
                    "'%s' is %s, expected %s"
                            .formatted(
                                    parameter.name(),
                                    Arrays.toString(shape),
                                    Arrays.toString(expected)));
        }
        return file.read(parameter.name());
    }

    /// Puts it on the run's session, whose head it has already.
    ///
    /// @return what the run shows of it
    String take(RunState run) {
        JsonNode about = about();
        List<LoraLayer> layers = layers(run.inputs, about);
        run.session.addAdapters(layers);
        var shifted = new LinkedHashMap<String, LoraFactors>();
        try (var file = new Safetensors(place.resolve(TENSORS))) {
            for (LoraLayer layer : layers) {
                LinearModule module = layer.module();
                boolean isShifted = file.names().contains(SHIFT_A + module.name());
                for (ParameterSpec parameter : parameters(layer, isShifted)) {
                    run.session.write(parameter.name(), read(file, parameter));
                }
                if (isShifted) {
                    shifted.put(
                            module.name(),
                            new LoraFactors(
                                    read(file, matrix(SHIFT_A, layer, layer.r(), module.in())),
                                    read(file, matrix(SHIFT_B, layer, module.out(), layer.r())),
                                    Base.SHIFTED));
                }
            }
        }
        double largest = about.path("largest").asDouble(0);
        run.start = AdapterStart.Result.ofOwnSize(shifted, largest);
        if (AdapterStage.isChanged(spec, run.start)) {
            run.metrics.baseline(AdapterStage.AFTER);
        }
        String ranks =
                layers.stream()
                        .map(LoraLayer::r)
                        .distinct()
                        .sorted()
                        .map(String::valueOf)
                        .collect(Collectors.joining(", "));
        return "%s, the start of %s  r %s  %d modules and the head"
                .formatted(
                        spec.method().jsonName(),
                        RunReport.relative(place.toAbsolutePath()),
                        ranks,
                        layers.size());
    }

    private static ParameterSpec matrix(String kind, LoraLayer layer, int rows, int columns) {
        return ParameterSpec.matrix(kind + layer.module().name(), rows, columns);
    }
}
