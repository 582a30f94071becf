package cglora.pipeline.cli;

import cglora.pipeline.spec.SettingExplanation;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Says what a setting means.
@Command(name = "explain", description = "Say what a setting means, its default and its range.")
final class ExplainCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "SETTING",
            description =
                    "Such as train.learning_rate, engine.type or seed; a stage shows all of its.")
    private String setting;

    private final Console console;

    ExplainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.out().print(SettingExplanation.of(setting));
        return 0;
    }
}
