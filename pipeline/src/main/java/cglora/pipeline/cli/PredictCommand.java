package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.RawExample;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Predictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/// Answers with a trained adapter or model.
@Command(name = "predict", description = "Classify texts with a trained adapter.")
final class PredictCommand implements Callable<Integer> {
    /// Texts that are answered together.
    private static final int CHUNK = 256;

    @Parameters(
            paramLabel = "ADAPTER",
            description = "Folder of an adapter, of a model with its head, or of their run.")
    private Path adapter;

    @Option(names = "--text", paramLabel = "TEXT", description = "A text; may be repeated.")
    private List<String> texts = new ArrayList<>();

    @Option(
            names = "--data",
            paramLabel = "FILE",
            description =
                    "A TSV, CSV or JSONL file; - for standard input, a text or a JSON object a line,"
                            + " answered as they come.")
    private Path data;

    @Option(names = "--column", description = "The column that holds the text.")
    private String column;

    @Option(names = "--base", description = "The base model, where it is not where it was.")
    private String base;

    @Option(
            names = "--allow-other-base",
            description = "Take a base model other than the adapter was trained on.")
    private boolean otherBase;

    @Option(
            names = "--follow-links",
            description = "Files of the base model's folder may be links out of it.")
    private boolean followLinks;

    @Option(names = "--json", description = "One JSON object a line, with all probabilities.")
    private boolean json;

    @Mixin private EngineOptions engine;

    private final Console console;

    PredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        for (String text : texts) {
            if (text.isBlank()) {
                throw new CgloraException(ErrorCode.D_TEXT, "--text", "is blank", "give a text");
            }
        }
        if (texts.isEmpty() && data == null) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "",
                    "nothing to predict",
                    "--text \"...\", --data FILE, or --data - for standard input");
        }
        // before the model: a file that is wrong is told at once
        List<RawExample> rows = rows();
        EngineChoice chosen = engine.choose(engine.spec());
        if (engine.isAnswered(chosen, console)) {
            return 0;
        }
        var notes = new Problems();
        var choice = new Predictor.Base(base, otherBase, followLinks);
        try (var predictor = Predictor.open(adapter, choice, chosen, notes)) {
            console.warnings(notes.warnings());
            for (int at = 0; at < rows.size(); at += CHUNK) {
                answer(predictor, rows.subList(at, Math.min(rows.size(), at + CHUNK)));
            }
            if (isStandardInput()) {
                var lines = new InputLines(console.in(), column);
                for (List<RawExample> next = lines.next(CHUNK);
                        !next.isEmpty();
                        next = lines.next(CHUNK)) {
                    answer(predictor, next);
                }
            }
        }
        return 0;
    }

    private boolean isStandardInput() {
        return data != null && data.toString().equals("-");
    }

    /// What is there before the model is.
    private List<RawExample> rows() {
        var rows = new ArrayList<RawExample>();
        texts.forEach(text -> rows.add(new RawExample(text, null, null, rows.size() + 1L)));
        if (data != null && !isStandardInput()) {
            rows.addAll(
                    DataReader.read(
                            data, DataFormat.AUTO, new DataColumns(column, null, null), false));
        }
        return rows;
    }

    /// Shows the answers as soon as they are there.
    private void answer(Predictor predictor, List<RawExample> examples) {
        for (Map<String, Object> answer : predictor.predict(examples)) {
            if (json || data != null) {
                console.out().println(JsonMapper.shared().writeValueAsString(answer));
            } else if (answer.containsKey("prediction")) {
                console.out().printf("%s\t%s%n", answer.get("prediction"), answer.get("text"));
            } else {
                console.out()
                        .printf(
                                Locale.ROOT,
                                "%s\t%.3f\t%s%n",
                                answer.get("label"),
                                (Double) answer.get("score"),
                                answer.get("text"));
            }
        }
        console.out().flush();
    }
}
