package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.models.weights.ModelFiles;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

/// What is read back and does not compute what was trained: it keeps another name.
class RejectedFilesTest extends BadInput {
    private static final EngineChoice JVM = new EngineChoice.Jvm(1, "asked");

    /// Changes the last weights of a file, and leaves its size and its time.
    private static void spoil(Path file) {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            FileTime time = Files.getLastModifiedTime(file);
            bytes.seek(bytes.length() - 64);
            for (int i = 0; i < 16; i++) {
                bytes.writeInt(Integer.reverseBytes(Float.floatToIntBits(3 * i - 20)));
            }
            Files.setLastModifiedTime(file, time);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether a run has made its first step.
    private boolean isTraining() {
        try {
            Path runs = folder.resolve("runs");
            return Files.exists(runs)
                    && Files.readString(onlyRun().resolve("events.jsonl"))
                            .contains("\"event\":\"step\"");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The base changes on the disk while it is trained on, so that nothing shows it but the
    /// comparison.
    @Test
    void anAdapterThatIsNotWhatWasTrainedIsKeptAside() throws IOException {
        Path weights = folder.resolve("model/model.safetensors");
        byte[] before = Files.readAllBytes(weights);
        IntSupplier spoiling =
                () -> {
                    if (isTraining()) {
                        spoil(weights);
                    }
                    return 0;
                };
        var nowhere = new PrintStream(OutputStream.nullOutputStream());
        var runner =
                new Runner(
                        PipelineReader.read(folder.resolve("p.json"), Overrides.none()),
                        JVM,
                        nowhere,
                        nowhere,
                        true,
                        spoiling);
        var error = catchThrowableOfType(CgloraException.class, runner::run);
        assertThat(error.exitStatus()).isEqualTo(7);
        assertThat(error.getMessage())
                .contains("A-VERIFY", "adapter.rejected", "read back, gives logits that differ by")
                .contains("most in 'bert.", "of its output");
        Path run = onlyRun();
        assertThat(run.resolve("adapter")).doesNotExist();
        assertThat(run.resolve("adapter.tmp")).doesNotExist();
        assertThat(run.resolve("adapter.rejected/adapter_model.safetensors")).isRegularFile();
        assertThat(folder.resolve("runs/latest")).doesNotExist();
        assertThat(Files.readString(run.resolve("events.jsonl"))).contains("\"exit\":7");
        Files.write(weights, before);
        assertThat(command("run").status()).isZero();
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    /// Twice: what was rejected before stays.
    @Test
    void aMergedModelThatIsNotWhatWasMergedIsKeptAside() throws IOException {
        assertThat(command("run").status()).isZero();
        Path good = folder.resolve("good");
        Path run = folder.resolve("runs/latest");
        TinyRuns.done("merge", run, "-o", good);
        var base = new Predictor.Base(null, false, false);
        float[][] expected;
        ModuleOutputs modules;
        try (LoadedModel model = Predictor.open(good, base, JVM, new Problems())) {
            expected = new MergeProbe(model).logits(model);
            modules = ModuleOutputs.of(model.session());
        }
        var merger =
                new Merger(
                        new Merger.Request(run, null, base, false, ModelFiles.SHARD_BYTES),
                        JVM,
                        new Problems());
        Path target = folder.resolve("merged");
        for (String rejected : new String[] {"merged.rejected", "merged.rejected-2"}) {
            Unfinished written = Unfinished.beside(target);
            copy(good, written.path());
            TinyModel.silence(written.path(), "bert.encoder.layer.0.intermediate.dense.weight");
            var draft = new Merger.Draft(written, "", DataType.FLOAT32, expected, modules, "");
            var error =
                    catchThrowableOfType(
                            CgloraException.class, () -> merger.compare(draft, target));
            assertThat(error.exitStatus()).isEqualTo(7);
            assertThat(error.getMessage())
                    .contains("A-VERIFY", rejected, "gives logits that differ by ")
                    .contains("most in 'bert.encoder.layer.0.intermediate.dense', by 1");
            assertThat(folder.resolve(rejected).resolve("model.safetensors")).isRegularFile();
            assertThat(written.path()).doesNotExist();
            assertThat(target).doesNotExist();
        }
    }
}
