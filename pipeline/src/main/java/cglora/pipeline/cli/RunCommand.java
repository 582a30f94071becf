package cglora.pipeline.cli;

import cglora.pipeline.run.Runner;
import picocli.CommandLine.Command;

/// Runs a pipeline.
@Command(name = "run", description = "Run a pipeline: fine-tune, evaluate, export.")
final class RunCommand extends RunnerCommand {
    RunCommand(Console console) {
        super(console);
    }

    @Override
    int run(Runner runner) {
        return runner.run();
    }
}
