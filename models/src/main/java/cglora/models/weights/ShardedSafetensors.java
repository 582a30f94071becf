package cglora.models.weights;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.json.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// A checkpoint in several files, as `model.safetensors.index.json` lists them.
public final class ShardedSafetensors implements WeightSource {
    private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");

    private final Path index;
    private final Map<String, Safetensors> shards = new LinkedHashMap<>();
    private final Map<String, Safetensors> byTensor = new LinkedHashMap<>();

    /// @throws CgloraException S-INDEX with everything that is wrong, X-PATH for a file outside
    public ShardedSafetensors(Path index) {
        this.index = index;
        JsonNode map;
        try {
            map = JsonFile.read(index, JsonFile.INDEX).path("weight_map");
        } catch (JacksonException e) {
            throw new CgloraException(
                    ErrorCode.S_INDEX,
                    index.toString(),
                    "not JSON: " + e.getOriginalMessage(),
                    "fetch the file again",
                    e);
        }
        var problems = new Problems();
        Path folder = index.toAbsolutePath().getParent();
        for (var property : map.properties()) {
            String file = property.getValue().asString("");
            Path shard = file.indexOf('\0') >= 0 ? null : folder.resolve(file).normalize();
            if (shard == null || file.isEmpty() || !folder.equals(shard.getParent())) {
                problems.error(
                        ErrorCode.X_PATH,
                        index.toString(),
                        "tensor '"
                                + property.getKey()
                                + "' is in '"
                                + file
                                + "', which is not a file beside the index",
                        "shards stand in the model's own folder");
            } else if (!Files.isRegularFile(shard)) {
                problems.error(
                        ErrorCode.S_INDEX,
                        index.toString(),
                        "tensor '"
                                + property.getKey()
                                + "' is in '"
                                + file
                                + "', which is not there",
                        "fetch the missing file");
            } else {
                Safetensors source = shards.computeIfAbsent(file, f -> new Safetensors(shard));
                if (source.names().contains(property.getKey())) {
                    byTensor.put(property.getKey(), source);
                } else {
                    problems.error(
                            ErrorCode.S_INDEX,
                            shard.toString(),
                            "tensor '" + property.getKey() + "' is not in it, as the index says",
                            "fetch index and shards of one version");
                }
            }
        }
        twice(problems);
        unlisted(folder, problems);
        if (byTensor.isEmpty() && !problems.hasErrors()) {
            problems.error(ErrorCode.S_INDEX, index.toString(), "no weight_map", "fetch it again");
        }
        if (problems.hasErrors()) {
            close();
        }
        problems.throwIfAny();
    }

    /// A tensor in two shards has two values.
    private void twice(Problems problems) {
        var holders = new TreeMap<String, List<String>>();
        shards.forEach(
                (file, source) ->
                        source.names()
                                .forEach(
                                        name ->
                                                holders.computeIfAbsent(
                                                                name, _ -> new ArrayList<>())
                                                        .add(file)));
        holders.forEach(
                (name, files) -> {
                    if (files.size() > 1) {
                        problems.error(
                                ErrorCode.S_INDEX,
                                index.toString(),
                                "tensor '%s' is in %d shards: %s"
                                        .formatted(name, files.size(), String.join(", ", files)),
                                "fetch index and shards of one version");
                    }
                });
    }

    /// A shard by its name that the index leaves out.
    private void unlisted(Path folder, Problems problems) {
        try (var files = Files.list(folder)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> SHARD.matcher(name).matches() && !shards.containsKey(name))
                    .sorted()
                    .forEach(
                            name ->
                                    problems.error(
                                            ErrorCode.S_INDEX,
                                            index.toString(),
                                            "does not list the shard '" + name + "' beside it",
                                            "fetch index and shards of one version"));
        } catch (IOException e) {
            throw Safetensors.unreadable(folder, e);
        }
    }

    @Override
    public Set<String> names() {
        return byTensor.keySet();
    }

    @Override
    public long[] shape(String name) {
        return byTensor.get(name).shape(name);
    }

    @Override
    public String dtype(String name) {
        return byTensor.get(name).dtype(name);
    }

    @Override
    public void read(String name, int first, int count, float[] target, int offset) {
        byTensor.get(name).read(name, first, count, target, offset);
    }

    @Override
    public boolean equal(String name, String other) {
        return byTensor.get(name).equal(name, byTensor.get(other), other);
    }

    @Override
    public long readingBytes() {
        return shards.values().stream().mapToLong(Safetensors::readingBytes).max().orElse(0);
    }

    @Override
    public List<Path> files() {
        var files = new ArrayList<>(List.of(index));
        shards.values().forEach(shard -> files.addAll(shard.files()));
        return files;
    }

    @Override
    public String description() {
        return index.toString();
    }

    @Override
    public void close() {
        shards.values().forEach(Safetensors::close);
    }
}
