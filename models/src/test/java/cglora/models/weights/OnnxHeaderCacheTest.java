package cglora.models.weights;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxHeaderCacheTest {
    private static final String MODEL = "all-minilm-l6-v2.onnx";
    private static final PackedEntry ENTRY = new PackedEntry("models/a b.onnx", 12, 0xfedcba98L);

    @TempDir Path folder;

    private static GraphProto header(String name) {
        return GraphProto.newBuilder()
                .setName(name)
                .addNode(NodeProto.newBuilder().setName("n").addInput("w"))
                .addInitializer(TensorProto.newBuilder().setName("w").addDims(3).setDataType(1))
                .build();
    }

    private OnnxHeaderCache cache() {
        return new OnnxHeaderCache(folder.resolve("cache/headers"));
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(folder.resolve("cache/headers"))) {
            return files.toList();
        }
    }

    @Test
    void givesBackTheHeaderOfTheSameEntryOnly() {
        OnnxHeaderCache cache = cache();
        assertThat(cache.find(ENTRY)).isEmpty();
        cache.keep(ENTRY, header("g"));
        assertThat(cache.find(ENTRY)).contains(header("g"));
        assertThat(cache.find(new PackedEntry(ENTRY.name(), 13, ENTRY.crc()))).isEmpty();
        assertThat(cache.find(new PackedEntry(ENTRY.name(), 12, 1))).isEmpty();
        assertThat(cache.find(new PackedEntry("other/a b.onnx", 12, ENTRY.crc()))).isEmpty();
    }

    @Test
    void aFileOfAnotherEntryIsNotTaken() throws IOException {
        OnnxHeaderCache cache = cache();
        cache.keep(ENTRY, header("g"));
        for (PackedEntry other :
                List.of(
                        new PackedEntry(ENTRY.name(), 13, ENTRY.crc()),
                        new PackedEntry(ENTRY.name(), 12, 1),
                        new PackedEntry("models/c.onnx", 12, ENTRY.crc()))) {
            Files.copy(cache.place(ENTRY), cache.place(other));
            assertThat(cache.find(other)).as("%s", other).isEmpty();
        }
    }

    @Test
    void anyDamageIsNoticedAndMended() throws IOException {
        OnnxHeaderCache cache = cache();
        cache.keep(ENTRY, header("g"));
        Path file = cache.place(ENTRY);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 1;
            Files.write(file, flipped);
            assertThat(cache.find(ENTRY)).as("byte %d", i).isEmpty();
            Files.write(file, Arrays.copyOf(whole, i));
            assertThat(cache.find(ENTRY)).as("%d bytes", i).isEmpty();
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThat(cache.find(ENTRY)).isEmpty();
        cache.keep(ENTRY, header("g"));
        assertThat(cache.find(ENTRY)).contains(header("g"));
    }

    @Test
    void aFolderThatCannotBeWrittenKeepsNothingAndSaysNothing() throws IOException {
        Files.writeString(folder.resolve("cache"), "a file");
        OnnxHeaderCache cache = cache();
        cache.keep(ENTRY, header("g"));
        assertThat(cache.find(ENTRY)).isEmpty();
        assertThat(folder.resolve("cache")).hasContent("a file");
        Files.delete(folder.resolve("cache"));
        Files.createDirectories(cache.place(ENTRY).resolve("in the way"));
        cache.keep(ENTRY, header("g"));
        assertThat(cache.find(ENTRY)).isEmpty();
        assertThat(files()).containsExactly(cache.place(ENTRY));
    }

    @Test
    void manyStartsAtOnceSeeAWholeHeaderOrNone()
            throws IOException, InterruptedException, ExecutionException {
        GraphProto header = header("g".repeat(100_000));
        var tasks = new ArrayList<Callable<Optional<GraphProto>>>();
        for (int i = 0; i < 200; i++) {
            boolean writes = i % 2 == 0;
            tasks.add(
                    () -> {
                        OnnxHeaderCache cache = cache();
                        if (writes) {
                            cache.keep(ENTRY, header);
                        }
                        return cache.find(ENTRY);
                    });
        }
        int found = 0;
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (Future<Optional<GraphProto>> outcome : threads.invokeAll(tasks)) {
                if (outcome.get().isPresent()) {
                    found++;
                    assertThat(outcome.get().get().equals(header)).isTrue();
                }
            }
        }
        assertThat(found).isGreaterThanOrEqualTo(100);
        assertThat(files()).containsExactly(cache().place(ENTRY));
    }

    @Test
    void whatNobodyUsesGoesWhenAnotherIsKept() throws IOException {
        OnnxHeaderCache cache = cache();
        Instant now = Instant.now();
        cache.keep(ENTRY, header("g"));
        var unused = new PackedEntry("unused.onnx", 1, 1);
        cache.keep(unused, header("g"));
        Files.setLastModifiedTime(
                cache.place(unused), FileTime.from(now.minus(Duration.ofDays(31))));
        Files.setLastModifiedTime(
                cache.place(ENTRY), FileTime.from(now.minus(Duration.ofDays(31))));
        assertThat(cache.find(ENTRY)).isPresent(); // used again
        Path killed =
                Files.writeString(
                        cache.place(ENTRY).resolveSibling("cglora-header-1.tmp"), "CLGONX01half");
        Files.setLastModifiedTime(killed, FileTime.from(now.minus(Duration.ofDays(2))));
        Path writing =
                Files.writeString(
                        cache.place(ENTRY).resolveSibling("cglora-header-2.tmp"), "CLGONX01half");
        var third = new PackedEntry("third.onnx", 1, 1);
        cache.keep(third, header("g"));
        assertThat(files())
                .containsExactlyInAnyOrder(cache.place(ENTRY), cache.place(third), writing);
    }

    @Test
    void anEntryIsKnownByTheDirectoryOfItsJar() throws IOException {
        byte[] content = "what a model is made of".repeat(100).getBytes(StandardCharsets.UTF_8);
        Path jar = folder.resolve("some.jar");
        try (var out = new ZipOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new ZipEntry("models/a.onnx"));
            out.write(content);
        }
        var crc = new CRC32();
        crc.update(content);
        assertThat(PackedEntry.of(URI.create("jar:" + jar.toUri() + "!/models/a.onnx").toURL()))
                .contains(new PackedEntry("models/a.onnx", content.length, crc.getValue()));
        assertThat(PackedEntry.of(URI.create("jar:" + jar.toUri() + "!/none.onnx").toURL()))
                .isEmpty();
        assertThat(PackedEntry.of(jar.toUri().toURL())).isEmpty();
        Files.delete(jar); // nobody holds it
    }

    /// With a kept header nothing is unpacked, and the weights are those of the file.
    @Test
    void weightsOfAKeptHeaderAreThoseOfTheFile() {
        PackedEntry entry = PackedEntry.of(getClass().getResource("/" + MODEL)).orElseThrow();
        assertThat(entry.name()).isEqualTo(MODEL);
        assertThat(entry.size()).isGreaterThan(80_000_000);
        var opened = new AtomicInteger();
        OnnxWeights.Source source =
                () -> {
                    opened.incrementAndGet();
                    return getClass().getResourceAsStream("/" + MODEL);
                };
        String name = "encoder.layer.0.attention.self.query.weight";
        try (var first = new OnnxWeights(source, MODEL, entry, cache());
                var second = new OnnxWeights(source, MODEL, entry, cache());
                var plain = new OnnxWeights(source, MODEL)) {
            assertThat(opened).hasValue(2);
            assertThat(second.names()).isEqualTo(first.names()).isEqualTo(plain.names());
            for (String each : plain.names()) {
                assertThat(second.shape(each)).isEqualTo(plain.shape(each));
            }
            assertThat(second.attentionHeads(384))
                    .isEqualTo(plain.attentionHeads(384))
                    .hasValue(12);
            float[] expected = new float[384 * 384];
            float[] found = new float[384 * 384];
            plain.read(name, expected, 0);
            second.read(name, found, 0);
            assertThat(found).isEqualTo(expected);
        }
    }
}
