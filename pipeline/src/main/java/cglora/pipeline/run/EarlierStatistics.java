package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.adapter.KeptStatistics;
import cglora.models.adapter.Need;
import cglora.models.adapter.StatisticsSource;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.training.Session;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.pipeline.checkpoint.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Statistics that a run keeps in `statistics/` for later ones, with the head that they hold for:
/// `layers/` with a file each, `head.safetensors`, and, when all is there, `statistics.json`.
final class EarlierStatistics {
    private static final String FOLDER = "statistics";
    private static final String LAYERS = "layers";
    private static final String HEAD = "head.safetensors";
    private static final String ABOUT = "statistics.json";

    private final Path place;

    private EarlierStatistics(Path place) {
        this.place = place;
    }

    /// Those that a run, or their own folder, has.
    static EarlierStatistics of(Path given) {
        Path inside = given.resolve(FOLDER);
        return new EarlierStatistics(Files.isDirectory(inside) ? inside : given);
    }

    /// Where they are.
    Path place() {
        return place;
    }

    /// Begins to keep what a stage has gathered; [#finish] ends it.
    ///
    /// @return the same statistics, written as they are taken
    static StatisticsSource keep(RunState run) {
        Path folder = run.folder.resolve(FOLDER);
        try {
            Durable.delete(folder); // what an interrupted process has left
            Files.createDirectories(folder.resolve(LAYERS));
            var shapes = new TreeMap<String, int[]>();
            for (ParameterSpec parameter : run.session.task().headParameters()) {
                shapes.put(parameter.name(), parameter.extents());
            }
            SafetensorsWriter.write(folder.resolve(HEAD), shapes, run.session::read, Map.of());
        } catch (IOException e) {
            throw run.folder.diskError(e);
        }
        return KeptStatistics.writing(run.statistics, folder.resolve(LAYERS));
    }

    /// All layers have been taken: the statistics are whole.
    ///
    /// @param examples that they were gathered from
    static void finish(RunState run, int examples) {
        var about = new LinkedHashMap<String, Object>();
        about.put("cglora", 1);
        about.put("base_sha256", run.inputs.checkpoint().fingerprint());
        run.inputs.checkpoint().weights().release();
        about.put("labels", run.inputs.examples().labels().names());
        about.put("pooling", run.inputs.headName());
        about.put("examples", examples);
        about.put("sha256", sums(run.folder.resolve(FOLDER)));
        run.folder.writeJson(FOLDER + "/" + ABOUT, about);
    }

    /// SHA-256 of the head and of each layer's file, by their names in the folder.
    private static Map<String, String> sums(Path folder) {
        var sums = new TreeMap<String, String>();
        try (var layers = Files.list(folder.resolve(LAYERS))) {
            for (Path file : Stream.concat(layers, Stream.of(folder.resolve(HEAD))).toList()) {
                String name = folder.relativize(file).toString().replace('\\', '/');
                sums.put(name, Durable.sha256(file));
            }
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.K_DISK,
                    folder.toString(),
                    "what was kept cannot be read again: " + e,
                    "look after the disk, or keep no statistics",
                    e);
        }
        return sums;
    }

    /// What is taken is as it was kept; statistics of versions that wrote no sums are believed.
    private void requireWhole(Inputs inputs) {
        Map<Path, String> found = inputs.stamps().absoluteSha256();
        var wanted = new TreeSet<String>();
        AdapterLayers.of(inputs)
                .forEach(l -> wanted.add(LAYERS + "/" + l.module().name() + ".safetensors"));
        wanted.add(HEAD);
        JsonNode sums = about().path("sha256");
        for (String name : wanted) {
            Path file = place.resolve(name);
            String then = sums.path(name).asString(null);
            String now = found.get(file.toAbsolutePath().normalize());
            if (then != null && !then.equals(now)) {
                throw new CgloraException(
                        ErrorCode.R_DAMAGED,
                        file.toString(),
                        "has SHA-256 %s, expected %s".formatted(now, then),
                        "calibrate again");
            }
        }
    }

    private JsonNode about() {
        Path file = place.resolve(ABOUT);
        if (!Files.isRegularFile(file)) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    place.toString(),
                    Files.isDirectory(place)
                            ? "holds no statistics, or not all: there is no " + ABOUT
                            : "is not there",
                    "give a run whose calibrate stage has \"keep\": true");
        }
        try {
            return JsonMapper.shared().readTree(file.toFile());
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.R_DAMAGED,
                    file.toString(),
                    "is not JSON: " + e.getOriginalMessage(),
                    "calibrate again",
                    e);
        }
    }

    /// Whether they are those of this model, these classes and these layers.
    ///
    /// @param notes is given the warnings
    /// @throws CgloraException with everything that does not fit: M-PATH, A-BASE, D-LABEL,
    ///     A-TARGET, A-TENSOR
    void require(Inputs inputs, Problems notes) {
        JsonNode about = about();
        var problems = new Problems();
        new Origin(place, "gathered", "calibrate again")
                .require(about, "pooling", inputs, problems);
        Set<Need> needs = Initializers.needs(inputs.adapterSpec());
        if (!needs.isEmpty()) {
            requireLayers(inputs, needs, problems);
        }
        problems.throwIfAny();
        EarlierRun.around(place)
                .ifPresent(run -> run.warnOfOtherData(inputs, "calibrate.from", notes));
    }

    private void requireLayers(Inputs inputs, Set<Need> needs, Problems problems) {
        Set<String> there = KeptStatistics.modules(place.resolve(LAYERS));
        var missing = new TreeSet<String>();
        for (LoraLayer layer : AdapterLayers.of(inputs)) {
            String module = layer.module().name();
            if (!there.contains(module)) {
                missing.add(module);
                continue;
            }
            Set<String> parts = KeptStatistics.missing(place.resolve(LAYERS), module, needs);
            if (!parts.isEmpty()) {
                problems.error(
                        ErrorCode.A_TENSOR,
                        place.toString(),
                        "layer '%s' has no %s, which method '%s' needs"
                                .formatted(
                                        module,
                                        String.join(", ", parts),
                                        inputs.adapterSpec().method().jsonName()),
                        "calibrate again for this method; what cg-lora gathers serves all");
                break; // the others are alike
            }
        }
        if (!missing.isEmpty()) {
            problems.error(
                    ErrorCode.A_TARGET,
                    place.toString(),
                    "there are no statistics of %d of the adapter's layers: %s"
                            .formatted(missing.size(), String.join(", ", missing)),
                    "calibrate again with these target_modules, or take others");
        }
    }

    /// Gives a session the head that the statistics hold for.
    void writeHead(Session session) {
        try (var file = new Safetensors(place.resolve(HEAD))) {
            for (ParameterSpec parameter : session.task().headParameters()) {
                long[] shape =
                        file.names().contains(parameter.name())
                                ? file.shape(parameter.name())
                                : new long[0];
                if (!Arrays.equals(
                        shape, Arrays.stream(parameter.extents()).asLongStream().toArray())) {
                    throw new CgloraException(
                            ErrorCode.A_HEAD,
                            file.description(),
                            "'%s' is %s, expected %s"
                                    .formatted(
                                            parameter.name(),
                                            Arrays.toString(shape),
                                            Arrays.toString(parameter.extents())),
                            "calibrate again");
                }
                session.write(parameter.name(), file.read(parameter.name()));
            }
        }
    }

    /// For the initializer of the run's adapter.
    ///
    /// @throws CgloraException R-DAMAGED where a file is not as it was kept
    StatisticsSource read(Inputs inputs) {
        requireWhole(inputs);
        return KeptStatistics.read(
                place.resolve(LAYERS),
                AdapterLayers.of(inputs).stream()
                        .map(layer -> layer.module().name())
                        .collect(Collectors.toSet()),
                Initializers.needs(inputs.adapterSpec()));
    }

    /// From how many examples they are.
    int examples() {
        return about().path("examples").asInt();
    }
}
