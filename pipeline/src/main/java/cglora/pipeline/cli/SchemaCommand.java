package cglora.pipeline.cli;

import cglora.pipeline.device.ProfileFile;
import cglora.pipeline.spec.PipelineSchema;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Prints the JSON Schema of pipeline files, for completion and checks in editors.
@Command(
        name = "schema",
        description = "Print the JSON Schema of pipeline files, or of device profiles.")
final class SchemaCommand implements Callable<Integer> {
    @Option(names = "--profile", description = "That of device profiles instead.")
    private boolean profile;

    private final Console console;

    SchemaCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.exact().print(profile ? ProfileFile.schema() : PipelineSchema.write());
        return 0;
    }
}
