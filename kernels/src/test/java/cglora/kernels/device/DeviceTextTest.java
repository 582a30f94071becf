package cglora.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeviceTextTest {
    private static final String OPENCL =
            """
            id=0x7f, deviceName=pthread, type=CL_DEVICE_TYPE_CPU, available=true
            Extensions:
            \tcl_khr_byte_addressable_store
            \tcl_khr_fp64
            Unified memory   : true
            Device vendor    : GenuineIntel
            Device version   : OpenCL 3.0 PoCL
            Driver version   : 3.1
            Double fp config : true
            """;

    @Test
    void readsVendorDriverAndPrecisions() {
        assertThat(DeviceText.vendor(OPENCL)).isEqualTo("GenuineIntel");
        assertThat(DeviceText.driver(OPENCL)).isEqualTo("3.1");
        assertThat(DeviceText.fp64(OPENCL)).isEqualTo(Support.YES);
        assertThat(DeviceText.fp16(OPENCL)).isEqualTo(Support.NO);
        assertThat(DeviceText.fp64(OPENCL.replace("config : true", "config : false")))
                .isEqualTo(Support.NO);
    }

    @Test
    void leavesOpenWhatIsNotTold() {
        assertThat(DeviceText.driver("NVIDIA L4")).isEmpty();
        assertThat(DeviceText.driver("Driver version   : unknown\n")).isEmpty();
        assertThat(DeviceText.fp64("NVIDIA L4")).isEqualTo(Support.UNKNOWN);
        assertThat(DeviceText.known("N/A")).isEmpty();
        assertThat(DeviceText.known(null)).isEmpty();
        assertThat(DeviceText.known("OpenCL C 1.2 ")).isEqualTo("OpenCL C 1.2");
    }
}
