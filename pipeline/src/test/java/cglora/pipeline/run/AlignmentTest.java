package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.pipeline.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A reference is at no distance from itself, the base model at distance 1.
class AlignmentTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "OUT", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "adapter", "method": "METHOD", "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        for (String method : new String[] {"full", "lora"}) {
            Files.writeString(
                    folder.resolve(method + ".json"),
                    PIPELINE.replace("METHOD", method).replace("OUT", method));
        }
        assertThat(execute("run", path("full.json")).status()).isZero();
        assertThat(execute("init", path("lora.json")).status()).isZero();
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private String only(String runs) throws IOException {
        try (var found = Files.list(folder.resolve(runs))) {
            return found.filter(
                            f ->
                                    Files.isDirectory(f.resolve("adapter"))
                                            || Files.isDirectory(f.resolve("model")))
                    .findFirst()
                    .orElseThrow()
                    .toString();
        }
    }

    private static Outcome execute(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Outcome align(String reference, String adapter, String... more) {
        var all = new java.util.ArrayList<>(java.util.List.of("align", path("lora.json")));
        all.addAll(java.util.List.of("--reference", reference, "--adapter", adapter));
        all.addAll(java.util.List.of(more));
        return execute(all.toArray(String[]::new));
    }

    private static JsonNode row(Outcome outcome) {
        assertThat(outcome.status()).as(outcome.err()).isZero();
        return JsonMapper.shared().readTree(outcome.out()).iterator().next();
    }

    @Test
    void theReferenceIsAtNoDistanceFromItself() throws IOException {
        JsonNode row = row(align(only("full"), only("full"), "-o", "json"));
        assertThat(row.path("relative_distance").asDouble(-1)).isZero();
        assertThat(row.path("agreement").asDouble(-1)).isEqualTo(1);
        assertThat(row.path("cosine").asDouble(-1)).isEqualTo(1, within(1e-9));
    }

    @Test
    void anAdapterThatHasNotMovedIsAtDistanceOne() throws IOException {
        JsonNode row = row(align(only("full"), only("lora"), "-o", "json"));
        assertThat(row.path("relative_distance").asDouble(-1)).isEqualTo(1, within(1e-4));
    }

    @Test
    void whatCannotBeComparedIsRefused() throws IOException {
        String full = only("full");
        Outcome noSplit = align(full, full, "--data", "test");
        assertThat(noSplit.err()).contains("D-EMPTY").contains("no such split");
        TinyModel.write(folder.resolve("model"), 6, 0);
        assertThat(align(full, only("lora")).err()).contains("A-BASE");
    }

    @Test
    void aReferenceThatIsTheBaseIsRefused() throws IOException {
        Outcome outcome = align(only("lora"), only("full"));
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("O-CONFLICT");
    }
}
