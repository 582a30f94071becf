package cglora.models.fuzz;

import cglora.models.adapter.PeftAdapter;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;

/// An adapter's configuration that comes from anywhere; its weights are not there.
@Tag("fuzz")
class AdapterFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void config(byte[] input) {
        Fuzzed.read(PeftAdapter.CONFIG, input, file -> PeftAdapter.read(file.getParent()));
    }
}
