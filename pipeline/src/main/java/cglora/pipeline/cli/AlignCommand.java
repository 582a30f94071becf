package cglora.pipeline.cli;

import cglora.kernels.error.Problems;
import cglora.models.curvature.PredictionAlignment;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Alignment;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.PipelineReading;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/// Compares predictions of adapters with those of full fine-tuning.
@Command(
        name = "align",
        description = "Measure how near adapters come to a fully fine-tuned model's predictions.")
final class AlignCommand implements Callable<Integer> {
    private enum Split {
        validation,
        test
    }

    private enum Form {
        md,
        json
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
            paramLabel = "FOLDER",
            description = "An adapter, a model or their run; may be repeated.")
    private List<Path> adapters;

    @Option(
            names = "--data",
            defaultValue = "validation",
            paramLabel = "SPLIT",
            description = "validation or test.")
    private Split data;

    @Option(
            names = {"-o", "--output"},
            defaultValue = "md",
            paramLabel = "FORM",
            description = "On standard output: md (Markdown) or json.")
    private Form form;

    private final Console console;

    AlignCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PipelineReading reading = pipeline.read(engine.settings());
        EngineChoice choice = engine.choose(reading.spec().engine());
        if (engine.isAnswered(choice, console)) {
            return 0;
        }
        var notes = new Problems();
        var split = EvaluateSpec.Split.valueOf(data.name().toUpperCase(Locale.ROOT));
        Map<String, PredictionAlignment> all =
                new Alignment(reading, choice, notes, console.err())
                        .measure(reference, adapters, split);
        console.warnings(notes.warnings());
        console.out().print(form == Form.json ? json(all) : markdown(all));
        return 0;
    }

    private static String markdown(Map<String, PredictionAlignment> all) {
        var text =
                new StringBuilder(
                        "| adapter | distance | in H | cosine | KL | agreement |\n"
                                + "|---|---:|---:|---:|---:|---:|\n");
        all.forEach(
                (name, a) ->
                        text.append(
                                String.format(
                                        Locale.ROOT,
                                        "| %s | %.4f | %.4f | %.4f | %.3g | %.4f |%n",
                                        name,
                                        a.relativeDistance(),
                                        a.relativeDistanceH(),
                                        a.cosine(),
                                        a.kl(),
                                        a.agreement())));
        return text.toString();
    }

    /// Numbers that do not exist, as the cosine of what has not moved, are null.
    private static String json(Map<String, PredictionAlignment> all) {
        var record = new LinkedHashMap<String, Object>();
        all.forEach(
                (name, a) -> {
                    var row = new LinkedHashMap<String, Object>();
                    row.put("relative_distance", finite(a.relativeDistance()));
                    row.put("relative_distance_raw", finite(a.relativeDistanceRaw()));
                    row.put("relative_distance_h", finite(a.relativeDistanceH()));
                    row.put("cosine", finite(a.cosine()));
                    row.put("kl", finite(a.kl()));
                    row.put("agreement", finite(a.agreement()));
                    record.put(name, row);
                });
        return JsonMapper.shared().writeValueAsString(record) + "\n";
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
