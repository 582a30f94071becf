package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.models.training.CgLoraStart.Arithmetic;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.TinyRuns.Outcome;
import cglora.pipeline.spec.CgSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs whose whitening is the engine's matrix products.
class WhiteningRunTest {
    private static final String QUERY = "bert.encoder.layer.0.attention.self.query";

    @TempDir Path folder;

    private TinyRuns runs;

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
    }

    private JsonNode metrics() throws IOException {
        return JsonMapper.shared().readTree(runs.latest().resolve("metrics.json").toFile());
    }

    @Test
    void startsAsTheHostsAndSaysSo() throws IOException {
        Outcome host = runs.run().succeeds();
        JsonNode expected = metrics();
        assertThat(host.err()).doesNotContain("whitening  engine");
        assertThat(expected.at("/whitening/arithmetic").asString()).isEqualTo("host");
        assertThat(expected.at("/whitening/why").asString()).contains("float64");
        Outcome engine = runs.run("--set", "adapter.cg.arithmetic=engine").succeeds();
        JsonNode actual = metrics();
        assertThat(engine.err()).contains("whitening  engine", "residual at most", "asked for");
        JsonNode record = actual.path("whitening");
        assertThat(record.path("arithmetic").asString()).isEqualTo("engine");
        assertThat(record.path("layers").asInt()).isPositive();
        assertThat(record.path("residual").asDouble()).isLessThan(1e-3);
        assertThat(record.path("left_to_host").size()).isZero();
        for (String state : new String[] {"after initialisation", "after training, validation"}) {
            assertThat(actual.path(state).path("loss").doubleValue())
                    .as(state)
                    .isCloseTo(expected.path(state).path("loss").doubleValue(), within(1e-4));
        }
        assertThat(Files.readString(runs.latest().resolve("events.jsonl")))
                .contains("\"whitening\"", "\"left_to_host\"");
    }

    /// Never silent: each layer that goes to the host is named with the reason.
    @Test
    void namesTheLayersThatGoToTheHost() throws IOException {
        Outcome outcome =
                runs.run("--set", "adapter.cg={\"arithmetic\":\"engine\",\"p_s\":0.3}").succeeds();
        assertThat(outcome.err()).contains("warning N-ARITHMETIC", "exponent 0.3", QUERY);
        JsonNode left = metrics().at("/whitening/left_to_host");
        assertThat(left.size()).isEqualTo(1);
        assertThat(left.iterator().next().get(0).asString()).isEqualTo(QUERY);
        assertThat(metrics().at("/whitening/layers").asInt()).isZero();
    }

    @Test
    void plansCountWhatItTakes() {
        String file = folder.resolve("p.json").toString();
        Outcome host = TinyRuns.done("plan", file, "--engine", "jvm");
        Outcome engine =
                TinyRuns.done(
                        "plan", file, "--engine", "jvm", "--set", "adapter.cg.arithmetic=engine");
        assertThat(host.out()).doesNotContain("whitening");
        assertThat(engine.out()).contains("whitening");
    }

    @Test
    void theProcessorsOwnStaysInFloat64() {
        var jvm = new EngineChoice.Jvm(1, "");
        assertThat(WhiteningChoice.of(CgSpec.Arithmetic.AUTO, jvm).arithmetic())
                .isEqualTo(Arithmetic.HOST);
        assertThat(WhiteningChoice.of(CgSpec.Arithmetic.HOST, jvm).arithmetic())
                .isEqualTo(Arithmetic.HOST);
        assertThat(WhiteningChoice.of(CgSpec.Arithmetic.ENGINE, jvm).arithmetic())
                .isEqualTo(Arithmetic.ENGINE);
    }
}
