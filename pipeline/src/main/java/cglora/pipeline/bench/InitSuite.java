package cglora.pipeline.bench;

import cglora.kernels.engine.Engine;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The initialisation of adapters from calibration examples, by every form of CG-LoRA and by
/// LoRA-GA, on a pretrained model and on a larger shape with random weights. Each form has a
/// process of its own, since a heap does not forget what it has held.
public final class InitSuite {
    /// Longer than the longest start.
    private static final long SILENCE_SECONDS = 3600;

    /// The command that measures a form in a process of its own.
    @FunctionalInterface
    public interface Command {
        /// @param form as [InitPart] takes it
        /// @param data what [InitData#write] wrote
        /// @param part where the results go
        List<String> of(String form, Path data, Path part);
    }

    private InitSuite() {}

    /// What is measured.
    ///
    /// @param models keys; empty for all
    /// @param forms  keys; empty for all
    public record Selection(List<String> models, List<String> forms) {
        /// @throws cglora.kernels.error.CgloraException P-USAGE for a key that is none
        public Selection {
            models = List.copyOf(models);
            forms = List.copyOf(forms);
            models.forEach(InitModel::of);
            forms.forEach(InitForm::of);
        }

        List<InitModel> chosenModels() {
            return models.isEmpty()
                    ? InitModel.MEASURED
                    : models.stream().map(InitModel::of).toList();
        }

        List<InitForm> chosenForms() {
            return forms.isEmpty()
                    ? List.of(InitForm.values())
                    : forms.stream().map(InitForm::of).toList();
        }
    }

    /// @param out what the processes print
    static List<Result> run(
            EngineChoice choice, Selection selection, Command command, PrintStream out) {
        var results = new ArrayList<Result>();
        try {
            Path folder = Files.createTempDirectory("cglora-bench");
            for (InitModel model : selection.chosenModels()) {
                Path data = folder.resolve("data");
                try (Engine engine = choice.open();
                        Session session = model.session(engine)) {
                    InitData.make(model, session).write(data);
                }
                for (InitForm form : selection.chosenForms()) {
                    results.addAll(run(model, form, command, choice, data, out));
                }
                Files.delete(data);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return results;
    }

    private static List<Result> run(
            InitModel model,
            InitForm form,
            Command command,
            EngineChoice choice,
            Path data,
            PrintStream out)
            throws IOException {
        Path part = data.resolveSibling("part.json");
        DeviceRecord record =
                new PartProcess(SILENCE_SECONDS, line -> told(out, line))
                        .run(
                                command.of(model.key() + "/" + form.key(), data, part),
                                choice.device(),
                                part);
        Files.deleteIfExists(part);
        Files.deleteIfExists(part.resolveSibling("part.json.tmp"));
        var results = new ArrayList<>(record.results());
        if (!record.failure().isEmpty()) {
            results.add(
                    Result.failed(
                            Suite.INIT, model.test(form) + "time", Unit.SECONDS, record.failure()));
        }
        return results;
    }

    private static void told(PrintStream out, String line) {
        out.println(line);
        out.flush();
    }
}
