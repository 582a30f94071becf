package cglora.pipeline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.reduction.ReductionKernels;
import cglora.kernels.testing.ForkedJava;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.OperatorInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `doctor` where a kernel computes something else than its float64 reference: its class stands in
/// front of the product's, with one multiplication made an addition, as a backend compiles what it
/// lacks.
class DoctorCommandTest {
    @TempDir Path folder;

    private void writeBrokenKernel() throws IOException {
        String name = ReductionKernels.class.getName().replace('.', '/') + ".class";
        byte[] whole;
        try (InputStream in = getClass().getResourceAsStream("/" + name)) {
            whole = in.readAllBytes();
        }
        CodeTransform adding =
                (code, element) -> {
                    if (element instanceof OperatorInstruction operator
                            && operator.opcode() == Opcode.FMUL) {
                        code.fadd();
                    } else {
                        code.with(element);
                    }
                };
        ClassFile classes = ClassFile.of();
        byte[] broken =
                classes.transformClass(
                        classes.parse(whole),
                        ClassTransform.transformingMethodBodies(
                                method -> method.methodName().equalsString("scaleInto"), adding));
        assertThat(broken).isNotEqualTo(whole);
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, broken);
    }

    private ForkedJava.Outcome doctor(String... more) {
        var arguments = new ArrayList<>(List.of("doctor", "--device", "jvm"));
        arguments.addAll(List.of(more));
        List<String> command = ForkedJava.command(Main.class, List.of(), arguments);
        int classPath = command.indexOf("-cp") + 1;
        command.set(classPath, folder + File.pathSeparator + command.get(classPath));
        return ForkedJava.run(command, Map.of());
    }

    @Test
    void aKernelThatMissesItsReferenceIsNamedWithItsErrorAndBound() throws IOException {
        writeBrokenKernel();
        ForkedJava.Outcome outcome = doctor();
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(4);
        assertThat(outcome.out())
                .containsPattern("    scaleInto: y of .*: \\d+ of \\d+ elements are off; worst is")
                .containsPattern("float64 [-.\\dE]+, [.\\de+]+ times the bound [.\\de-]+")
                .contains("    fix: ", "not ok: ", "kernel families agree with float64 on jvm");
        assertThat(outcome.out().lines().filter(line -> line.contains(" elements are off")))
                .hasSize(1);
        ForkedJava.Outcome json = doctor("--json");
        assertThat(json.status()).isEqualTo(4);
        JsonNode report = JsonMapper.shared().readTree(json.out());
        assertThat(report.path("ok").asBoolean(true)).isFalse();
        var wrong = new ArrayList<String>();
        for (JsonNode kernel : report.path("devices").get(0).path("kernels")) {
            if (!kernel.path("ok").asBoolean()) {
                wrong.add(kernel.path("kernel").asString());
            }
        }
        assertThat(wrong).containsExactly("scaleInto");
    }

    @Test
    void asItIsEveryKernelAgrees() {
        ForkedJava.Outcome outcome = doctor();
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("ok: ").doesNotContain("not ok", "are off");
    }
}
