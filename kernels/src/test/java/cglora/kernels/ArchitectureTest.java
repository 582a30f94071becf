package cglora.kernels;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import cglora.kernels.testing.KernelFamilies;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("cglora.kernels");

    private static boolean isKernels(JavaClass type) {
        return KernelFamilies.families().stream()
                .anyMatch(family -> family.getName().equals(type.getName()));
    }

    @Test
    void kernelsUseArraysAndArithmeticOnly() {
        noClasses()
                .that(describe("hold kernels", ArchitectureTest::isKernels))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.io..",
                        "java.nio..",
                        "java.util..",
                        "java.time..",
                        "java.net..",
                        "tools.jackson..",
                        "com.fasterxml..",
                        "cglora.kernels.engine..",
                        "cglora.kernels.program..")
                .because(
                        "a kernel is compiled for devices: it knows arrays and numbers, no files,"
                                + " JSON, collections or clocks")
                .check(CLASSES);
        noClasses()
                .that(describe("hold kernels", ArchitectureTest::isKernels))
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .because("the result of a kernel depends on its arguments alone")
                .check(CLASSES);
    }

    @Test
    void kernelsHoldNoState() {
        noFields()
                .that()
                .areDeclaredInClassesThat(describe("hold kernels", ArchitectureTest::isKernels))
                .should()
                .notBeFinal()
                .because("kernels run on many threads and devices at once")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("cglora.kernels.(*)..")
                .should()
                .beFreeOfCycles()
                .because("a package that can be read alone can be changed alone")
                .check(CLASSES);
    }

    @Test
    void nothingPrints() {
        noClasses()
                .should(ACCESS_STANDARD_STREAMS)
                .because(
                        "what a person sees is decided by the command line, in the pipeline module")
                .check(CLASSES);
    }

    @Test
    void nothingKnowsTheModulesAbove() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("cglora.models..", "cglora.pipeline..")
                .because("kernels are the lowest module: models and pipelines stand on them")
                .check(CLASSES);
    }
}
