package cglora.pipeline.cli;

import cglora.pipeline.inspect.Inspection;
import cglora.pipeline.inspect.Inspector;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Says what a path is: a model, a safetensors or ONNX file, an adapter, a checkpoint, a run.
@Command(
        name = "inspect",
        description = "Say what a model, adapter, weights file, checkpoint or run is.")
final class InspectCommand implements Callable<Integer> {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @Parameters(paramLabel = "PATH", description = "A file or a folder, or classpath:NAME.onnx.")
    private String path;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    private final Console console;

    InspectCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        Inspection found = Inspector.of(path);
        if (json) {
            console.exact().println(JSON.writeValueAsString(found.record()));
        } else {
            found.lines().forEach(console.out()::println);
        }
        return 0;
    }
}
