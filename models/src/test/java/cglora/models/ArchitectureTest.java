package cglora.models;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "cglora.models", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule KNOWS_NO_STAGES =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("cglora.pipeline..")
                    .because("data flows pipeline -> models -> kernels, never back");

    @ArchTest
    static final ArchRule HAS_NO_CYCLES =
            slices().matching("cglora.models.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule PRINTS_NOTHING =
            noClasses()
                    .should()
                    .accessField(System.class, "out")
                    .orShould()
                    .accessField(System.class, "err")
                    .because("only the command line speaks");

    @ArchTest
    static final ArchRule NAMES_NO_FAMILY_OUTSIDE_ITS_TABLE =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            "cglora.models.bert..", "cglora.models.t5..", "cglora.models.family..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("cglora.models.bert..", "cglora.models.t5..")
                    .because("adding a family touches its own package and the table");
}
