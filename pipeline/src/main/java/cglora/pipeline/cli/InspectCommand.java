package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.adapter.PeftAdapter;
import cglora.models.family.PretrainedModel;
import cglora.models.weights.Safetensors;
import cglora.models.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Says what a path is: a model, a safetensors or ONNX file, an adapter, a run.
@Command(name = "inspect", description = "Say what a model, adapter, weights file or run is.")
final class InspectCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PATH", description = "A file or a folder, or classpath:NAME.onnx.")
    private String path;

    private final Console console;

    InspectCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (path.startsWith("classpath:") || path.endsWith(".onnx")) {
            model();
            return 0;
        }
        Path place = Path.of(path);
        if (path.endsWith(".safetensors")) {
            try (var file = new Safetensors(existing(place))) {
                file.metadata()
                        .forEach((k, v) -> console.out().println("metadata  " + k + " = " + v));
                tensors(file);
            }
        } else if (Files.exists(place.resolve("run.json"))) {
            console.out().println("run  " + place);
            console.out().print(Files.readString(place.resolve("run.json")));
            if (Files.exists(place.resolve("metrics.json"))) {
                console.out().print(Files.readString(place.resolve("metrics.json")));
            }
        } else if (Files.exists(place.resolve(PeftAdapter.CONFIG))) {
            PeftAdapter adapter = PeftAdapter.read(place);
            console.out().println("PEFT LoRA adapter on " + adapter.base());
            adapter.layers()
                    .forEach(
                            (name, layer) ->
                                    console.out()
                                            .printf(
                                                    "%-60s r %d  %d x %d  scaling %s%n",
                                                    name,
                                                    layer.r(),
                                                    layer.out(),
                                                    layer.in(),
                                                    layer.scaling()));
            adapter.shapes()
                    .forEach(
                            (name, shape) ->
                                    console.out()
                                            .printf("%-60s %s%n", name, Arrays.toString(shape)));
        } else {
            existing(place);
            model();
        }
        return 0;
    }

    private static Path existing(Path place) {
        if (!Files.exists(place)) {
            throw new CgloraException(
                    ErrorCode.M_PATH, place.toString(), "is not there", "check the path");
        }
        return place;
    }

    private void model() {
        try (var model = PretrainedModel.load(path, Map.of())) {
            console.out().println(model.body().modelType() + " model  " + model.description());
            console.out().println(model.config());
            tensors(model.weights());
        }
    }

    private void tensors(WeightSource source) {
        for (String name : source.names()) {
            console.out()
                    .printf(
                            "%-60s %-5s %s%n",
                            name, source.dtype(name), Arrays.toString(source.shape(name)));
        }
    }
}
