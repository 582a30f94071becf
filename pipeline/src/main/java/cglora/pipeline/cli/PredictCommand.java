package cglora.pipeline.cli;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.RawExample;
import cglora.models.generation.Sampling;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Predictor;
import cglora.pipeline.run.TaggingPredictor;
import cglora.pipeline.run.TextColumns;
import cglora.pipeline.run.WritingPredictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Answers with a trained adapter or model.
@Command(
        name = "predict",
        description = "Classify texts, tag their words, or write texts, with a trained adapter.")
final class PredictCommand implements Callable<Integer> {
    /// Texts that are answered at a time: some batches, so that those of like lengths meet.
    private static final int CLASSIFIED = 256;

    /// The same where answers are written, which takes longer.
    private static final int WRITTEN = 64;

    private static final DataFormat FORMAT = DataFormat.AUTO;

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
                    "A TSV, CSV, JSONL, CoNLL or Parquet file; - for standard input, a text or a JSON"
                            + " object a line, blank lines skipped. Answered as they come.")
    private Path data;

    @Option(
            names = "--text-pair",
            paramLabel = "TEXT",
            description = "The second text of a pair, one for each --text.")
    private List<String> secondTexts = new ArrayList<>();

    @Option(
            names = "--column",
            description =
                    "The column that holds the text; by default as in training where the file has"
                            + " it.")
    private String column;

    @Option(
            names = "--pair-column",
            paramLabel = "COLUMN",
            description = "The column of the second text of a pair, likewise.")
    private String pairColumn;

    @Option(
            names = "--no-pair",
            description = "One text a row, also for a model that was trained on pairs.")
    private boolean noPair;

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

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description =
                    "How the model's matrices are kept: float32, the default, or bfloat16, which is"
                            + " half the memory.")
    private String dtype;

    @Option(names = "--json", description = "One JSON object a line, with all probabilities.")
    private boolean json;

    @Option(
            names = "--beams",
            paramLabel = "N",
            defaultValue = "1",
            description = "Beams of a model that writes texts; 1, the default, is greedy.")
    private int beams;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens of a text that is written; as in training by default.")
    private Integer maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0",
            description = "Of sampling, for a model that goes on behind a text; 0 is greedy.")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "0",
            description = "Sample from the K likeliest tokens; 0, the default, from all.")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "1",
            description = "Sample from the fewest tokens whose probabilities reach P.")
    private double topP;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of sampling.")
    private long seed;

    @Option(
            names = "--logprobs",
            description =
                    "With --json or --data: the logarithm of the probability of each token that is"
                            + " written.")
    private boolean scored;

    @Mixin private EngineOptions engine;

    private final Console console;
    private TextColumns trained;
    private DataColumns columns;

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
        requirePairs();
        trained = TextColumns.of(adapter);
        // before the model, and before the first answer: a file that is wrong is told at once
        if (isFile()) {
            columns = trained.in(data, FORMAT, column, pairColumn, noPair);
            stream(row -> requirePair(row, data + ":" + row.line()));
        }
        EngineChoice chosen = engine.choose(engine.spec());
        if (engine.isAnswered(chosen, console)) {
            return 0;
        }
        var notes = new Problems();
        var choice = new Predictor.Base(base, otherBase, followLinks, FrozenType.of(dtype));
        Optional<WritingPredictor> writing =
                WritingPredictor.open(adapter, choice, chosen, notes, writes());
        if (writing.isPresent()) {
            try (var predictor = writing.get()) {
                console.warnings(notes.warnings());
                answer(predictor::predict, WRITTEN);
            }
            return 0;
        }
        Optional<TaggingPredictor> tagging = TaggingPredictor.open(adapter, choice, chosen, notes);
        if (tagging.isPresent()) {
            try (var predictor = tagging.get()) {
                console.warnings(notes.warnings());
                answer(predictor::predict, CLASSIFIED);
            }
            return 0;
        }
        try (var predictor = Predictor.open(adapter, choice, chosen, notes)) {
            console.warnings(notes.warnings());
            answer(predictor::predict, CLASSIFIED);
        }
        return 0;
    }

    private boolean isFile() {
        return data != null && !data.toString().equals("-");
    }

    private void stream(Consumer<RawExample> rows) {
        DataReader.stream(data, FORMAT, columns, false, null, rows);
    }

    private void requirePairs() {
        boolean both = noPair && (pairColumn != null || !secondTexts.isEmpty());
        if (both || !secondTexts.isEmpty() && secondTexts.size() != texts.size()) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "",
                    both
                            ? "--no-pair with a second text"
                            : "%d --text and %d --text-pair"
                                    .formatted(texts.size(), secondTexts.size()),
                    both ? "take one of them out" : "give each --text its --text-pair, or none");
        }
    }

    /// One text is half of what a model reads that was trained on pairs.
    ///
    /// @throws CgloraException D-TEXT where that was not asked for
    private void requirePair(RawExample row, String where) {
        boolean isPlain = row.conversation() == null && row.words() == null;
        if (trained.pairs() && isPlain && row.textPair() == null && !noPair) {
            throw new CgloraException(
                    ErrorCode.D_TEXT,
                    where,
                    "is one text, and the model was trained on pairs"
                            + (trained.pair() == null
                                    ? ""
                                    : ", the second of column '" + trained.pair() + "'"),
                    "--pair-column names the second text, --text-pair gives it;"
                            + " --no-pair takes one text all the same");
        }
    }

    /// Answers what was given, and then what the file or standard input brings.
    private void answer(
            Function<List<RawExample>, List<Map<String, Object>>> predict, int together) {
        var answers = new AnswerStream(console, predict, together, json || data != null);
        for (int i = 0; i < texts.size(); i++) {
            String second = secondTexts.isEmpty() ? null : secondTexts.get(i);
            var pair = new RawExample(texts.get(i), second, null, 0);
            requirePair(pair, "--text");
            answers.accept(pair);
        }
        answers.flush();
        if (isFile()) {
            stream(answers);
            answers.flush();
        } else if (data != null) {
            var lines = new InputLines(console.in(), inputColumns());
            try {
                List<RawExample> next = lines.next(together);
                while (!next.isEmpty() && !answers.isClosed()) {
                    for (RawExample row : next) {
                        RawExample taken =
                                noPair && row.textPair() != null
                                        ? new RawExample(row.text(), null, null, row.line())
                                        : row;
                        try {
                            requirePair(taken, "standard input, line " + row.line());
                        } catch (CgloraException e) {
                            answers.flush(); // the lines before it
                            throw e;
                        }
                        answers.accept(taken);
                    }
                    answers.flush();
                    next = lines.next(together);
                }
            } finally {
                var notes = new Problems();
                lines.tell(notes);
                console.warnings(notes.warnings());
            }
        }
    }

    private InputLines.Columns inputColumns() {
        return new InputLines.Columns(
                column != null ? column : trained.text(),
                pairColumn != null ? pairColumn : trained.pair(),
                column != null);
    }

    private WritingPredictor.Options writes() {
        if (beams < 1 || maxTokens != null && maxTokens < 1) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "",
                    "--beams " + beams + ", --max-tokens " + maxTokens,
                    "1 or more");
        }
        return new WritingPredictor.Options(
                beams, maxTokens, new Sampling(temperature, topK, topP), seed, scored);
    }
}
