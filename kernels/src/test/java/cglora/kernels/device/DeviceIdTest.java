package cglora.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceIdTest {
    @ParameterizedTest
    @CsvSource({
        "jvm, jvm",
        "JVM, jvm",
        "opencl:0, opencl:0",
        "opencl:0:1, opencl:0:1",
        "OpenCL:1:0, opencl:1:0",
        "' ptx:0 ', ptx:0",
        "spirv:12:3, spirv:12:3"
    })
    void readsWhatItPrints(String typed, String printed) {
        assertThat(DeviceId.parse(typed)).hasToString(printed);
        assertThat(DeviceId.parse(printed)).isEqualTo(DeviceId.parse(typed));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "gpu",
                "opencl",
                "opencl:",
                "opencl:x",
                "opencl:-1",
                "opencl:0:0:0",
                "opencl:0:",
                "0:0",
                "jvm:0",
                "opencl:99999",
                "opencl 0"
            })
    void refusesEverythingElseAndNamesTheForms(String typed) {
        assertThatThrownBy(() -> DeviceId.parse(typed))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("V-DEVICE")
                .hasMessageContaining("opencl:0:0")
                .hasMessageContaining("cglora devices");
    }
}
