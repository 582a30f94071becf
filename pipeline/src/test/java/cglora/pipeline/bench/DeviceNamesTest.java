package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceNamesTest {
    private static List<String> never() {
        throw new AssertionError("no list of devices is needed");
    }

    @Test
    void namesAreThoseThatWereGiven() {
        assertThat(DeviceNames.of(null, DeviceNamesTest::never)).containsExactly("auto");
        assertThat(DeviceNames.of("jvm, opencl:0:0,jvm", DeviceNamesTest::never))
                .containsExactly("jvm", "opencl:0:0");
        assertThatThrownBy(() -> DeviceNames.of("jvm,", DeviceNamesTest::never))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("'jvm,' has an empty name");
        assertThatThrownBy(() -> DeviceNames.of("jvm,gpu", DeviceNamesTest::never))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("'gpu' is not a device");
    }

    @Test
    void allAreThoseOfTheList() {
        String list = "{\"devices\": [{\"id\": \"jvm\"}, {\"id\": \"ptx:0:0\"}]}";
        assertThat(DeviceNames.ids(list)).containsExactly("jvm", "ptx:0:0");
        assertThatThrownBy(() -> DeviceNames.ids("no devices"))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("printed something else than JSON");
    }

    @Test
    void aListThatFailsIsAnError() {
        assertThatThrownBy(() -> DeviceNames.of("all", () -> List.of("/does/not/exist")))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("cglora devices did not start");
    }
}
