package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Over files and a command made up for it.
class ClocksTest {
    @TempDir Path system;

    private void file(String path, String text) throws IOException {
        Path file = system.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }

    @Test
    void processorsTellClocksThrottlingAndTheirLimit() throws IOException {
        for (int core = 0; core < 2; core++) {
            String folder = "devices/system/cpu/cpu" + core + "/";
            file(folder + "cpufreq/scaling_cur_freq", core == 0 ? "1000000" : "3000000");
            file(folder + "cpufreq/scaling_max_freq", "3600000");
            file(folder + "cpufreq/scaling_governor", "powersave");
            file(folder + "thermal_throttle/core_throttle_count", "7");
            file(folder + "thermal_throttle/package_throttle_count", "5");
        }
        file("devices/system/cpu/cpufreq/boost", "1");
        file("class/powercap/intel-rapl:0/constraint_0_power_limit_uw", "65000000");
        try (Clocks clocks = Clocks.of(Part.PROCESSOR, system, "no-such-command")) {
            assertThat(clocks.notes())
                    .containsExactly(
                            "clock 2000 MHz of at most 3600, governor powersave",
                            "not throttled by heat",
                            "power limit 65 W");
            file("devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "10");
            file("devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2000000");
            assertThat(clocks.notes())
                    .contains("throttled by heat 3 times")
                    .anyMatch(note -> note.startsWith("clock 2000-2500 MHz"));
        }
    }

    @Test
    void whatTellsNothingIsSaidToTellNothing() {
        for (Part part : Part.values()) {
            try (Clocks clocks = Clocks.of(part, system.resolve("none"), "no-such-command")) {
                assertThat(clocks.notes()).containsExactly("clocks: nothing here tells them");
            }
        }
    }

    @Test
    void anNvidiaGpuTellsWhyItWasSlow() throws IOException, InterruptedException {
        Path script = system.resolve("nvidia-smi");
        Files.writeString(
                script,
                """
                #!/bin/sh
                case "$*" in
                    *--query-gpu=count,clocks.sm,clocks.max.sm,power.limit,clocks_throttle*) ;;
                    *) echo "unknown arguments: $*"; exit 2 ;;
                esac
                echo '1, 1200, 1980, 350.00, 0x0000000000000001'
                echo '1, 1980, 1980, 350.00, 0x0000000000000004'
                echo '1, 1500, 1980, 350.00, 0x0000000000000060'
                exec sleep 30
                """);
        assertThat(script.toFile().setExecutable(true)).isTrue();
        try (Clocks clocks = Clocks.of(Part.NVIDIA_GPU, system, script.toString())) {
            for (int i = 0; i < 500 && !clocks.notes().toString().contains("2 of 3"); i++) {
                Thread.sleep(20);
            }
            assertThat(clocks.notes())
                    .containsExactly(
                            "clock 1200-1980 MHz of at most 1980",
                            "throttled in 2 of 3 samples: power limit, heat",
                            "power limit 350 W");
        }
    }

    @Test
    void anAmdGpuTellsItsSensors() throws IOException {
        file("class/hwmon/hwmon2/name", "amdgpu");
        file("class/hwmon/hwmon2/freq1_input", "2400000000");
        file("class/hwmon/hwmon2/power1_cap", "300000000");
        try (Clocks clocks = Clocks.of(Part.AMD_GPU, system, "no-such-command")) {
            assertThat(clocks.notes()).containsExactly("clock 2400 MHz", "power limit 300 W");
        }
    }
}
