package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.pipeline.run.PipelineCheck;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.PipelineSchema;
import cglora.pipeline.starter.Starter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Writes a first pipeline for a model and a data file.
@Command(
        name = "new",
        description =
                "Write a commented pipeline for a model and a data file, from what they hold.")
final class NewCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A Hugging Face directory, an .onnx file, or classpath:NAME.onnx.")
    private String model;

    @Parameters(
            index = "1",
            paramLabel = "DATA",
            description =
                    "A TSV, CSV, JSONL or Parquet file with labels, or words with tags in JSONL,"
                            + " Parquet or CoNLL; of a large one the first rows are looked at.")
    private Path data;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Write the pipeline here and check it; by default to standard output.")
    private Path output;

    @Option(names = "--force", description = "Write over a file that is there.")
    private boolean force;

    private final Console console;

    NewCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (output == null) {
            console.exact().print(Starter.write(model, data, Path.of("")).text());
            return 0;
        }
        if (Files.exists(output) && !force) {
            throw new CgloraException(
                    ErrorCode.K_EXISTS,
                    output.toString(),
                    "is there",
                    "name another file, or --force to write over it");
        }
        Path folder = output.toAbsolutePath().getParent();
        Starter.Start start = Starter.write(model, data, folder);
        OutputOptions.write(output, start.text());
        Path schema = folder.resolve(Starter.SCHEMA);
        if (!Files.exists(schema)) {
            OutputOptions.write(schema, PipelineSchema.write());
        }
        if (!start.whole()) {
            console.out().println(output);
            console.note("next: cglora validate %s, which reads all rows".formatted(output));
            return 0;
        }
        PipelineCheck check = PipelineCheck.of(PipelineReader.draft(output, Overrides.none()));
        console.warnings(check.warnings());
        console.errors(check.errors());
        if (!check.errors().isEmpty()) {
            return check.errors().getFirst().code().kind().exitStatus();
        }
        console.out().printf("%s  (%s)%n", output, check.summary());
        console.note("next: cglora run " + output);
        return 0;
    }
}
