package cglora.pipeline.spec;

import static cglora.pipeline.spec.BadPipeline.GOOD;
import static cglora.pipeline.spec.BadPipeline.check;
import static cglora.pipeline.spec.BadPipeline.errorOf;
import static cglora.pipeline.spec.BadPipeline.row;
import static org.assertj.core.api.Assertions.assertThat;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// One row for each way in which stages can fail to fit together.
class BadStagesTest {
    @TempDir Path folder;

    static Stream<Arguments> refusesStages() {
        return Stream.of(
                row("{\"stage\": \"calibrate\"},", "", "P_STAGE", "needs the statistics|calibrate"),
                row(
                        "{\"stage\": \"calibrate\"},",
                        "{\"stage\": \"data\"},",
                        "P_STAGE",
                        "two stages have the id 'data'"),
                // what stages take from others
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"from\": \"data\"}",
                        "P_STAGE",
                        "/stages/5/from|'data' gives examples|adapter, train"),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"from\": \"trian\"}",
                        "P_VALUE",
                        "no stage has the id 'trian'|did you mean 'train'"),
                row(
                        "\"learning_rate\": 1e-4",
                        "\"from\": \"export\"",
                        "P_STAGE",
                        "/stages/4/from|'export' comes later|adapter"),
                row(
                        "\"learning_rate\": 1e-4",
                        "\"from\": \"runs/x\"",
                        "P_VALUE",
                        "'runs/x' is a folder|the adapter stage"),
                row(
                        "{\"stage\": \"export\"}",
                        "{\"stage\": \"train\", \"id\": \"off\", \"when\": false},"
                                + " {\"stage\": \"export\", \"from\": \"off\"}",
                        "P_STAGE",
                        "'off' does not take part"),
                row("\"stage\": \"export\"", "\"stage\": \"export\", \"from\": 3", "P_TYPE", "3"),
                row(
                        "{\"stage\": \"model\", \"path\": \"m\"},",
                        "",
                        "P_STAGE",
                        "'train' needs a stage 'model'"),
                row(
                        "\"stage\": \"model\"",
                        "\"when\": false, \"stage\": \"model\"",
                        "P_STAGE",
                        "needs a stage 'model'"),
                row(
                        "{\"stage\": \"data\", \"train\": \"t.csv\", \"validation\": \"v.csv\"},",
                        "",
                        "P_STAGE",
                        "'train' needs a stage 'data'"),
                row("\"train\": \"t.csv\", ", "", "P_STAGE", "needs training examples"),
                row(", \"validation\": \"v.csv\"", "", "P_STAGE", "measures on 'validation'"),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"data\": \"test\"}",
                        "P_STAGE",
                        "measures on 'test'"),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"evaluate\", \"metrics\": [\"acuracy\"]}",
                        "P_VALUE",
                        "did you mean 'accuracy'"),
                row(
                        "\"path\": \"m\"",
                        "\"path\": \"m\", \"problem_type\": \"regression\"",
                        "P_VALUE",
                        "",
                        "1e-4",
                        "1, \"load_best\": \"f1\""),
                row(
                        "{\"stage\": \"evaluate\"}",
                        "{\"stage\": \"align\", \"reference\": \"f\"}",
                        "P_STAGE",
                        "from the start of training|before 'train'"),
                row(
                        "{\"stage\": \"calibrate\"},",
                        "{\"stage\": \"calibrate\"}, {\"stage\": \"align\", \"reference\": \"f\"},",
                        "P_STAGE",
                        "stands before it|between 'adapter' and 'train'"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\"}, {\"stage\": \"train\"",
                        "P_VALUE",
                        "'reference' is missing"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\", \"reference\": \"f\", \"examples\": 0},"
                                + " {\"stage\": \"train\"",
                        "O_RANGE",
                        "examples"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\", \"reference\": \"f\", \"data\": \"test\"},"
                                + " {\"stage\": \"train\"",
                        "P_STAGE",
                        "'align' measures on 'test'"),
                row(
                        "{\"stage\": \"train\"",
                        "{\"stage\": \"align\", \"reference\": \"f\", \"layers\": true},"
                                + " {\"stage\": \"train\"",
                        "O_CONFLICT",
                        "subspace of an adapter",
                        "\"r\": \"${r}\"",
                        "\"method\": \"full\""));
    }

    @ParameterizedTest
    @MethodSource
    void refusesStages(List<String> texts, ErrorCode code, String pieces) throws IOException {
        String text = GOOD;
        for (int i = 0; i < texts.size(); i += 2) {
            assertThat(text).contains(texts.get(i));
            text = text.replace(texts.get(i), texts.get(i + 1));
        }
        CgloraException error = errorOf(folder, text, Overrides.none());
        assertThat(error.problems().getFirst().code().kind()).isEqualTo(code.kind());
        check(error, code, pieces);
    }
}
