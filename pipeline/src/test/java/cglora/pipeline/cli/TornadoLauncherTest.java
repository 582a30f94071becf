package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.testing.ForkedJava;
import cglora.kernels.testing.ForkedJava.Outcome;
import cglora.kernels.testing.TestDevices;
import cglora.kernels.testing.TornadoTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// TornadoVM's own launcher starts a run as the device profiles' README says, and the run ends
/// where the JVM engine's does.
@TornadoTest
class TornadoLauncherTest {
    private static final String OPTIONS =
            "-Dtornado.recover.bailout=False -Dtornado.tvm.maxbytecodesize=1000000"
                    + " -Dtornado.max.events=1024 -Dtornado.device.memory=12GB";

    @TempDir Path folder;

    @Test
    void startsARunThatEndsAsTheJvms() throws IOException {
        Path launcher = Path.of(System.getenv("TORNADOVM_HOME"), "bin", "tornado");
        assertThat(launcher).as("the SDK's own launcher").isExecutable();
        DeviceInfo device = TestDevices.all().getFirst();
        Outcome outcome =
                ForkedJava.run(
                        List.of(
                                launcher.toString(),
                                "--jvm=" + OPTIONS,
                                "-cp",
                                ForkedJava.classPath(),
                                Main.class.getName(),
                                "--params",
                                String.join(" ", run("tornado", device.id().toString()))),
                        Map.of("JAVA_HOME", System.getProperty("java.home")));
        assertThat(outcome.status()).as(outcome.out() + outcome.err()).isZero();
        Outcome expected = ForkedJava.run(Main.class, List.of(), Map.of(), run("jvm", "jvm"));
        assertThat(expected.status()).as(expected.err()).isZero();

        assertThat(record("tornado", "run.json").get("device").asString())
                .contains(device.id().toString());
        assertThat(record("jvm", "run.json").get("device").asString()).isEqualTo("jvm");
        assertThat(loss("tornado")).isCloseTo(loss("jvm"), within(1e-4));
        assertThat(compiled("tornado")).anyMatch(line -> line.contains("\"stage\":\"train\""));
        assertThat(compiled("jvm")).isEmpty();
    }

    /// A short run of the quickstart with plain LoRA, in a file: the launcher hands its
    /// parameters to a shell.
    private List<String> run(String engine, String device) throws IOException {
        Path example =
                Path.of(System.getProperty("cglora.root"))
                        .resolve("pipeline/examples/quickstart-lora.json");
        Path file = folder.resolve(engine + ".json");
        Files.writeString(
                file,
                """
                { "cglora": 1, "name": "short", "extends": ["%s"], "output_dir": "%s",
                  "stages": [
                    { "stage": "data", "train_examples": 256, "validation_examples": 8,
                      "test_examples": 32, "max_length": 16 },
                    { "stage": "adapter", "target_modules": ["query"],
                      "head_warmup": { "examples": 128 } },
                    { "stage": "train", "max_steps": 2, "per_device_batch_size": 8,
                      "eval_steps": null } ] }
                """
                        .formatted(example, folder.resolve(engine)));
        return List.of("run", file.toString(), "--engine", engine, "--device", device);
    }

    private JsonNode record(String engine, String file) {
        return JsonMapper.shared().readTree(folder.resolve(engine).resolve("latest").resolve(file));
    }

    /// The events of that name.
    private List<String> compiled(String engine) throws IOException {
        Path events = folder.resolve(engine).resolve("latest").resolve("events.jsonl");
        return Files.readAllLines(events).stream()
                .filter(line -> line.contains("\"event\":\"compiled\""))
                .toList();
    }

    private double loss(String engine) {
        return record(engine, "metrics.json").at("/after training, test/loss").asDouble();
    }
}
