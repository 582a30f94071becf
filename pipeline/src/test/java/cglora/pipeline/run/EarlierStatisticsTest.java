package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import cglora.models.linalg.Matrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One calibration serves several runs.
class EarlierStatisticsTest {
    @TempDir Path folder;
    private TinyRuns runs;
    private Path first;

    @BeforeEach
    void calibrateOnce() throws IOException {
        runs = TinyRuns.in(folder);
    }

    private void keep(String... more) throws IOException {
        run("calibrate.keep=true", more).succeeds();
        first = runs.latest();
    }

    private TinyRuns.Outcome run(String setting, String... more) {
        String[] arguments = new String[2 + 2 * more.length];
        arguments[0] = "--set";
        arguments[1] = setting;
        for (int i = 0; i < more.length; i++) {
            arguments[2 + 2 * i] = "--set";
            arguments[3 + 2 * i] = more[i];
        }
        return runs.run(arguments);
    }

    private TinyRuns.Outcome take(String... more) {
        return run("calibrate.from=" + first, more);
    }

    /// The products of the factors: the signs of singular vectors are nobody's.
    static void requireNear(Path run, Path other) {
        Map<String, PeftAdapter.Layer> layers = PeftAdapter.read(other.resolve("adapter")).layers();
        PeftAdapter.read(run.resolve("adapter"))
                .layers()
                .forEach(
                        (name, layer) -> {
                            Matrix expected = product(layers.get(name));
                            assertThat(product(layer).minus(expected).frobenius())
                                    .as(name)
                                    .isLessThan(1e-3 * expected.frobenius());
                        });
    }

    private static Matrix product(PeftAdapter.Layer layer) {
        return Matrix.of(layer.out(), layer.r(), layer.loraB())
                .times(Matrix.of(layer.r(), layer.in(), layer.loraA()));
    }

    /// The same start but for the rounding to float32.
    @ParameterizedTest
    @ValueSource(strings = {"factored", "sketched", "thin"})
    void theStartIsThatOfAnOwnCalibration(String form) throws IOException {
        String[] settings = {
            "calibrate.form=" + form, "train.max_steps=1", "train.learning_rate=1e-6"
        };
        keep(settings);
        assertThat(first.resolve("statistics/statistics.json")).exists();
        TinyRuns.Outcome outcome = take(settings).succeeds();
        assertThat(outcome.err()).contains("those of", "from 8 examples");
        requireNear(runs.latest(), first);
        assertThat(runs.latest().resolve("statistics")).doesNotExist();
    }

    /// Another rank, another damping, other methods.
    @Test
    void oneCalibrationServesOtherAdapters() throws IOException {
        keep("calibrate.form=factored");
        take("adapter.r=4").succeeds();
        take("adapter.cg.damping=0.1").succeeds();
        take("adapter.method=lora-ga").succeeds();
        take("adapter.method=eva").succeeds();
        take("adapter.method=lora").succeeds();
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        keep("calibrate.form=factored", "adapter.target_modules=[\"query\"]");
        TinyRuns.Outcome outcome = take();
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-TARGET", "no statistics of", "output.dense");
        keep("calibrate.form=sketched");
        outcome = take("adapter.method=eva");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("A-TENSOR", "has no A, which method 'eva' needs");
        TinyModel.write(folder.resolve("model"), 6, 0);
        assertThat(take().err()).contains("A-BASE", "SHA-256");
        first = folder.resolve("nowhere");
        assertThat(take().err()).contains("M-PATH", "is not there");
        assertThat(run("calibrate.keep=true", "calibrate.form=implicit").err())
                .contains("O-CONFLICT", "'implicit' keeps tokens");
    }

    /// A flipped bit of any file that is taken is found, also where the numbers stay finite.
    @ParameterizedTest
    @ValueSource(strings = {"head.safetensors", "layers"})
    void whatIsNotAsItWasKeptIsRefused(String name) throws IOException {
        keep("calibrate.form=factored");
        Path file = first.resolve("statistics").resolve(name);
        if (Files.isDirectory(file)) {
            try (var layers = Files.list(file)) {
                file = layers.sorted().findFirst().orElseThrow();
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 4] ^= 1; // of the last number's mantissa
        Files.write(file, bytes);
        TinyRuns.Outcome outcome = take();
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err())
                .contains("error R-DAMAGED", file.getFileName() + ": has SHA-256 ", "expected ");
    }

    /// Half of the statistics are none.
    @Test
    void anInterruptedCalibrationIsNotTaken() throws IOException {
        keep("calibrate.form=factored");
        Files.delete(first.resolve("statistics/statistics.json"));
        assertThat(take().err()).contains("M-PATH", "or not all");
    }
}
