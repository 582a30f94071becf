package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.compare.FailCondition;
import cglora.pipeline.compare.GridComparison;
import cglora.pipeline.compare.GridComparisonPage;
import cglora.pipeline.compare.GridComparisonText;
import cglora.pipeline.compare.PairComparison;
import cglora.pipeline.compare.RunReader;
import cglora.pipeline.compare.RunRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Sets runs side by side: two of them, or the methods of grids.
@Command(
        name = "compare",
        description =
                "Compare the methods of grids, each at its best learning rate, or two single runs.")
final class CompareCommand implements Callable<Integer> {
    private static final int FAILED = 7;

    @Parameters(
            arity = "1..*",
            paramLabel = "FOLDER",
            description = "Folders of grids, or two runs, of which the first is the base.")
    private List<Path> folders;

    @Option(
            names = "--by",
            split = ",",
            defaultValue = "adapter.method",
            paramLabel = "PATH",
            description = "Settings that make a method: adapter.method,adapter.r.")
    private List<String> by;

    @Option(
            names = "--best",
            defaultValue = "train.learning_rate",
            paramLabel = "PATH",
            description = "The setting of which each method gets its best value.")
    private String best;

    @Option(
            names = "--metric",
            paramLabel = "METRIC",
            description = "Of the test split, beside the loss; by default the first there is.")
    private String metric;

    @Option(
            names = "--choose",
            defaultValue = "loss",
            paramLabel = "METRIC",
            description = "Of the validation split, that chooses the best value.")
    private String choose;

    @Option(
            names = "--loss-target",
            paramLabel = "LOSS",
            description = "Validation loss to which steps and seconds are counted.")
    private Double lossTarget;

    @Option(
            names = "--against",
            paramLabel = "METHOD",
            description = "Test all methods against this one, not against the best on validation.")
    private String against;

    @Option(
            names = "--fail-if",
            paramLabel = "CONDITION",
            description = "With two runs: exit 7 where it holds, as in 'f1 < base - 0.01'.")
    private String failIf;

    @Mixin private OutputOptions output;

    private final Console console;

    CompareCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        FailCondition condition = failIf == null ? null : FailCondition.parse(failIf);
        var notes = new Problems();
        boolean pair = folders.size() == 2 && folders.stream().allMatch(RunReader::isRun);
        if (condition != null && !pair) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "--fail-if",
                    "is for two single runs",
                    "give the base run's folder and the other's");
        }
        List<RunRecord> runs = RunReader.read(folders, notes);
        if (pair && runs.size() == 2) {
            return compare(new PairComparison(runs.get(0), runs.get(1)), condition);
        }
        if (pair) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    folders.getFirst() + ", " + folders.getLast(),
                    "one of them is not finished",
                    "compare finished runs");
        }
        GridComparison comparison =
                GridComparison.of(
                        runs,
                        new GridComparison.Options(by, best, metric, choose, lossTarget, against),
                        notes);
        console.warnings(notes.warnings());
        output.print(
                new OutputOptions.Texts(
                        () -> GridComparisonText.markdown(comparison),
                        () -> GridComparisonText.csv(comparison),
                        () -> GridComparisonText.json(comparison),
                        () -> GridComparisonPage.html(comparison)),
                console);
        return 0;
    }

    private int compare(PairComparison comparison, FailCondition condition) {
        output.print(
                new OutputOptions.Texts(
                        comparison::markdown, comparison::csv, comparison::json, comparison::html),
                console);
        String failure =
                condition == null ? "" : condition.failure(comparison.base(), comparison.other());
        if (!failure.isEmpty()) {
            console.err().println("check failed: " + failure);
            return FAILED;
        }
        return 0;
    }
}
