package cglora.pipeline.checkpoint;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;

/// Checkpoints that come from anywhere: a manifest and, behind a zero byte, the checksums. Without
/// the zero byte the checksums are right.
@Tag("fuzz")
class CheckpointFuzzTest {
    @FuzzTest(maxDuration = "24h")
    void checkpoint(byte[] input) throws IOException {
        int end = 0;
        while (end < input.length && input[end] != 0) {
            end++;
        }
        Path folder = Files.createTempDirectory("fuzz");
        try {
            Path checkpoint = Files.createDirectories(folder.resolve(CheckpointFolder.name(3)));
            Path manifest = checkpoint.resolve(CheckpointFolder.MANIFEST);
            Files.write(manifest, Arrays.copyOf(input, end));
            byte[] sums =
                    end < input.length
                            ? Arrays.copyOfRange(input, end + 1, input.length)
                            : (Durable.sha256(manifest) + "  " + CheckpointFolder.MANIFEST + "\n")
                                    .getBytes(StandardCharsets.UTF_8);
            Files.write(checkpoint.resolve(CheckpointFolder.SUMS), sums);
            var notes = new Problems();
            try {
                Checkpoint found = new CheckpointFolder(folder, folder).newest(notes);
                if (found == null && notes.warnings().isEmpty()) {
                    throw new AssertionError("passed over without words");
                }
            } catch (CgloraException e) {
                if (e.problems().getFirst().code() != ErrorCode.R_VERSION) {
                    throw e;
                }
            }
        } finally {
            Durable.delete(folder);
        }
    }
}
