package cglora.pipeline;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "cglora.pipeline", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule KNOWS_NO_KERNEL_INTERNALS =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "cglora.kernels.matmul..",
                            "cglora.kernels.attention..",
                            "cglora.kernels.lowrank..",
                            "cglora.models.graph..")
                    .because("stages ask the model layer, which alone knows graphs and kernels");

    @ArchTest
    static final ArchRule SPEC_KNOWS_NO_RUNNER =
            noClasses()
                    .that()
                    .resideInAPackage("cglora.pipeline.spec..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("cglora.pipeline.run..", "cglora.pipeline.cli..")
                    .because("reading a pipeline must not depend on running it");
}
