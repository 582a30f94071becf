package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.error.Problems;
import cglora.models.data.Dataset;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.Session;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Alignment of tiny models that write or tag: known cases, the numbers from logits that are read
/// another way, the verb and the stage beside each other, and what it keeps.
class TokenAlignmentTest {
    private static final String STAGES =
            """
              {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4,
               "target_modules": "all-linear"},
              {"stage": "align", "when": false, "reference": "full/latest"},
              {"stage": "train", "max_steps": 5, "eval_steps": 2, "load_best": null,
               "save_steps": null, "per_device_batch_size": 4, "learning_rate": 0.01}]}
            """;
    private static final EngineChoice JVM = new EngineChoice.Jvm(1, "asked for");
    private static final int ALL = 100_000;

    @TempDir Path folder;

    /// @param family a folder of tiny models, or `tags`
    private Path write(String family) throws IOException {
        Path from =
                family.equals("tags")
                        ? TaggedSentences.write(folder, "tiny")
                        : WritingMethodsTest.write(folder, family);
        String text = Files.readString(from);
        Path file = folder.resolve("p.json");
        return Files.writeString(
                file, text.substring(0, text.indexOf("{\"stage\": \"calibrate\"")) + STAGES);
    }

    private TinyRuns.Outcome run(String name, String... settings) {
        return done("run", name, settings);
    }

    private TinyRuns.Outcome done(String verb, String name, String... settings) {
        var arguments = new ArrayList<Object>(List.of(verb, folder.resolve("p.json")));
        arguments.addAll(List.of("--set", "output_dir=" + folder.resolve(name)));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return TinyRuns.done(arguments.toArray());
    }

    private Path latest(String name) throws IOException {
        return folder.resolve(name).resolve("latest").toRealPath();
    }

    private TinyRuns.Outcome align(List<String> adapters, Object... more) throws IOException {
        var arguments = new ArrayList<Object>(List.of("align", folder.resolve("p.json")));
        arguments.addAll(List.of("--reference", latest("full")));
        for (String adapter : adapters) {
            arguments.addAll(List.of("--adapter", latest(adapter)));
        }
        arguments.addAll(List.of(more));
        return TinyRuns.done(arguments.toArray());
    }

    private JsonNode numbers(List<String> adapters, Object... more) throws IOException {
        var all = Stream.concat(Stream.of("-o", "json"), Stream.of(more)).toArray();
        return JsonMapper.shared().readTree(align(adapters, all).out()).path("adapters");
    }

    private static double number(JsonNode row, String key) {
        assertThat(row.path(key).isNumber()).as(key + " of " + row).isTrue();
        return row.path(key).asDouble();
    }

    @ParameterizedTest
    @ValueSource(strings = {"t5", "llama", "tags"})
    void theReferenceIsAtNoDistanceTheStartAtOne(String family) throws IOException {
        write(family);
        run("full", "adapter.method=full");
        done("init", "start");
        JsonNode rows = numbers(List.of("full", "start"));
        JsonNode same = rows.get(0);
        assertThat(number(same, "distance")).isZero();
        assertThat(number(same, "distance_h")).isZero();
        assertThat(number(same, "kl")).isZero();
        assertThat(number(same, "agreement")).isEqualTo(1);
        assertThat(number(same, "cosine")).isEqualTo(1, within(1e-9));
        assertThat(number(rows.get(1), "distance")).isEqualTo(1, within(1e-4));
        assertThat(number(rows.get(1), "distance_h")).isEqualTo(1, within(1e-4));
        assertThat(number(rows.get(1), "kl")).isPositive();
        assertThat(align(List.of("full")).out())
                .containsPattern("\\d+ examples, (\\d+) of \\1 tok");
    }

    /// What is read of the models are the logarithms of probabilities, one token of the vocabulary
    /// after the other as the last of an answer; of a tagger the logits of an evaluation.
    @ParameterizedTest
    @ValueSource(strings = {"t5", "llama", "tags"})
    void theNumbersAreThoseOfAllTokensInFloat64(String family) throws IOException {
        Path pipeline = write(family);
        Files.writeString(
                pipeline,
                Files.readString(pipeline)
                        .replace("\"validation_split\": 0.25", "\"validation_split\": 0.1"));
        run("full", "adapter.method=full");
        run("lora", "train.learning_rate=0.003");
        JsonNode all = numbers(List.of("lora"), "--tokens", ALL).get(0);
        JsonNode some = numbers(List.of("lora"), "--tokens", 3).get(0);
        assertThat(number(some, "distance")).isNotEqualTo(number(all, "distance"));
        assertThat(some).isEqualTo(numbers(List.of("lora"), "--tokens", 3).get(0));
        var spec = PipelineReader.read(pipeline, Overrides.none()).spec();
        try (Inputs inputs = InputCheck.read(spec, new Problems())) {
            List<double[]> before = base(inputs, session -> logs(inputs, session));
            List<double[]> full = tuned(inputs, "full");
            List<double[]> lora = tuned(inputs, "lora");
            assertThat(before).hasSameSizeAs(full).hasSizeGreaterThan(5);
            var expected = new TokenDefinitions(before, full, lora);
            assertThat(number(all, "distance")).isEqualTo(expected.distance(), within(1e-4));
            assertThat(number(all, "distance_h")).isEqualTo(expected.distanceH(), within(1e-4));
            assertThat(number(all, "cosine")).isEqualTo(expected.cosine(), within(1e-4));
            assertThat(number(all, "kl")).isEqualTo(expected.kl(), within(1e-4));
            assertThat(number(all, "agreement")).isEqualTo(expected.agreement(), within(1e-12));
            assertThat(expected.distance()).isBetween(0.01, 3.0);
        }
    }

    private static <T> T base(Inputs inputs, Function<Session, T> asked) {
        try (Session session = inputs.session(JVM.open())) {
            HeadFitting.fit(inputs, session, Samples.draw(inputs, null, new Problems()));
            return asked.apply(session);
        }
    }

    private List<double[]> tuned(Inputs inputs, String name) throws IOException {
        var base = new Predictor.Base(inputs.modelSpec().path(), false, false, inputs.dtype());
        var notes = new Problems();
        try (LoadedModel model =
                inputs.tags()
                        ? TaggingPredictor.open(latest(name), base, JVM, notes).orElseThrow()
                        : WritingPredictor.open(
                                        latest(name),
                                        base,
                                        JVM,
                                        notes,
                                        WritingPredictor.Options.GREEDY)
                                .orElseThrow()) {
            return logs(inputs, model.session());
        }
    }

    /// Logarithms of probabilities of all classes, or logits, at each place that is asked for.
    private static List<double[]> logs(Inputs inputs, Session session) {
        Dataset data = inputs.validation();
        var rows = new ArrayList<double[]>();
        if (inputs.tags()) {
            float[][] logits =
                    session.evaluator().evaluate(inputs.batches(data), data.size()).logits();
            for (float[] example : logits) {
                for (int from = 0; from < example.length; from += inputs.outputs()) {
                    double[] row = new double[inputs.outputs()];
                    for (int c = 0; c < row.length; c++) {
                        row[c] = example[from + c];
                    }
                    rows.add(row);
                }
            }
            return rows;
        }
        for (int e = 0; e < data.size(); e++) {
            for (int place = 0; place < data.answers().get(e).length; place++) {
                rows.add(next(inputs, session, data, e, place));
            }
        }
        return rows;
    }

    private static double[] next(Inputs inputs, Session session, Dataset data, int e, int place) {
        int vocabulary = inputs.outputs();
        int[] answer = Arrays.copyOf(data.answers().get(e), place + 1);
        int[] read = data.tokens().get(e).inputIds();
        boolean behind = inputs.checkpoint().isEncoderDecoder();
        int length = behind ? read.length : read.length - data.answers().get(e).length + place + 1;
        var texts = new ArrayList<Tokens>();
        var answers = new ArrayList<int[]>();
        for (int token = 0; token < vocabulary; token++) {
            int[] other = answer.clone();
            other[place] = token;
            int[] text = Arrays.copyOf(read, length);
            if (!behind) {
                text[length - 1] = token; // a decoder's answer is the end of its text
            }
            texts.add(new Tokens(text, new int[length], length));
            answers.add(other);
        }
        var asked =
                new Dataset(texts, new int[vocabulary], new float[vocabulary], 0, length)
                        .answeredBy(answers);
        float[][] found = session.evaluator().evaluate(inputs.batches(asked), vocabulary).logits();
        return Arrays.stream(found).mapToDouble(logs -> logs[place]).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"t5", "llama", "tags"})
    void verbAndStageMeasureTheSameAtEveryStep(String family) throws IOException {
        write(family);
        run("full", "adapter.method=full");
        TinyRuns.Outcome run =
                run("lora", "align.when=true", "align.layers=true", "align.tokens=20");
        assertThat(run.err()).containsPattern("validation, \\d+ examples, 20 of \\d+ tokens");
        assertThat(run.out()).contains("alignment, step 5");
        JsonNode rows = metrics("lora").path("alignment");
        assertThat(rows.valueStream().map(row -> row.path("step").asInt()))
                .containsExactly(0, 2, 4, 5);
        assertThat(number(rows.get(0), "distance")).isEqualTo(1, within(1e-5));
        JsonNode end = rows.get(3);
        JsonNode verb = numbers(List.of("lora"), "--layers", "--tokens", 20).get(0);
        for (String key : List.of("distance", "distance_h", "cosine", "kl", "agreement")) {
            assertThat(number(verb, key)).as(key).isEqualTo(number(end, key), within(1e-3));
        }
        assertThat(verb.path("layers").size()).isPositive().isEqualTo(end.path("layers").size());
        for (JsonNode row : List.of(rows.get(0), end, verb)) {
            assertThat(number(row, "span")).isBetween(0.0, number(row, "tangent"));
            assertThat(number(row, "tangent")).isBetween(0.0, 1.0);
        }
        assertThat(number(verb, "tangent")).isEqualTo(number(end, "tangent"), within(1e-3));
        String page = Files.readString(latest("lora").resolve("alignment.html"));
        assertThat(page).contains("polyline", "20 of ", "likeliest class, or token");
        run("again", "adapter.method=full", "align.when=true");
        JsonNode same = metrics("again").path("alignment").get(3);
        assertThat(number(same, "distance")).isEqualTo(0, within(1e-5));
        assertThat(number(same, "agreement")).isEqualTo(1);
    }

    private JsonNode metrics(String name) throws IOException {
        return JsonMapper.shared().readTree(latest(name).resolve("metrics.json").toFile());
    }

    /// Ten times the examples: nothing more is kept, and no more examples are computed.
    @Test
    void whatIsKeptGrowsWithTheTokensAndNotWithTheExamples() throws IOException {
        Path pipeline = write("t5");
        String text =
                Files.readString(pipeline)
                        .replace(
                                "\"when\": false, \"reference\": \"full/latest\"",
                                "\"reference\": \"full/latest\", \"tokens\": 8");
        run("full", "adapter.method=full");
        Files.writeString(pipeline, text);
        long few = keptBytes(pipeline);
        String rows = Files.readString(folder.resolve("train.tsv"));
        String body = rows.substring(rows.indexOf('\n') + 1);
        Files.writeString(folder.resolve("train.tsv"), rows + body.repeat(9));
        assertThat(keptBytes(pipeline)).isEqualTo(few).isEqualTo(3L * Float.BYTES * 8 * 49);
        Files.writeString(pipeline, text.replace("\"tokens\": 8", "\"tokens\": 16"));
        assertThat(keptBytes(pipeline)).isEqualTo(2 * few);
    }

    private static long keptBytes(Path pipeline) {
        var spec = PipelineReader.read(pipeline, Overrides.none()).spec();
        try (Inputs inputs = InputCheck.read(spec, new Problems())) {
            int tokens = inputs.alignSpec().orElseThrow().tokens();
            var compared = AlignmentLog.compared(inputs, inputs.alignSpec().orElseThrow());
            assertThat(compared.size()).isEqualTo(tokens);
            assertThat(compared.sample().of()).isGreaterThan(tokens);
            assertThat(compared.sample().examples().size()).isLessThanOrEqualTo(tokens);
            return RunMemory.of(inputs, JVM).getLast().items().stream()
                    .filter(item -> item.what().equals("alignment"))
                    .mapToLong(MemoryPlan.Item::bytes)
                    .sum();
        }
    }

    @Test
    void fewerThanOneTokenAreRefused() throws IOException {
        write("t5");
        String[] verb = {
            "align", folder.resolve("p.json").toString(), "--reference", "f", "--adapter", "a"
        };
        String[] none =
                Stream.concat(Stream.of(verb), Stream.of("--tokens", "0")).toArray(String[]::new);
        assertThat(TinyRuns.execute(none).err()).contains("O-RANGE", "--tokens");
        String[] stage = {
            "validate", folder.resolve("p.json").toString(), "--set", "align.tokens=0"
        };
        assertThat(TinyRuns.execute(stage).err()).contains("O-RANGE", "tokens");
    }
}
