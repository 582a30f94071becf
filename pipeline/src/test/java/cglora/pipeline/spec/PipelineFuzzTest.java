package cglora.pipeline.spec;

import cglora.kernels.error.CgloraException;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/// Pipeline files that come from anywhere.
@Tag("fuzz")
class PipelineFuzzTest {
    @FuzzTest(maxDuration = "24h")
    void pipeline(byte[] input) throws IOException {
        Path folder = Files.createTempDirectory("fuzz");
        Path file = folder.resolve("p.json");
        try {
            Files.write(file, input);
            PipelineSpec spec = PipelineReader.read(file, Overrides.none()).spec();
            Files.writeString(file, PipelineWriter.write(spec, folder));
            PipelineSpec again = PipelineReader.read(file, Overrides.none()).spec();
            if (!again.equals(spec)) {
                throw new AssertionError("written and read again, " + spec + " is " + again);
            }
        } catch (CgloraException e) {
            if (e.problems().getFirst().what().isBlank()) {
                throw new AssertionError("refused without words", e);
            }
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(folder);
        }
    }
}
