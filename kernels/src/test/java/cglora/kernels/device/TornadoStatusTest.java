package cglora.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TornadoStatusTest {
    private static final String LOADED = "uk.ac.manchester.tornado.runtime.tasks.TornadoTaskGraph";

    @Test
    void nothingIsInTheWayOfAWholeLaunch() {
        assertThat(TornadoStatus.problem(LOADED, "False", "1000000")).isEmpty();
        assertThat(TornadoStatus.problem(LOADED, "false", "1000000")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, False, 1000000, started without TornadoVM",
                "x, -, 1000000, tornado.recover.bailout=False",
                "x, True, 1000000, tornado.recover.bailout=False",
                "x, no, 1000000, tornado.recover.bailout=False",
                "x, False, -, tornado.tvm.maxbytecodesize=1000000",
                "x, False, 4096, tornado.tvm.maxbytecodesize=1000000",
                "x, False, much, tornado.tvm.maxbytecodesize=1000000"
            })
    void saysWhatIsMissing(String loaded, String bailout, String bytecodes, String message) {
        var problem = TornadoStatus.problem(loaded, bailout, bytecodes).orElseThrow();
        assertThat(problem.code()).isEqualTo(ErrorCode.V_ENGINE);
        assertThat(problem.what()).contains(message);
        assertThat(problem.fix()).contains("scripts/cglora --engine tornado");
    }
}
