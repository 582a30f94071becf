package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.testing.ForkedJava;
import cglora.pipeline.cli.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What a run tells of the machine and the person that ran it: records are handed on.
class RunSecretsTest {
    private static final String SECRET = "hf_0123456789abcdef";

    @TempDir Path folder;

    /// A run in its project's folder, which is in somebody's home.
    private Path run(Path project) throws IOException {
        Files.createDirectories(project);
        TinyRuns.loraIn(project);
        Files.writeString(
                project.resolve("p.json"),
                TinyRuns.LORA.replace("\"name\": \"tiny\"", "\"name\": \"${env:RUN_NAME}\""));
        List<String> java =
                ForkedJava.command(
                        Main.class, List.of(), List.of("run", "p.json", "--engine", "jvm"));
        var command = new ArrayList<>(List.of("env", "-C", project.toString()));
        command.addAll(java);
        ForkedJava.Outcome outcome =
                ForkedJava.run(
                        command,
                        Map.of(
                                "HF_TOKEN",
                                SECRET,
                                "RUN_NAME",
                                "named-in-the-pipeline",
                                "HOME",
                                project.getParent().toString()));
        assertThat(outcome.status()).as(outcome.err()).isZero();
        return new TinyRuns(project).latest();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void noFileHoldsVariablesThatThePipelineDoesNotName() throws IOException {
        Path run = run(folder.resolve("home/project"));
        int files = 0;
        try (Stream<Path> all = Files.walk(run)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                assertThat(text(file)).as(file.toString()).doesNotContain(SECRET, "HF_TOKEN");
                files++;
            }
        }
        assertThat(files).isGreaterThan(5);
        assertThat(text(run.resolve("pipeline.json"))).contains("named-in-the-pipeline");
    }

    /// Somebody's home is not said where a place inside the current folder says the same.
    @Test
    void theRecordNamesPlacesAsSeenFromTheCurrentFolder() throws IOException {
        Path project = folder.resolve("home/project");
        Path run = run(project);
        JsonNode record = JsonMapper.shared().readTree(run.resolve("run.json").toFile());
        assertThat(record.path("model").asString()).isEqualTo("model");
        assertThat(record.path("sha256").propertyNames())
                .contains("train.tsv", "model/model.safetensors", "model/tokenizer.json");
        assertThat(record.toString()).doesNotContain(project.getParent().toString());
        assertThat(text(run.resolve("report.html")))
                .as("what is handed on most")
                .contains("named-in-the-pipeline");
    }
}
