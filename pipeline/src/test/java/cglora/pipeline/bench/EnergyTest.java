package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnergyTest {
    private static final String NO_COMMAND = "no-such-command";

    @TempDir Path folder;

    private Path zone(String name, long range) throws IOException {
        Path zone = Files.createDirectories(folder.resolve("powercap").resolve(name));
        Files.writeString(zone.resolve("max_energy_range_uj"), range + "\n");
        return zone.resolve("energy_uj");
    }

    /// The sensors of a driver.
    private Path sensor(String hwmon, String driver, String file) throws IOException {
        Path sensors = Files.createDirectories(folder.resolve("hwmon").resolve(hwmon));
        Files.writeString(sensors.resolve("name"), driver + "\n");
        return sensors.resolve(file);
    }

    /// Prints the line for ever, after a second in which the loop of a short benchmark would have
    /// ended.
    private String command(String line) throws IOException {
        Path script = folder.resolve("nvidia-smi");
        Files.writeString(
                script, "#!/bin/sh\nsleep 1\nwhile echo '" + line + "'; do sleep 0.1; done\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
        return script.toString();
    }

    /// What is used while work goes on for as long as it takes.
    private static OptionalDouble used(Energy energy) throws InterruptedException {
        try (energy) {
            energy.begin();
            while (energy.isTooShort()) {
                Thread.sleep(20);
            }
            return energy.end();
        }
    }

    @Test
    void packagesAreSummedAndCountersMayBeginAgain() throws IOException {
        Path first = zone("intel-rapl:0", 1_000_000_000);
        Path part = zone("intel-rapl:0:0", 1_000_000_000);
        Path second = zone("intel-rapl:1", 10_000_000);
        Files.writeString(first, "1000000\n");
        Files.writeString(part, "0\n");
        Files.writeString(second, "9000000\n");
        Energy.Source counters = EnergyCounters.rapl(folder.resolve("powercap")).orElseThrow();
        counters.begin();
        Files.writeString(first, "3500000\n");
        Files.writeString(part, "900000000\n");
        Files.writeString(second, "1000000\n");
        assertThat(counters.end()).hasValue(2.5 + 2);
    }

    @Test
    void noCountersNoEnergy() {
        for (Part part : Part.values()) {
            Energy energy = Energy.of(part, folder.resolve("none"), NO_COMMAND);
            energy.begin();
            assertThat(energy.isTooShort()).as(part.toString()).isFalse();
            assertThat(energy.end()).isEmpty();
            assertThat(energy.note()).isEqualTo("energy: nothing here tells it");
        }
    }

    /// The command's first line comes late, and its power is that of the work alone.
    @Test
    void anNvidiaGpuIsSampledWhileItWorks() throws IOException, InterruptedException {
        Energy energy = Energy.of(Part.NVIDIA_GPU, folder, command("1, 50.00"));
        long start = System.nanoTime();
        OptionalDouble joules = used(energy);
        double seconds = (System.nanoTime() - start) * 1e-9;
        assertThat(joules.orElseThrow()).isBetween(50 * 2.0, 50 * seconds);
        assertThat(seconds).isGreaterThan(3 - 0.1);
        assertThat(energy.note()).isEqualTo("energy of the GPU's card, by nvidia-smi");
    }

    @Test
    void anAmdGpuTellsItsPower() throws IOException, InterruptedException {
        Files.writeString(sensor("hwmon3", "amdgpu", "power1_average"), "40000000\n");
        sensor("hwmon0", "nvme", "x");
        Energy energy = Energy.of(Part.AMD_GPU, folder, NO_COMMAND);
        double joules = used(energy).orElseThrow();
        assertThat(joules).isGreaterThanOrEqualTo(40 * 2.0);
        assertThat(energy.note()).isEqualTo("energy of the GPU's card, by its driver");
        Files.writeString(sensor("hwmon4", "amdgpu", "power1_average"), "40000000\n");
        assertThat(Energy.of(Part.AMD_GPU, folder, NO_COMMAND).isTooShort()).isFalse();
    }

    @Test
    void anIntelGpuCountsItsEnergy() throws IOException {
        Path counter = sensor("hwmon1", "xe", "energy1_input");
        Files.writeString(counter, "5000000\n");
        Energy.Source source =
                Hwmon.only(folder, "i915", "xe").flatMap(EnergyCounters::of).orElseThrow();
        source.begin();
        Files.writeString(counter, "12000000\n");
        assertThat(source.end().orElseThrow()).isEqualTo(7, within(1e-9));
    }

    @Test
    void whatIsTooShortIsNotTold() throws IOException {
        Files.writeString(zone("intel-rapl:0", 1_000_000_000), "1000000\n");
        Energy energy = Energy.of(Part.PROCESSOR, folder, NO_COMMAND);
        energy.begin();
        Files.writeString(zone("intel-rapl:0", 1_000_000_000), "3000000\n");
        assertThat(energy.end()).isEmpty();
        assertThat(energy.note()).isEqualTo("energy: too short to tell");
    }

    @Test
    void thePowerOfTheOnlyGpu() {
        assertThat(PowerSampler.power("1, 54.32")).isEqualTo(OptionalDouble.of(54.32));
        assertThat(PowerSampler.power("2, 54.32")).isEmpty();
        assertThat(PowerSampler.power("1, [N/A]")).isEmpty();
        assertThat(PowerSampler.power("NVIDIA-SMI has failed")).isEmpty();
    }

    @Test
    void gpusAreKnownByTheirMakers() {
        assertThat(Part.gpu("NVIDIA Corporation NVIDIA CUDA NVIDIA L4")).isEqualTo(Part.NVIDIA_GPU);
        assertThat(Part.gpu("Advanced Micro Devices, Inc. x gfx1100")).isEqualTo(Part.AMD_GPU);
        assertThat(Part.gpu("AMD Accelerated Parallel Processing")).isEqualTo(Part.AMD_GPU);
        assertThat(Part.gpu("Intel(R) Corporation Intel(R) Arc(TM)")).isEqualTo(Part.INTEL_GPU);
        assertThat(Part.gpu("Apple M3")).isEqualTo(Part.OTHER);
    }
}
