package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problem;
import cglora.pipeline.run.PipelineCheck;
import cglora.pipeline.spec.JsonText;
import cglora.pipeline.spec.PipelineDraft;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.PipelineWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Checks a pipeline, the file and what it names, and shows every error at once.
@Command(name = "validate", description = "Check a pipeline file: all errors and warnings at once.")
final class ValidateCommand implements Callable<Integer> {
    @Mixin private PipelineOptions pipeline;

    @Option(
            names = "--print",
            description = "Print the resolved pipeline with all defaults filled in.")
    private boolean print;

    @Option(names = "--json", description = "Report problems as JSON on standard output.")
    private boolean json;

    private final Console console;

    ValidateCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PipelineDraft draft;
        try {
            draft = pipeline.draft();
        } catch (CgloraException e) {
            if (!json) {
                throw e;
            }
            console.exact().print(JsonText.write(report(e.problems(), List.of())));
            return e.exitStatus();
        }
        PipelineCheck check = PipelineCheck.of(draft);
        boolean ok = check.errors().isEmpty();
        int status = ok ? 0 : check.errors().getFirst().code().kind().exitStatus();
        if (json) {
            console.exact().print(JsonText.write(report(check.errors(), check.warnings())));
            return status;
        }
        console.warnings(pipeline.notes());
        console.warnings(check.warnings());
        console.errors(check.errors());
        if (draft.reading() == null) {
            return status;
        }
        PipelineSpec spec = draft.reading().spec();
        int stages = spec.stages().size();
        String line =
                "ok  %s: %d %s  (%s)"
                        .formatted(
                                pipeline.file(),
                                stages,
                                stages == 1 ? "stage" : "stages",
                                check.summary());
        if (print) {
            if (ok) {
                console.note(line);
            }
            console.exact()
                    .print(
                            PipelineWriter.write(
                                    spec, pipeline.file().toAbsolutePath().getParent()));
        } else if (ok) {
            console.out().println(line);
        }
        return status;
    }

    private Map<String, Object> report(List<Problem> errors, List<Problem> warnings) {
        var report = new LinkedHashMap<String, Object>();
        report.put("file", pipeline.file().toString());
        report.put("ok", errors.isEmpty());
        report.put("errors", entries(errors));
        report.put("warnings", entries(warnings));
        return report;
    }

    private static List<Object> entries(List<Problem> problems) {
        var entries = new ArrayList<Object>();
        for (Problem problem : problems) {
            var entry = new LinkedHashMap<String, Object>();
            entry.put("code", problem.code().toString());
            entry.put("where", problem.where());
            entry.put("what", problem.what());
            entry.put("fix", problem.fix());
            entries.add(entry);
        }
        return entries;
    }
}
