package cglora.kernels.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ProblemTest {
    @Test
    void saysCodePlaceAndRemedy() {
        var problem = new Problem(ErrorCode.P_UNKNOWN, "a.json:3:7", "unknown key x", "remove it");
        assertThat(problem.toString())
                .isEqualTo("error P-UNKNOWN: a.json:3:7: unknown key x\n  fix: remove it");
        assertThat(problem.render("warning")).startsWith("warning P-UNKNOWN: a.json:3:7: ");
    }

    @Test
    void leavesOutAnEmptyPlaceAndAnEmptyRemedy() {
        assertThat(new Problem(ErrorCode.N_NAN, "", "the loss is NaN", ""))
                .hasToString("error N-NAN: the loss is NaN");
    }

    @Test
    void refusesNull() {
        assertThatThrownBy(() -> new Problem(null, "", "", ""))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("code");
        assertThatThrownBy(() -> new Problem(ErrorCode.N_NAN, "", "", null)).hasMessage("fix");
    }

    @Test
    void escapesControlCharacters() {
        var problem =
                new Problem(
                        ErrorCode.D_LABEL,
                        "da\u001b[31mta.tsv",
                        "label \u0007\u009b2J\t\r\u007f",
                        "\u0000");
        assertThat(problem.toString())
                .isEqualTo(
                        "error D-LABEL: da\\u001b[31mta.tsv: label \\u0007\\u009b2J\\u0009\\u000d"
                                + "\\u007f\n  fix: \\u0000");
    }

    @Test
    void aLineBreakInAFileNameMakesNoLineOfItsOwn() {
        var problem = new Problem(ErrorCode.D_MISSING, "x\nerror K-DISK: forged", "not there", "");
        assertThat(problem.toString().lines()).hasSize(1);
    }

    @Test
    void furtherLinesAreIndented() {
        var problem = new Problem(ErrorCode.P_JSON, "", "bad\n  { x\n    ^\nerror forged", "a\nb");
        assertThat(problem.toString().lines())
                .containsExactly(
                        "error P-JSON: bad", "  { x", "    ^", "  error forged", "  fix: a", "  b");
    }

    @Test
    void otherScriptsStayAsTheyAre() {
        assertThat(new Problem(ErrorCode.D_LABEL, "données.tsv", "標籤 · ∑ 😀", "").toString())
                .endsWith("données.tsv: 標籤 · ∑ 😀");
    }

    @Test
    void everyKindHasAnExitStatusOfItsOwn() {
        assertThat(Arrays.stream(ErrorKind.values()).map(ErrorKind::exitStatus))
                .containsExactly(2, 3, 4, 5, 6, 7);
    }

    @Test
    void everyCodeIsAGroupAndAWord() {
        assertThat(Arrays.stream(ErrorCode.values()).map(ErrorCode::toString))
                .allMatch(code -> code.matches("[PMSTDAOVKNRX]-[A-Z]+"));
        assertThat(ErrorCode.A_VERIFY.kind()).isEqualTo(ErrorKind.CHECK);
        assertThat(ErrorCode.V_MEMORY.kind()).isEqualTo(ErrorKind.RESOURCE);
    }

    @Test
    void collectsEverythingAndThrowsOnce() {
        var problems = new Problems();
        assertThatCode(problems::throwIfAny).doesNotThrowAnyException();
        problems.warning(ErrorCode.D_TRUNC, "a", "long", "");
        assertThat(problems.hasErrors()).isFalse();
        problems.error(ErrorCode.D_ROW, "a:1", "short row", "");
        problems.error(new CgloraException(ErrorCode.K_DISK, "/tmp", "full", "make room"));
        assertThat(problems.warnings()).hasSize(1);
        assertThatThrownBy(problems::throwIfAny)
                .isInstanceOfSatisfying(
                        CgloraException.class,
                        e -> {
                            assertThat(e.problems()).isEqualTo(problems.errors()).hasSize(2);
                            assertThat(e.exitStatus()).isEqualTo(3);
                        })
                .hasMessage(
                        "error D-ROW: a:1: short row\nerror K-DISK: /tmp: full\n  fix: make room");
    }

    @Test
    void keepsTheCause() {
        var cause = new java.io.IOException("no");
        assertThat(new CgloraException(ErrorCode.K_OUTPUT, "", "what", "", cause)).hasCause(cause);
    }
}
