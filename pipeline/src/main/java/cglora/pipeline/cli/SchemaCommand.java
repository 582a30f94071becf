package cglora.pipeline.cli;

import cglora.pipeline.spec.PipelineSchema;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// Prints the JSON Schema of pipeline files, for completion and checks in editors.
@Command(name = "schema", description = "Print the JSON Schema of pipeline files.")
final class SchemaCommand implements Callable<Integer> {
    private final Console console;

    SchemaCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.out().print(PipelineSchema.write());
        return 0;
    }
}
