package cglora.models.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Writes the weights of a Hugging Face directory: `model.safetensors`, or above a size
/// `model-00001-of-00003.safetensors` and so on with `model.safetensors.index.json`, as
/// transformers' `save_pretrained` does (huggingface_hub, serialization/_base.py): tensors in their
/// order, a new file where the next one would make it larger; one tensor that is larger has a file
/// of its own.
public final class ModelFiles {
    /// The size of a file in bytes above which transformers begins another: 5 GB.
    public static final long SHARD_BYTES = 5_000_000_000L;

    private static final String SINGLE = "model.safetensors";
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private ModelFiles() {}

    /// @param folder     which must exist
    /// @param shardBytes the most bytes of tensors in one file, where it holds more than one
    /// @param format     of the elements, which are rounded to it
    /// @param shapes     the tensors' extents, by their names
    /// @param parts      gives the tensors' elements; none is held as a whole
    /// @return how many files hold tensors
    /// @throws IOException where they cannot be written; what was written stays
    public static int write(
            Path folder,
            long shardBytes,
            FloatFormat format,
            SortedMap<String, int[]> shapes,
            TensorParts parts)
            throws IOException {
        List<SortedMap<String, int[]>> shards = shards(shardBytes, format, shapes);
        Map<String, String> metadata = Map.of("format", "pt");
        if (shards.size() == 1) {
            SafetensorsWriter.writeParts(folder.resolve(SINGLE), format, shapes, parts, metadata);
            return 1;
        }
        var weightMap = new TreeMap<String, String>();
        for (int i = 0; i < shards.size(); i++) {
            String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
            shards.get(i).keySet().forEach(tensor -> weightMap.put(tensor, name));
            SafetensorsWriter.writeParts(
                    folder.resolve(name), format, shards.get(i), parts, metadata);
        }
        var index = new LinkedHashMap<String, Object>();
        long total = shapes.values().stream().mapToLong(s -> bytes(format, s)).sum();
        index.put("metadata", Map.of("total_size", total));
        index.put("weight_map", weightMap);
        writeSynced(folder.resolve(SINGLE + ".index.json"), JSON.writeValueAsString(index) + "\n");
        return shards.size();
    }

    private static List<SortedMap<String, int[]>> shards(
            long shardBytes, FloatFormat format, SortedMap<String, int[]> shapes) {
        if (shardBytes < 1) {
            throw new IllegalArgumentException("shards of " + shardBytes + " bytes");
        }
        var shards = new ArrayList<SortedMap<String, int[]>>();
        SortedMap<String, int[]> shard = new TreeMap<>();
        long held = 0;
        for (var tensor : shapes.entrySet()) {
            long bytes = bytes(format, tensor.getValue());
            if (held + bytes > shardBytes && !shard.isEmpty()) {
                shards.add(shard);
                shard = new TreeMap<>();
                held = 0;
            }
            shard.put(tensor.getKey(), tensor.getValue());
            held += bytes;
        }
        shards.add(shard);
        return shards;
    }

    private static long bytes(FloatFormat format, int[] shape) {
        long size = format.bytes();
        for (int extent : shape) {
            size *= extent;
        }
        return size;
    }

    private static void writeSynced(Path file, String text) throws IOException {
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
