package cglora.pipeline.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problems;
import cglora.pipeline.checkpoint.CheckpointFolder.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checkpoints as files: whole ones, damaged ones, too many.
class CheckpointFolderTest {
    @TempDir Path folder;

    private CheckpointFolder checkpoints;

    @BeforeEach
    void open() {
        checkpoints = new CheckpointFolder(folder.resolve("checkpoints"), folder);
    }

    private static Manifest manifest(int step) {
        return new Manifest(
                Manifest.FORMAT,
                "1.0",
                "jvm",
                new Manifest.Position(step, 1, 0, 0.1 + 0.2, 3, Math.PI),
                "{}\n",
                Map.of("/data/train.tsv", "00ff"),
                "ab",
                List.of(new Manifest.Alignment(3, 1.0 / 3, null, 2.0, -0.5, 1e-300, 1.0)),
                4.5);
    }

    private long write(int step) {
        return checkpoints.write(
                manifest(step),
                List.of(
                        new Part("state", file -> Durable.write(file, "tensors of step " + step)),
                        new Part("best", file -> Durable.write(file, "best"))));
    }

    private Path file(int step, String name) {
        return folder.resolve("checkpoints").resolve("checkpoint-" + step).resolve(name);
    }

    private List<String> names() throws IOException {
        try (var all = Files.list(folder.resolve("checkpoints"))) {
            return all.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void readsWhatItWrote() throws IOException {
        long bytes = write(2);
        long found = 0;
        for (String name : List.of("state", "best", "checkpoint.json", "SHA256SUMS")) {
            found += Files.size(file(2, name));
        }
        assertThat(bytes).isEqualTo(found);
        var notes = new Problems();
        Checkpoint checkpoint = checkpoints.newest(notes);
        assertThat(checkpoint.manifest()).isEqualTo(manifest(2));
        assertThat(checkpoint.file("state")).hasContent("tensors of step 2");
        assertThat(notes.warnings()).isEmpty();
    }

    @Test
    void thereMayBeNone() throws IOException {
        assertThat(checkpoints.newest(new Problems())).isNull();
        Files.createDirectories(folder.resolve("checkpoints/checkpoint-x"));
        assertThat(checkpoints.newest(new Problems())).isNull();
    }

    /// A flip of any bit of any file is found, the file named, and the checkpoint before taken.
    @Test
    void everyFlippedBitIsFound() throws IOException {
        write(9);
        write(10);
        int flips = 0;
        for (String name : List.of("state", "best", "checkpoint.json", "SHA256SUMS")) {
            Path file = file(10, name);
            byte[] whole = Files.readAllBytes(file);
            for (int bit = 0; bit < 8 * whole.length; bit += name.equals("state") ? 1 : 5) {
                byte[] flipped = whole.clone();
                flipped[bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, flipped);
                var notes = new Problems();
                assertThat(checkpoints.newest(notes).step())
                        .as("bit %d of %s", bit, name)
                        .isEqualTo(9);
                assertThat(notes.warnings()).hasSize(1);
                assertThat(notes.warnings().getFirst().toString())
                        .contains("R-DAMAGED", "checkpoint-10");
                if (!name.equals("SHA256SUMS")) {
                    assertThat(notes.warnings().getFirst().where()).endsWith("/" + name);
                }
                flips++;
            }
            Files.write(file, whole);
        }
        assertThat(flips).isGreaterThan(1000);
        assertThat(checkpoints.newest(new Problems()).step()).isEqualTo(10);
    }

    @Test
    void everyTruncationIsFound() throws IOException {
        write(1);
        write(2);
        for (String name : List.of("state", "best", "checkpoint.json", "SHA256SUMS")) {
            byte[] whole = Files.readAllBytes(file(2, name));
            for (int length = 0; length < whole.length; length += name.equals("state") ? 1 : 17) {
                Files.write(file(2, name), Arrays.copyOf(whole, length));
                assertThat(checkpoints.newest(new Problems()).step()).isEqualTo(1);
            }
            Files.delete(file(2, name));
            var notes = new Problems();
            assertThat(checkpoints.newest(notes).step()).isEqualTo(1);
            assertThat(notes.warnings().getFirst().toString()).contains(name + ": is not there");
            Files.write(file(2, name), whole);
        }
        Files.writeString(file(2, "more"), "");
        assertThat(checkpoints.newest(new Problems()).step()).isEqualTo(1);
    }

    @Test
    void allMayBeDamaged() throws IOException {
        write(1);
        write(2);
        Files.writeString(file(1, "state"), "");
        Files.writeString(file(2, "state"), "");
        var notes = new Problems();
        assertThat(checkpoints.newest(notes)).isNull();
        assertThat(notes.warnings()).hasSize(2);
    }

    @Test
    void theNewestAndTheBestStay() throws IOException {
        for (int step = 1; step <= 12; step++) {
            write(step);
            checkpoints.rotate(2, step >= 3 ? 3 : 0);
        }
        assertThat(names()).containsExactly("checkpoint-11", "checkpoint-12", "checkpoint-3");
        checkpoints.rotate(null, 0);
        assertThat(names()).hasSize(3);
        checkpoints.rotate(1, 12);
        assertThat(names()).containsExactly("checkpoint-12");
    }

    /// What was being written when the process was killed is no checkpoint, and is removed.
    @Test
    void whatIsNotWholeIsRemoved() throws IOException {
        write(4);
        Path half = folder.resolve("checkpoints/checkpoint-6.tmp");
        Files.createDirectories(half);
        Files.writeString(half.resolve("state"), "tens");
        assertThat(checkpoints.newest(new Problems()).step()).isEqualTo(4);
        var notes = new Problems();
        checkpoints.tidy(4, notes);
        assertThat(notes.warnings().getFirst().toString()).contains("checkpoint-6.tmp");
        assertThat(names()).containsExactly("checkpoint-4");
        write(4);
        assertThat(names()).as("one of the same step makes room").containsExactly("checkpoint-4");
    }

    /// A damaged one does not count among the newest, and what is not ours is left alone.
    @Test
    void laterOnesAreSetAsideAndDisplaceNone() throws IOException {
        write(12);
        write(24);
        Files.writeString(file(24, "state"), "damaged");
        Path foreign = Files.writeString(folder.resolve("checkpoints/notes.tmp"), "precious");
        for (int round = 0; round < 2; round++) {
            Checkpoint newest = checkpoints.newest(new Problems());
            assertThat(newest.step()).isEqualTo(12);
            var notes = new Problems();
            checkpoints.tidy(newest.step(), notes);
            assertThat(notes.warnings()).hasSize(1);
            assertThat(notes.warnings().getFirst().toString())
                    .contains("R-DAMAGED", "checkpoint-24", "set aside as checkpoint-24.aside");
            write(24);
            Files.writeString(file(24, "state"), "damaged again");
        }
        checkpoints.tidy(12, new Problems());
        write(16);
        checkpoints.rotate(1, 12);
        write(20);
        checkpoints.rotate(1, 12);
        assertThat(checkpoints.newest(new Problems()).step()).isEqualTo(20);
        assertThat(names())
                .containsExactly(
                        "checkpoint-12",
                        "checkpoint-20",
                        "checkpoint-24.aside",
                        "checkpoint-24.aside-2",
                        "checkpoint-24.aside-3",
                        "notes.tmp");
        assertThat(foreign).hasContent("precious");
    }

    /// A disk that is full names the file; nothing half written stays.
    @Test
    void aFailedWriteLeavesTheOthersAlone() throws IOException {
        write(4);
        Part full =
                new Part(
                        "state",
                        file -> {
                            Files.writeString(file, "half");
                            throw new IOException("No space left on device");
                        });
        assertThatThrownBy(() -> checkpoints.write(manifest(6), List.of(full)))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("K-DISK")
                .hasMessageContaining("state")
                .hasMessageContaining("cglora resume " + folder)
                .hasMessageContaining("No space left on device");
        assertThat(names()).containsExactly("checkpoint-4");
        assertThat(checkpoints.newest(new Problems()).step()).isEqualTo(4);
    }

    @Test
    void oneOfANewerFormatIsRefused() throws IOException {
        write(4);
        Manifest m = manifest(8);
        checkpoints.write(
                new Manifest(
                        Manifest.FORMAT + 1,
                        "9.1",
                        m.engine(),
                        m.position(),
                        m.pipeline(),
                        m.inputs(),
                        m.start(),
                        m.alignment(),
                        m.seconds()),
                List.of());
        assertThatThrownBy(() -> checkpoints.newest(new Problems()))
                .hasMessageContaining("R-VERSION")
                .hasMessageContaining("format 2, written by cglora 9.1")
                .satisfies(e -> assertThat(((CgloraException) e).exitStatus()).isEqualTo(3));
    }
}
