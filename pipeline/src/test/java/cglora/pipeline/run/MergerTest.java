package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.FloatFormat;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.ShardedSafetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `merge`: the model that is written says what base and adapter say.
class MergerTest {
    private static final List<String> TEXTS =
            List.of("a good film", "the very bad old book", "new", "a the good bad film book");

    @TempDir Path folder;
    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
    }

    /// The logits that `predict` gives for some texts.
    private static double[][] logits(Path place, String... more) {
        var arguments = new java.util.ArrayList<>(List.of("predict", place.toString(), "--json"));
        TEXTS.forEach(text -> arguments.addAll(List.of("--text", text)));
        arguments.addAll(List.of(more));
        return TinyRuns.execute(arguments.toArray(String[]::new))
                .succeeds()
                .out()
                .lines()
                .map(line -> JsonMapper.shared().readTree(line).path("logits"))
                .map(node -> new double[] {node.get(0).asDouble(), node.get(1).asDouble()})
                .toArray(double[][]::new);
    }

    private static void requireNear(double[][] found, double[][] expected) {
        assertThat(found).hasDimensions(expected.length, 2);
        for (int i = 0; i < expected.length; i++) {
            for (int c = 0; c < 2; c++) {
                assertThat(found[i][c]).isCloseTo(expected[i][c], within(2e-5));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "adapter.method=cg-lora",
                "adapter.cg.shift=true",
                "adapter.method=pissa",
                "adapter.use_rslora=true",
                "adapter.rank_pattern={\"query\":3}",
                "adapter.alpha_pattern={\"query\":3}"
            })
    void theMergedModelIsTheAdaptedOne(String setting) throws IOException {
        runs.run("--set", setting, "--set", "train.learning_rate=0.05").succeeds();
        Path run = runs.latest();
        double[][] adapted = logits(run);
        Path target = folder.resolve("merged");
        TinyRuns.Outcome outcome =
                TinyRuns.execute("merge", run.toString(), "-o", target.toString());
        assertThat(outcome.succeeds().out()).contains("verified: reloaded, logits differ by");
        requireNear(logits(target), adapted);
        JsonNode config = JsonMapper.shared().readTree(target.resolve("config.json").toFile());
        assertThat(config.path("architectures").get(0).asString())
                .isEqualTo("BertForSequenceClassification");
        assertThat(config.path("id2label").path("1").asString()).isEqualTo("yes");
        assertThat(target.resolve("tokenizer.json")).isRegularFile();
        try (var files = Files.list(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .noneMatch(name -> name.contains(".tmp") || name.contains(".rejected"));
        }
    }

    /// What somebody has beside the target stays as it is, whatever comes of merging.
    @Test
    void nothingBesideTheTargetIsTouched() throws IOException {
        runs.run().succeeds();
        String run = runs.latest().toString();
        for (String target : List.of("out", "none", "deep")) {
            Path sub = Files.createDirectories(folder.resolve(target + ".tmp/sub"));
            Files.writeString(sub.resolveSibling("notes.txt"), "precious");
            Files.writeString(sub.resolve("more.txt"), "precious, too");
        }
        String out = folder.resolve("out").toString();
        TinyRuns.execute("merge", run, "-o", out).succeeds();
        assertThat(Path.of(out).resolve("notes.txt")).doesNotExist();
        TinyRuns.Outcome noBase =
                TinyRuns.execute(
                        "merge", run, "-o", folder.resolve("none").toString(), "--base", "nowhere");
        assertThat(noBase.status()).as(noBase.err()).isEqualTo(3);
        TinyRuns.Outcome noAdapter =
                TinyRuns.execute("merge", "nowhere", "-o", folder.resolve("deep").toString());
        assertThat(noAdapter.status()).as(noAdapter.err()).isEqualTo(3);
        for (String target : List.of("out", "none", "deep")) {
            Path notes = folder.resolve(target + ".tmp/notes.txt");
            assertThat(notes).hasContent("precious");
            assertThat(notes.resolveSibling("sub/more.txt")).hasContent("precious, too");
        }
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        TinyRuns.Outcome linked = TinyRuns.execute("merge", run, "-o", link.toString());
        assertThat(linked.status()).as(linked.err()).isEqualTo(5);
        assertThat(link).isSymbolicLink();
        try (var files = Files.list(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()).filter(n -> n.endsWith(".tmp")))
                    .containsExactlyInAnyOrder("out.tmp", "none.tmp", "deep.tmp");
        }
    }

    /// Above a size there are several files, which say the same.
    @Test
    void aLargeModelIsWrittenInShards() throws IOException {
        runs.run("--set", "train.learning_rate=0.05").succeeds();
        Path run = runs.latest();
        Path target = folder.resolve("merged");
        TinyRuns.execute(
                        "merge", run.toString(), "-o", target.toString(), "--max-shard-size", "2KB")
                .succeeds();
        assertThat(target.resolve("model.safetensors")).doesNotExist();
        try (var files = Files.list(target)) {
            assertThat(files.filter(f -> f.toString().endsWith(".safetensors")))
                    .hasSizeGreaterThan(3)
                    .allSatisfy(f -> assertThat(Files.size(f)).isLessThan(4000));
        }
        requireNear(logits(target), logits(run));
        Path whole = folder.resolve("whole");
        TinyRuns.execute("merge", run.toString(), "-o", whole.toString()).succeeds();
        try (var shards = new ShardedSafetensors(target.resolve("model.safetensors.index.json"));
                var file = new Safetensors(whole.resolve("model.safetensors"))) {
            assertThat(shards.names()).containsExactlyInAnyOrderElementsOf(file.names());
            for (String name : file.names()) {
                assertThat(shards.read(name)).as(name).isEqualTo(file.read(name));
            }
        }
        assertThat(
                        TinyRuns.execute(
                                        "merge",
                                        run.toString(),
                                        "-o",
                                        folder.resolve("none").toString(),
                                        "--max-shard-size",
                                        "5 apples")
                                .err())
                .contains("P-USAGE", "'5 apples' is no size");
    }

    @Test
    void mergesByTheFormula() throws IOException {
        runs.run("--set", "train.learning_rate=0.05").succeeds();
        Path target = folder.resolve("merged");
        TinyRuns.execute(
                        "merge",
                        runs.latest().resolve("adapter").toString(),
                        "--base",
                        folder.resolve("model").toString(),
                        "-o",
                        target.toString())
                .succeeds();
        PeftAdapter adapter = PeftAdapter.read(runs.latest().resolve("adapter"));
        try (var base = new Safetensors(folder.resolve("model/model.safetensors"));
                var merged = new Safetensors(target.resolve("model.safetensors"))) {
            for (String name : base.names()) {
                float[] before = base.read(name);
                float[] after = merged.read(name);
                PeftAdapter.Layer layer = adapter.layers().get(name.replace(".weight", ""));
                if (layer == null) {
                    assertThat(after).as(name).isEqualTo(before);
                    continue;
                }
                for (int o = 0; o < layer.out(); o++) {
                    for (int i = 0; i < layer.in(); i++) {
                        double sum = 0;
                        for (int k = 0; k < layer.r(); k++) {
                            sum +=
                                    (double) layer.loraB()[o * layer.r() + k]
                                            * layer.loraA()[k * layer.in() + i];
                        }
                        int at = o * layer.in() + i;
                        assertThat((double) after[at])
                                .isCloseTo(before[at] + layer.scaling() * sum, within(1e-6));
                    }
                }
            }
            assertThat(merged.read("classifier.bias"))
                    .isEqualTo(adapter.saved().get("classifier.bias"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void takesTheFormatOfTheBaseWhereThatIsAsked(FloatFormat format) throws IOException {
        Path file = folder.resolve("model/model.safetensors");
        var shapes = new TreeMap<String, int[]>();
        var values = new TreeMap<String, float[]>();
        try (var base = new Safetensors(file)) {
            for (String name : base.names()) {
                shapes.put(
                        name, Arrays.stream(base.shape(name)).mapToInt(Math::toIntExact).toArray());
                values.put(name, base.read(name));
            }
        }
        SafetensorsWriter.write(file, format, shapes, values::get, Map.of());
        runs.run("--set", "train.learning_rate=0.05").succeeds();
        Path exact = folder.resolve("exact");
        Path same = folder.resolve("same");
        String run = runs.latest().toString();
        TinyRuns.execute("merge", run, "-o", exact.toString()).succeeds();
        TinyRuns.Outcome outcome =
                TinyRuns.execute("merge", run, "--dtype", "same", "-o", same.toString());
        assertThat(outcome.succeeds().out())
                .contains(format.torchName() + " moves the logits by")
                .contains("verified");
        try (var wide = new Safetensors(exact.resolve("model.safetensors"));
                var narrow = new Safetensors(same.resolve("model.safetensors"))) {
            assertThat(narrow.names()).isEqualTo(wide.names());
            for (String name : wide.names()) {
                assertThat(wide.dtype(name)).isEqualTo("F32");
                assertThat(narrow.dtype(name)).isEqualTo(format.name());
                float[] expected = wide.read(name);
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = format.round(expected[i]);
                }
                assertThat(narrow.read(name)).as(name).isEqualTo(expected);
            }
        }
        assertThat(
                        JsonMapper.shared()
                                .readTree(same.resolve("config.json").toFile())
                                .path("torch_dtype")
                                .asString())
                .isEqualTo(format.torchName());
    }

    /// As PEFT would train it: the start's shift merged, then other factors learnt.
    @Test
    void anAdapterOfAShiftedBaseBecomesAnOrdinaryOne() throws IOException {
        TinyRuns.execute(
                        "init",
                        folder.resolve("p.json").toString(),
                        "--engine",
                        "jvm",
                        "--set",
                        "adapter.method=pissa")
                .succeeds();
        Path start = runs.latest();
        PeftAdapter begun = PeftAdapter.read(start.resolve("adapter"));
        var trained = new TreeMap<String, PeftAdapter.Layer>();
        begun.layers()
                .forEach(
                        (name, l) -> {
                            float[] b = l.loraB().clone();
                            for (int i = 0; i < b.length; i++) {
                                b[i] *= 1.5f + i % 3;
                            }
                            trained.put(
                                    name,
                                    new PeftAdapter.Layer(
                                            l.in(),
                                            l.out(),
                                            l.r(),
                                            l.scaling(),
                                            false,
                                            l.loraA(),
                                            b));
                        });
        Path elsewhere = Files.createDirectory(folder.resolve("trained"));
        new PeftAdapter(trained, begun.saved(), begun.shapes(), begun.base(), begun.metadata())
                .write(elsewhere, 0);
        String shift = start.resolve("base_shift").toString();
        Path ordinary = folder.resolve("ordinary");
        Path model = folder.resolve("merged");
        TinyRuns.execute(
                        "merge",
                        elsewhere.toString(),
                        "--base-shift",
                        shift,
                        "--as-adapter",
                        "-o",
                        ordinary.toString())
                .succeeds();
        TinyRuns.execute(
                        "merge",
                        elsewhere.toString(),
                        "--base-shift",
                        shift,
                        "-o",
                        model.toString())
                .succeeds();
        double[][] expected = logits(model);
        requireNear(logits(ordinary), expected);
        assertThat(logits(elsewhere)[0][0]).isNotCloseTo(expected[0][0], within(1e-3));
        Map<String, PeftAdapter.Layer> layers = PeftAdapter.read(ordinary).layers();
        assertThat(layers.values()).allMatch(layer -> layer.r() == 4);
    }

    @Test
    void theStartOfAShiftedRunIsTheBase() throws IOException {
        TinyRuns.execute(
                        "init",
                        folder.resolve("p.json").toString(),
                        "--set",
                        "adapter.cg.shift=true")
                .succeeds();
        Path target = folder.resolve("merged");
        TinyRuns.execute("merge", runs.latest().toString(), "-o", target.toString()).succeeds();
        try (var base = new Safetensors(folder.resolve("model/model.safetensors"));
                var merged = new Safetensors(target.resolve("model.safetensors"))) {
            for (String name : base.names()) {
                float[] before = base.read(name);
                float[] after = merged.read(name);
                for (int i = 0; i < before.length; i++) {
                    assertThat(after[i]).isCloseTo(before[i], within(1e-6f));
                }
            }
        }
    }

    @Test
    void nothingIsWrittenOverOrMerged() throws IOException {
        runs.run().succeeds();
        Path run = runs.latest();
        Path target = Files.createDirectory(folder.resolve("full"));
        Files.writeString(target.resolve("mine"), "mine");
        TinyRuns.Outcome full = TinyRuns.execute("merge", run.toString(), "-o", target.toString());
        assertThat(full.status()).isEqualTo(5);
        assertThat(full.err()).contains("error K-EXISTS", "not an empty folder");
        assertThat(Files.readString(target.resolve("mine"))).isEqualTo("mine");

        Path free = folder.resolve("free");
        TinyRuns.Outcome ordinary =
                TinyRuns.execute("merge", run.toString(), "--as-adapter", "-o", free.toString());
        assertThat(ordinary.status()).isEqualTo(2);
        assertThat(ordinary.err()).contains("an ordinary one already");

        Path other = TinyModel.write(folder.resolve("other"), 6, 0);
        TinyRuns.Outcome stranger =
                TinyRuns.execute(
                        "merge", run.toString(), "--base", other.toString(), "-o", free.toString());
        assertThat(stranger.status()).isEqualTo(3);
        assertThat(stranger.err()).contains("A-BASE");
        assertThat(free).doesNotExist();
    }
}
