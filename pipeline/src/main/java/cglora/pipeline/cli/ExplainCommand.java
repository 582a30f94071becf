package cglora.pipeline.cli;

import cglora.pipeline.spec.ErrorExplanation;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import cglora.pipeline.spec.SettingExplanation;
import cglora.pipeline.spec.SettingOrigin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Says what a setting, or the code of an error, means.
@Command(
        name = "explain",
        description =
                "Say what a setting means, its default, its range and, with --in, where its value"
                        + " comes from; or what the code of an error means.")
final class ExplainCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "SETTING",
            description =
                    "Such as train.learning_rate, engine.type or seed; a stage shows all of its. Or"
                            + " the code of an error or a warning, such as D-LABEL.")
    private String setting;

    @Option(
            names = "--in",
            paramLabel = "FILE",
            description = "A pipeline: what it says of the setting, and where.")
    private Path file;

    @Option(names = "--var", paramLabel = "NAME=VALUE", description = "As for run.")
    private List<String> variables = new ArrayList<>();

    @Option(names = "--set", paramLabel = "PATH=VALUE", description = "As for run.")
    private List<String> set = new ArrayList<>();

    private final Console console;

    ExplainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Optional<String> error = ErrorExplanation.of(setting);
        if (error.isPresent()) {
            console.out().print(error.get());
            return 0;
        }
        if (file == null) {
            console.out().print(SettingExplanation.of(setting));
            return 0;
        }
        SettingOrigin origin =
                PipelineReader.origin(file, Overrides.of(variables, set, List.of()), setting);
        console.out().print(SettingExplanation.of(origin.setting()));
        console.out().println(origin.line());
        return 0;
    }
}
