package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.ModelProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import cglora.pipeline.checkpoint.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `inspect` of everything that there is to bring.
class InspectTest {
    @TempDir static Path folder;
    private static Path run;

    @BeforeAll
    static void runOnce() throws IOException {
        TinyRuns runs = TinyRuns.in(folder);
        runs.run("--set", "train.save_steps=3").succeeds();
        run = runs.latest();
    }

    private static String text(Path path) {
        return TinyRuns.execute("inspect", path.toString()).succeeds().out();
    }

    private static JsonNode json(Path path) {
        return JsonMapper.shared()
                .readTree(TinyRuns.execute("inspect", path.toString(), "--json").succeeds().out());
    }

    @Test
    void modelsAndTheirFiles() throws IOException {
        assertThat(text(folder.resolve("model")))
                .startsWith("bert model")
                .contains("none: one is made for the data", "encoder.layer.1.output.dense.weight");
        Path file = folder.resolve("model/model.safetensors");
        JsonNode weights = json(file);
        assertThat(weights.path("sha256").asString()).isEqualTo(Durable.sha256(file));
        assertThat(weights.path("bytes").asLong()).isEqualTo(Files.size(file));
        JsonNode first = weights.path("tensors").get(0);
        assertThat(first.path("dtype").asString()).isEqualTo("F32");
        assertThat(first.path("shape").isArray()).isTrue();
    }

    @Test
    void adapters() {
        assertThat(text(run.resolve("adapter")))
                .startsWith("PEFT LoRA adapter")
                .contains(
                        "cglora.base_sha256",
                        "[\"no\",\"yes\"]",
                        "r 2  scaling 4.0",
                        "classifier.weight");
    }

    @Test
    void runsAndCheckpoints() throws IOException {
        assertThat(text(run))
                .startsWith("run")
                .contains("done, exit status 0", "after training", "adapter/");
        Path checkpoint = run.resolve("checkpoints/checkpoint-6");
        JsonNode found = json(checkpoint);
        assertThat(found.path("step").asInt()).isEqualTo(6);
        assertThat(found.path("tensors").findValuesAsString("name"))
                .contains("classifier.weight.m");
        Path copy = folder.resolve("damaged");
        Files.createDirectories(copy);
        try (var files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        byte[] bytes = Files.readAllBytes(copy.resolve("state.safetensors"));
        bytes[bytes.length - 1] ^= 1;
        Files.write(copy.resolve("state.safetensors"), bytes);
        TinyRuns.Outcome outcome = TinyRuns.execute("inspect", copy.toString());
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("R-DAMAGED", "state.safetensors");
    }

    /// What no model is understood in is listed all the same.
    @Test
    void foreignFilesShowWhatTheyHold() throws IOException {
        Path onnx = folder.resolve("other.onnx");
        var tensor =
                TensorProto.newBuilder().setName("kernel").setDataType(10).addDims(3).addDims(5);
        var node = NodeProto.newBuilder().setOpType("Conv");
        var graph = GraphProto.newBuilder().addInitializer(tensor).addNode(node).addNode(node);
        Files.write(onnx, ModelProto.newBuilder().setGraph(graph).build().toByteArray());
        JsonNode found = json(onnx);
        assertThat(found.path("operators").path("Conv").asInt()).isEqualTo(2);
        assertThat(found.path("tensors").get(0).path("dtype").asString()).isEqualTo("F16");
        assertThat(text(onnx)).contains("not understood", "kernel", "[3, 5]");

        Path other = folder.resolve("gpt");
        Files.createDirectories(other);
        Files.copy(folder.resolve("model/model.safetensors"), other.resolve("model.safetensors"));
        Files.writeString(other.resolve("config.json"), "{\"model_type\": \"martian\"}");
        assertThat(text(other))
                .startsWith("weights")
                .contains("martian", "not understood", "tensors,");
    }

    @Test
    void whatIsNothingSaysSo() throws IOException {
        Path text = folder.resolve("notes.txt");
        Files.writeString(text, "hello");
        assertThat(TinyRuns.execute("inspect", text.toString()).err())
                .contains("M-PATH", "no .safetensors and no .onnx");
        Path onnx = folder.resolve("broken.onnx");
        Files.writeString(onnx, "hello");
        assertThat(TinyRuns.execute("inspect", onnx.toString()).err()).contains("M-ONNX");
        assertThat(TinyRuns.execute("inspect", folder.resolve("none").toString()).err())
                .contains("is not there");
    }
}
