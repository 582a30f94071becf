package cglora.pipeline.device;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class DeviceProfilesTest {
    @TempDir Path folder;

    static DeviceInfo device(String id, DeviceKind kind, String platform, String name) {
        return new DeviceInfo(
                DeviceId.parse(id),
                0,
                0,
                kind,
                name,
                platform,
                "",
                "",
                "",
                8L << 30,
                2L << 30,
                65536,
                256,
                List.of(256L, 256L, 64L),
                8,
                Support.UNKNOWN,
                Support.UNKNOWN);
    }

    @ParameterizedTest
    @CsvSource({
        "ptx:0:0, GPU, NVIDIA-PTX, NVIDIA L4, nvidia-ptx",
        "cuda:0:0, GPU, NVIDIA-CUDA, NVIDIA L4, nvidia-cuda",
        "opencl:0:0, GPU, NVIDIA CUDA, NVIDIA L4, nvidia-opencl",
        "opencl:0:0, GPU, AMD Accelerated Parallel Processing, gfx1100, amd-opencl",
        "opencl:0:0, GPU, Intel(R) OpenCL Graphics, Intel Arc A770, intel-gpu-opencl",
        "spirv:0:0, GPU, LevelZero, Intel Arc A770, intel-gpu-spirv",
        "opencl:0:0, CPU, Portable Computing Language, pthread, cpu-pocl",
        "opencl:1:0, CPU, Intel(R) OpenCL, Intel(R) Xeon(R), cpu-intel",
        "opencl:0:0, GPU, Apple, M1, generic-gpu",
        "metal:0:0, GPU, Apple, M1, generic-gpu"
    })
    void theFilesOfTheDistributionKnowTheirDevices(
            String id, DeviceKind kind, String platform, String name, String profile) {
        DeviceProfiles profiles = DeviceProfiles.load(Map.of());
        assertThat(profiles.choose(device(id, kind, platform, name)).name()).isEqualTo(profile);
    }

    @Test
    void theCommittedSchemaIsThatOfTheReader() throws IOException {
        Path schema =
                Path.of(System.getProperty("cglora.root"))
                        .resolve(DeviceProfiles.FOLDER)
                        .resolve(DeviceProfiles.SCHEMA);
        assertThat(Files.readString(schema)).isEqualTo(ProfileFile.schema());
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void ownFilesReplaceAndRefineThoseOfTheDistribution() throws IOException {
        file(
                "a.json",
                "{\"name\": \"cpu-pocl\", \"backend\": \"opencl\", \"kind\": \"cpu\","
                        + " \"platform\": \"Portable\", \"memory_fraction\": 0.25}");
        file(
                "b.json",
                "{\"name\": \"mine\", \"backend\": \"opencl\", \"kind\": \"gpu\","
                        + " \"device\": \"L4\", \"sizes\": {\"matmul.tile\": 8}}");
        DeviceProfiles profiles =
                DeviceProfiles.load(Map.of(DeviceProfiles.VARIABLE, folder.toString()));
        DeviceInfo cpu = device("opencl:0:0", DeviceKind.CPU, "Portable Computing Language", "p");
        DeviceInfo gpu = device("opencl:0:0", DeviceKind.GPU, "NVIDIA CUDA", "NVIDIA L4");
        assertThat(profiles.choose(cpu).memoryFraction()).isEqualTo(0.25);
        assertThat(profiles.choose(cpu).memoryLimiter())
                .contains("memory_fraction, 0.25 in " + folder.resolve("a.json"))
                .contains("or set engine.memory_fraction");
        DeviceProfile mine = profiles.choose(gpu);
        assertThat(mine.name()).isEqualTo("mine");
        assertThat(mine.size("matmul.tile", 1)).isEqualTo(8);
        assertThat(profiles.named("nvidia-opencl", gpu).name()).isEqualTo("nvidia-opencl");
        assertThat(profiles.named(folder.resolve("b.json").toString(), gpu)).isEqualTo(mine);
        assertThatThrownBy(() -> profiles.named("mine", cpu))
                .isInstanceOf(CgloraException.class)
                .hasMessageContaining("is for a GPU of opencl");
        assertThatThrownBy(() -> profiles.named("nvidia-opencI", gpu))
                .hasMessageContaining("did you mean 'nvidia-opencl'?");
    }

    static Stream<Arguments> refusesWhatIsWrongAndSaysWhere() {
        String start = "{\n\"name\": \"x\", \"backend\": \"opencl\", \"kind\": \"gpu\",\n";
        return Stream.of(
                arguments(start + "\"tiles\": 1}", "P-UNKNOWN|x.json:3:1|'tiles'"),
                arguments(start + "\"work_group\": \"64\"}", "P-TYPE|x.json:3|without quotes"),
                arguments(start + "\"memory_fraction\": 90}", "O-RANGE|did you mean 0.9?"),
                arguments(start + "\"platform\": \"(\"}", "P-VALUE|not a regular expression"),
                arguments(
                        start + "\"sizes\": {\"matmul.tlie\": 8}}", "P-VALUE|expected matmul.tile"),
                arguments(start + "\"sizes\": {\"a.b\": 0}}", "O-RANGE|1 to 1048576"),
                arguments(start + "\"sizes\": {\"matmul.tile\": 12}}", "P-VALUE|expected 8 or 16"),
                arguments(start + "\"work_group\": 100}", "P-VALUE|a power of two up to 256"),
                arguments(start + "\"java_options\": [\"Xmx1g\"]}", "P-VALUE|expected one option"),
                arguments("{\"name\": \"x\", \"kind\": \"gpu\"}", "P-VALUE|'backend' is missing"),
                arguments(
                        "{\"name\": \"X Y\", \"backend\": \"opencl\", \"kind\": \"gpu\"}",
                        "P-VALUE|expected lower-case"),
                arguments("{", "P-JSON|x.json:1"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesWhatIsWrongAndSaysWhere(String text, String pieces) throws IOException {
        Path wrong = file("x.json", text);
        assertThatThrownBy(() -> DeviceProfiles.read(List.of(wrong)))
                .isInstanceOf(CgloraException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(pieces.split("\\|")));
    }

    @Test
    void refusesTwoProfilesOfOneNameInAFolder() throws IOException {
        String text = "{\"name\": \"x\", \"backend\": \"opencl\", \"kind\": \"gpu\"}";
        file("1.json", text);
        file("2.json", text);
        assertThatThrownBy(() -> DeviceProfiles.read(List.of(folder)))
                .hasMessageContaining("P-DUPLICATE")
                .hasMessageContaining("1.json");
    }

    @Test
    void namesThePlaceThatDoesNotExist() {
        Path absent = folder.resolve("absent");
        Map<String, String> environment = Map.of("CGLORA_DEVICE_PROFILES", absent.toString());
        assertThatThrownBy(() -> DeviceProfiles.load(environment))
                .hasMessageContaining("P-FILE")
                .hasMessageContaining("CGLORA_DEVICE_PROFILES")
                .hasMessageContaining(absent + ", which does not exist");
    }

    @Test
    void theLauncherLearnsMemoryFlagsAndOptions() {
        DeviceInfo gpu = device("opencl:0:0", DeviceKind.GPU, "NVIDIA CUDA", "NVIDIA L4");
        DeviceProfiles profiles = DeviceProfiles.load(Map.of());
        assertThat(Launch.options(gpu, profiles.choose(gpu)))
                .contains("-Dtornado.device.memory=8192MB", "-Dtornado.opencl.compiler.flags=-w")
                .filteredOn(option -> option.startsWith("-XX:OnError="))
                .singleElement(as(STRING))
                .contains("doctor --device opencl:0:0")
                .doesNotContain(";");
        DeviceInfo spirv = device("spirv:0:0", DeviceKind.GPU, "LevelZero", "Arc");
        assertThat(Launch.options(spirv, profiles.choose(spirv)))
                .contains("-Dtornado.spirv.runtimes=levelzero,opencl");
    }
}
