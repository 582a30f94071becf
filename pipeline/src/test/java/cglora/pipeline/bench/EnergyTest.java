package cglora.pipeline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnergyTest {
    @TempDir Path folder;

    private Path zone(String name, long range) throws IOException {
        Path zone = Files.createDirectories(folder.resolve(name));
        Files.writeString(zone.resolve("max_energy_range_uj"), range + "\n");
        return zone.resolve("energy_uj");
    }

    @Test
    void packagesAreSummedAndCountersMayBeginAgain() throws IOException {
        Path first = zone("intel-rapl:0", 1_000_000_000);
        Path part = zone("intel-rapl:0:0", 1_000_000_000);
        Path second = zone("intel-rapl:1", 10_000_000);
        Files.writeString(first, "1000000\n");
        Files.writeString(part, "0\n");
        Files.writeString(second, "9000000\n");
        Energy energy = Energy.of(folder);
        Files.writeString(first, "3500000\n");
        Files.writeString(part, "900000000\n");
        Files.writeString(second, "1000000\n");
        energy.stop();
        assertThat(energy.joules()).hasValue(2.5 + 2);
    }

    @Test
    void noCountersNoEnergy() {
        Energy energy = Energy.of(folder.resolve("none"));
        energy.stop();
        assertThat(energy.joules()).isEmpty();
    }

    @Test
    void thePowerOfTheOnlyGpu() {
        assertThat(PowerSampler.power("1, 54.32")).isEqualTo(OptionalDouble.of(54.32));
        assertThat(PowerSampler.power("2, 54.32")).isEmpty();
        assertThat(PowerSampler.power("1, [N/A]")).isEmpty();
        assertThat(PowerSampler.power("NVIDIA-SMI has failed")).isEmpty();
    }
}
