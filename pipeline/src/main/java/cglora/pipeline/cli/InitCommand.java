package cglora.pipeline.cli;

import cglora.pipeline.run.Runner;
import picocli.CommandLine.Command;

/// Starts an adapter without training it.
@Command(
        name = "init",
        description = "Write the initialised adapter, to be trained here or with PEFT.")
final class InitCommand extends RunnerCommand {
    InitCommand(Console console) {
        super(console);
    }

    @Override
    int run(Runner runner) {
        return runner.initialize();
    }
}
