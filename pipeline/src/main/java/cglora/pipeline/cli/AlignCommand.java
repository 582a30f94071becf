package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.report.AlignmentPage;
import cglora.pipeline.report.AlignmentReport;
import cglora.pipeline.report.AlignmentText;
import cglora.pipeline.run.Alignment;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.PipelineReading;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Compares predictions of adapters with those of full fine-tuning.
@Command(
        name = "align",
        description = "Measure how near adapters come to a fully fine-tuned model's predictions.")
final class AlignCommand implements Callable<Integer> {
    private enum Split {
        train,
        validation,
        test
    }

    @Mixin private PipelineOptions pipeline;

    @Mixin private EngineOptions engine;

    @Option(
            names = "--reference",
            required = true,
            paramLabel = "FOLDER",
            description = "The fully fine-tuned model, or its run.")
    private Path reference;

    @Option(
            names = "--adapter",
            required = true,
            arity = "1..*",
            paramLabel = "FOLDER",
            description =
                    "Adapters, models or their runs; checkpoint-N is step N of its folder's training.")
    private List<Path> adapters;

    @Option(
            names = "--data",
            defaultValue = "validation",
            paramLabel = "SPLIT",
            description = "What to measure on: train, validation or test.")
    private Split data;

    @Option(
            names = "--tokens",
            defaultValue = "256",
            paramLabel = "N",
            description =
                    "Of models that write or tag: how many tokens are compared, drawn by the pipeline's seed.")
    private int tokens;

    @Option(
            names = "--layers",
            description = "Also how much of each layer's update the adapters' subspaces hold.")
    private boolean layers;

    @Option(
            names = "--damping",
            defaultValue = "1",
            paramLabel = "NUMBER",
            description = "Of the layers' metric, times the mean eigenvalue of each factor.")
    private double damping;

    @Mixin private OutputOptions output;

    private final Console console;

    AlignCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!(damping >= 0 && Double.isFinite(damping))) {
            throw new CgloraException(
                    ErrorCode.O_RANGE, "--damping", damping + ", expected a number ≥ 0", "take 1");
        }
        if (tokens < 1) {
            throw new CgloraException(
                    ErrorCode.O_RANGE, "--tokens", tokens + ", expected 1 or more", "take 256");
        }
        output.requireFree();
        PipelineReading reading = pipeline.read(engine.settings());
        EngineChoice choice = engine.choose(reading.spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        var notes = new Problems();
        AlignmentReport report =
                new Alignment(reading, choice, notes, console::note)
                        .measure(
                                reference,
                                adapters,
                                EvaluateSpec.Split.valueOf(data.name().toUpperCase(Locale.ROOT)),
                                tokens,
                                layers ? damping : null);
        console.warnings(notes.warnings());
        output.print(
                new OutputOptions.Texts(
                        () -> AlignmentText.markdown(report),
                        () -> AlignmentText.csv(report),
                        () -> AlignmentText.json(report),
                        () -> AlignmentPage.html(report)),
                console);
        return 0;
    }
}
