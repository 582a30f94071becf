package cglora.kernels.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.tornado.DeviceFailure.Memory;
import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/// What people are told of what TornadoVM throws; no device is needed.
class DeviceFailureTest {
    private static final String DEVICE = "opencl:0:0 a GPU (a platform)";

    private static final RuntimeException NO_MEMORY =
            new IllegalStateException(
                    new TornadoOutOfMemoryException(
                            "Unable to allocate 100 bytes. To increase the maximum device memory,"
                                    + " use -Dtornado.device.memory=2GB"));

    @Test
    void aDeviceThatRunsOutOfMemoryIsToldWithThePlanAndOurOption() {
        var memory = new Memory(800L << 20, 1024L << 20, 300L << 20, "second moments");
        CgloraException told = DeviceFailure.of(DEVICE, "train 4x12", NO_MEMORY, memory);
        assertThat(told.exitStatus()).isEqualTo(5);
        assertThat(told.problems()).extracting("code").containsExactly(ErrorCode.V_MEMORY);
        assertThat(told.getMessage())
                .contains("train 4x12", DEVICE + " has no memory left")
                .contains("800 MiB are planned of the 1024 MiB for it")
                .contains("the largest array, second moments, has 300 MiB")
                .contains("take a smaller batch", "engine.memory_fraction")
                .doesNotContain("-Dtornado");
        assertThat(told.getCause()).isSameAs(NO_MEMORY);
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        assertThat(DeviceFailure.of(DEVICE, "copyInto", NO_MEMORY).getMessage())
                .contains(DEVICE + " has no memory left; something else may hold the rest")
                .doesNotContain("planned");
    }

    /// What drivers return where memory is short, and what they return for other reasons.
    @Test
    void aDriversLackOfMemoryIsToldWithWhatHelps() {
        for (String line :
                List.of(
                        "[TornadoVM-OCL-JNI] ERROR : clCreateBuffer -> Returned: -61",
                        "[TornadoVM-OCL-JNI] ERROR : clEnqueueNDRangeKernel -> Returned: -4",
                        "[TornadoVM-PTX-JNI] ERROR : cuMemAlloc -> Returned: 2")) {
            var failure = new IllegalStateException(new DriverError(line));
            CgloraException told = DeviceFailure.of(DEVICE, "train 4x12", failure);
            assertThat(told.exitStatus()).as(line).isEqualTo(5);
            assertThat(told.getMessage())
                    .contains(DEVICE + " has no memory left, " + line)
                    .contains("per_device_batch_size", "gradient_accumulation_steps")
                    .contains("gradient_checkpointing", "bfloat16", "another device");
        }
        var other =
                new DriverError("[TornadoVM-OCL-JNI] ERROR : clEnqueueNDRange -> Returned: -54");
        assertThat(DeviceFailure.of(DEVICE, "x", other).exitStatus()).isEqualTo(4);
    }

    @Test
    void anyOtherFailureIsTheEngines() {
        var failure = new TornadoRuntimeException("[ERROR] CL_BUILD_PROGRAM_FAILURE");
        CgloraException told = DeviceFailure.of(DEVICE, "softmax", failure);
        assertThat(told.exitStatus()).isEqualTo(4);
        assertThat(told.getMessage())
                .contains("V-ENGINE: softmax: " + DEVICE, "CL_BUILD_PROGRAM_FAILURE")
                .contains("cglora doctor", "--engine jvm");
    }

    @Test
    void whatWasSaidOnceStaysAsItIs() {
        var known = new CgloraException(ErrorCode.V_MEMORY, "x", "y", "z");
        assertThat(DeviceFailure.of(DEVICE, "w", known)).isSameAs(known);
    }
}
