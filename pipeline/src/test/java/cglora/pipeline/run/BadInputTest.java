package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import cglora.pipeline.cli.Main;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What people bring that cannot work: the exit status, the essence of the message, and that no
/// file of theirs is changed. Everything runs through the command line on a very small model.
class BadInputTest {
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 12},
              {"stage": "calibrate", "samples": 8, "step_samples": 4},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "target_modules": "all-linear",
               "head_warmup": {"examples": 8}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    private record Outcome(int status, String out, String err) {}

    @BeforeEach
    void write() throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 0);
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    private static Outcome execute(OutputStream out, String... arguments) {
        var err = new ByteArrayOutputStream();
        int status =
                Main.execute(
                        arguments,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(status, out.toString(), err.toString(StandardCharsets.UTF_8));
    }

    private Outcome command(String verb, String... more) {
        var arguments = new ArrayList<>(List.of(verb, folder.resolve("p.json").toString()));
        arguments.addAll(Arrays.asList(more));
        return execute(new ByteArrayOutputStream(), arguments.toArray(String[]::new));
    }

    private Map<Path, String> files() throws IOException {
        var files = new TreeMap<Path, String>();
        try (var all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.startsWith(folder.resolve("runs"))) {
                    files.put(file, Arrays.hashCode(Files.readAllBytes(file)) + "");
                }
            }
        }
        return files;
    }

    private Path adapter() {
        return folder.resolve("runs/latest/adapter");
    }

    /// `validate` and `run` refuse alike, before a folder is made.
    private void refused(int status, String code, String... essence) throws IOException {
        Map<Path, String> before = files();
        for (String verb : new String[] {"validate", "run"}) {
            Outcome outcome = command(verb);
            assertThat(outcome.status()).as(outcome.err()).isEqualTo(status);
            assertThat(outcome.err()).contains("error " + code + ": ").contains(essence);
            assertThat(outcome.err()).doesNotContain("\tat ", "a bug of ours");
        }
        assertThat(files()).isEqualTo(before);
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    private void change(String file, String from, String to) throws IOException {
        Path path = folder.resolve(file);
        String text = Files.readString(path);
        assertThat(text).contains(from);
        Files.writeString(path, text.replace(from, to));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "model/tokenizer.json | BertNormalizer | NewNormalizer | T-FORMAT | normalizer"
                        + " 'NewNormalizer'",
                "model/tokenizer.json | \"BertPreTokenizer\" | \"Words\" | T-FORMAT | pre_tokenizer"
                        + " 'Words'",
                "model/tokenizer.json | WordPiece | SentencePiece | T-FORMAT | model"
                        + " 'SentencePiece'",
                "model/tokenizer.json | {\"added_tokens\" | {{ | T-FORMAT | not JSON",
                "model/tokenizer.json | \"old\": 11 | \"old\": 99 | T-VOCABULARY | token id 99, the"
                        + " model's vocabulary has 16",
                "model/config.json | \"pad_token_id\": 0 | \"pad_token_id\": 16 | T-PADDING | 0 …"
                        + " 15",
                "model/config.json | \"pad_token_id\": 0 | \"pad_token_id\": -1 | T-PADDING |"
                        + " pad_token_id is -1",
                "model/config.json | \"pad_token_id\": 0 | \"auto_map\": {} | M-FAMILY | never run",
                "model/config.json | \"layer_norm_eps\": 1e-12 | \"layer_norm_eps\": -1 | M-CONFIG"
                        + " | positive number",
                "model/config.json | \"layer_norm_eps\": 1e-12, | \"layer_norm_eps\": null, |"
                        + " M-CONFIG | 'layer_norm_eps' is null",
                "model/config.json | \"hidden_act\": \"gelu\", | \"hidden_act\": \"relu6\", |"
                        + " M-CONFIG | hidden_act 'relu6' is not supported",
                "train.tsv | text\tlabel | text\tlable | D-COLUMN | \"columns\": {\"label\":"
                        + " \"lable\"}",
                "model/config.json | \"model_type\": \"bert\" | \"model_type\": \"mamba\" |"
                        + " M-FAMILY | mamba",
                "train.tsv | \tyes | \t | D-LABEL | holds no label",
                "p.json | train.tsv | nowhere.tsv | D-MISSING | nowhere.tsv",
                "p.json | \"max_length\" | \"labels\": [\"yes\", \"nö\"], \"max_length\" | D-LABEL"
                        + " | did you mean 'nö'",
                "p.json | \"r\": 2 | \"rank_pattern\": {\"(\": 2} | A-TARGET | regular expression",
                "p.json | \"r\": 2 | \"rank_pattern\": {\"(.*.*.*.*.*.*)*!\": 2} | X-LIMIT | steps",
                "p.json | \"all-linear\" | \"(.*.*.*.*.*.*)*!\" | X-LIMIT | steps"
            })
    void filesAreRefusedBeforeTheRun(
            String file, String from, String to, String code, String essence) throws IOException {
        change(file.strip(), from, to == null ? "" : to);
        refused(3, code.strip(), essence.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"max_steps\": 3 | \"epochs\": 0.01 | D-STEPS | 0.09 steps",
                "\"path\": \"model\" | \"path\": \"model\", \"task\": \"CAUSAL_LM\" | O-CONFLICT |"
                        + " 'head_warmup' is not there for task CAUSAL_LM",
                "\"max_length\": 12 | \"max_length\": 17 | O-RANGE | 16 positions",
                "\"max_steps\": 3 | \"max_steps\": 3, \"load_best\": \"pearson\" | P-VALUE | does"
                        + " not fit classification",
                "\"max_steps\": 3 | \"max_steps\": 3, \"load_best\": \"recall\" | P-VALUE |"
                        + " metric 'recall' does not fit classification",
                "{\"stage\": \"export\"} | {\"stage\": \"adapter\", \"id\": \"more\"}, {\"stage\":"
                        + " \"export\"} | P-STAGE | second stage of its kind",
                "{\"stage\": \"adapter\" | {\"stage\": \"export\", \"id\": \"early\"}, {\"stage\":"
                        + " \"adapter\" | P-STAGE | adapter",
                "\"r\": 2 | \"r\": 13 | A-RANK | at most 12",
                "\"all-linear\" | [\"query\", \"classifier\"] | A-SAVED | both targeted and saved",
                "\"max_length\": 12 | \"max_length\": 2 | O-RANGE | 3",
                "\"max_steps\": 3 | \"max_steps\": 3, \"learning_rate\": 1e-300 | O-RANGE | too"
                        + " small for float32",
                "\"max_steps\": 3 | \"max_steps\": 3, \"head_learning_rate\": 1e-300 | O-RANGE |"
                        + " head_learning_rate",
                "\"max_steps\": 3 | \"max_steps\": 3, \"learning_rate\": 1e999 | O-RANGE | beyond"
                        + " the largest number",
                "batch_size\": 4 | batch_size\": 2000000000 | O-RANGE | at most",
                "batch_size\": 4 | batch_size\": 2147483647 | O-RANGE | an array holds 2147483583",
                "\"train\": \"train.tsv\" | \"train\": \"train.tsv\", \"train_examples\": 3 |"
                        + " D-STEPS | too few for a head",
                "\"max_steps\": 3 | \"epochs\": 1e300 | O-RANGE | a run has at most 2147483647",
                "\"max_steps\": 3 | \"epochs\": 500000000 | O-RANGE | epochs",
                "\"r\": 2 | \"modules_to_save\": [\"pooler\"] | A-SAVED | the head only",
                "\"all-linear\" | \"(query\" | P-VALUE | regular expression"
            })
    void settingsThatDoNotFitTheFilesAreRefused(String from, String to, String code, String essence)
            throws IOException {
        change("p.json", from, to);
        refused(2, code.strip(), essence.strip());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"stage\": \"model\", \"path\": \"model\"}",
                "{\"stage\": \"model\", \"path\": \"model\", \"when\": false}"
            })
    void aPipelineThatComputesNothingIsRefused(String stages) throws IOException {
        Files.writeString(
                folder.resolve("p.json"),
                "{\"cglora\": 1, \"output_dir\": \"runs\", \"stages\": [" + stages + "]}");
        refused(2, "P-STAGE", "no stage 'data'");
    }

    /// All activations are more than an array holds; they fit an array, but not the heap.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"4000000 | activations of more than", "500000 | Java's heap may grow to"})
    void aBatchThatNoHeapHoldsIsRefusedBeforeTheRun(int size, String essence) throws IOException {
        change("p.json", "batch_size\": 4", "batch_size\": " + size);
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(5);
        assertThat(outcome.err()).contains("error K-MEMORY", essence);
        assertThat(folder.resolve("runs")).doesNotExist();
    }

    @Test
    void pairsNeedRoomForTheirSpecialTokens() throws IOException {
        Path data = folder.resolve("train.tsv");
        Files.writeString(
                data,
                Files.readString(data)
                        .replace("text\tlabel", "text\ttext_pair\tlabel")
                        .replace("\tyes", "\ta film\tyes")
                        .replace("\tno", "\ta film\tno"));
        change("p.json", "\"max_length\": 12", "\"max_length\": 3");
        refused(2, "O-RANGE", "at least 4");
        change("p.json", "\"max_length\": 3", "\"max_length\": 4");
        assertThat(command("validate").status()).isZero();
    }

    @Test
    void aRegressionNeedsTargetsThatDiffer() throws IOException {
        change(
                "p.json",
                "\"path\": \"model\"",
                "\"path\": \"model\", \"problem_type\": \"regression\"");
        change("train.tsv", "\tyes", "\t1.5");
        change("train.tsv", "\tno", "\t1.5");
        refused(3, "D-LABEL", "the only target is '1.5'");
        change("train.tsv", "film\t1.5", "film\t2.5");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("examples, regression,").doesNotContain("1 classes");
    }

    @Test
    void anEmptyModelFolderIsCalledEmpty() throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        change("p.json", "\"path\": \"model\"", "\"path\": \"empty\"");
        refused(3, "M-CONFIG", "has no config.json; found nothing: the folder is empty");
    }

    @Test
    void commasInATsvFileSuggestCsv() throws IOException {
        change("train.tsv", "\t", ",");
        refused(3, "D-COLUMN", "\"type\": \"csv\"");
    }

    @Test
    void f1IsRefusedWhereThereAreThreeClasses() throws IOException {
        change("train.tsv", "a good old film\tyes", "a good old film\tmaybe");
        change("train.tsv", "the good old film\tyes", "the good old film\tmaybe");
        change("p.json", "\"max_steps\": 3", "\"max_steps\": 3, \"load_best\": \"f1\"");
        refused(2, "P-VALUE", "the data has 3", "f1_macro");
        change("p.json", "\"load_best\": \"f1\"", "\"load_best\": \"f1_macro\"");
        assertThat(command("validate").status()).isZero();
    }

    @Test
    void aVocabularyWithoutItsUnknownTokenIsNotABugOfOurs() throws IOException {
        change("model/tokenizer.json", "\"[UNK]\": 1, ", "");
        assertThat(command("validate").status()).isZero();
        change("train.tsv", "a good old film", "a zebra");
        refused(3, "T-FORMAT", "[UNK]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | 7 | 2 | classifier.weight is [2, 7], expected [2, 12]",
                "2 | 12 | 3 | classifier.bias is [3], expected [2]",
                "2 | 12 | 0 | classifier.bias is missing, expected [2]"
            })
    void aHeadThatDoesNotFitTheModelIsRefused(int labels, int width, int biases, String what)
            throws IOException {
        Path file = folder.resolve("model/model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        try (var source = new Safetensors(file)) {
            for (String name : source.names()) {
                int[] extents =
                        Arrays.stream(source.shape(name)).mapToInt(Math::toIntExact).toArray();
                tensors.put(name, new TensorData(extents, source.read(name)));
            }
        }
        tensors.put(
                "classifier.weight",
                new TensorData(new int[] {labels, width}, new float[labels * width]));
        if (biases > 0) {
            tensors.put("classifier.bias", new TensorData(new int[] {biases}, new float[biases]));
        }
        SafetensorsWriter.write(file, tensors, Map.of());
        refused(3, "M-SHAPE", what);
    }

    @Test
    void manyErrorsOfAKindAreCounted() throws IOException {
        change("model/config.json", "\"hidden_size\": 12", "\"hidden_size\": 24");
        Outcome outcome = command("validate");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err().split("error M-SHAPE")).hasSize(6);
        assertThat(outcome.err()).containsPattern("\\.\\.\\. and \\d+ more M-SHAPE; -v");
        var all = TinyRuns.execute("validate", folder.resolve("p.json").toString(), "-v");
        assertThat(all.err().split("error M-SHAPE").length).isGreaterThan(6);
        assertThat(all.err()).doesNotContain("... and");
    }

    @Test
    void everyErrorOfModelTokenizerAndDataIsToldAtOnce() throws IOException {
        change("model/tokenizer.json", "BertNormalizer", "Foo");
        change("train.tsv", "a good old film\tyes", "a good old film");
        change("p.json", "\"r\": 2", "\"target_modules\": [\"q_proj\"], \"r\": 2");
        change("p.json", "\"target_modules\": \"all-linear\",", "");
        change("p.json", "\"max_length\": 12", "\"max_length\": 99");
        Outcome outcome = command("validate");
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.err()).contains("T-FORMAT", "D-ROW", "A-TARGET", "O-RANGE", ":2");
    }

    @Test
    void aHeadThatDoesNotFitTheLabelsIsRefusedAndOneInAnotherOrderIsMatchedByName()
            throws IOException {
        TinyModel.write(folder.resolve("model"), 5, 3);
        refused(3, "M-HEAD", "3 labels", "the data has 2: no, yes", "\"head\": \"new\"");
        TinyModel.write(folder.resolve("model"), 5, 2);
        change("model/config.json", "\"1\": \"yes\"", "\"1\": \"maybe\"");
        refused(3, "M-HEAD", "[no, maybe]", "no, yes");
        change(
                "model/config.json",
                "\"0\": \"no\", \"1\": \"maybe\"",
                "\"0\": \"yes\", \"1\": \"no\"");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).contains("D-LABEL", "[no, yes]", "[yes, no]", "matched by name");
        assertThat(PeftAdapter.read(adapter()).metadata())
                .containsEntry("cglora.labels", "yes\nno");
    }

    @Test
    void badRowsAreDroppedAndCountedWhereThatIsAsked() throws IOException {
        Files.writeString(
                folder.resolve("train.tsv"),
                Files.readString(folder.resolve("train.tsv")) + "a film\tmaybe\nrow\n \tyes\n");
        change("p.json", "\"max_length\"", "\"labels\": [\"no\", \"yes\"], \"max_length\"");
        refused(3, "D-ROW", ":51");
        change("p.json", "\"labels\"", "\"on_bad_row\": \"drop\", \"labels\"");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err())
                .contains("dropped 1 row: 51", "dropped 1 row: 52")
                .contains("1 of 49 rows have a label", "'maybe'", "train 36  validation 12");
    }

    @Test
    void adaptersStayWithTheirBase() throws IOException {
        assertThat(command("run").status()).isZero();
        Path other = TinyModel.write(folder.resolve("other"), 6, 0);
        String[] predict = {"predict", adapter().toString(), "--text", "a film", "--base", ""};
        predict[5] = folder.resolve("model").toString();
        assertThat(execute(new ByteArrayOutputStream(), predict).status()).isZero();
        predict[5] = other.toString();
        Outcome refused = execute(new ByteArrayOutputStream(), predict);
        assertThat(refused.status()).isEqualTo(3);
        assertThat(refused.err()).contains("error A-BASE", "SHA-256", "--allow-other-base");
        var allowed = new ArrayList<>(List.of(predict));
        allowed.add("--allow-other-base");
        Outcome warned = execute(new ByteArrayOutputStream(), allowed.toArray(String[]::new));
        assertThat(warned.status()).isZero();
        assertThat(warned.err()).contains("warning A-BASE");
    }

    @Test
    void linksOutOfTheModelsFolderMustBeAllowed() throws IOException {
        Path weights = folder.resolve("model/model.safetensors");
        Path elsewhere = folder.resolve("weights.bin");
        Files.move(weights, elsewhere);
        Files.createSymbolicLink(weights, elsewhere);
        refused(3, "X-PATH", "weights.bin", "follow_links");
        change("p.json", "\"path\": \"model\"", "\"path\": \"model\", \"follow_links\": true");
        assertThat(command("validate").status()).isZero();
        Path cache = folder.resolve("models--tiny");
        Path snapshot = cache.resolve("snapshots/abc");
        TinyModel.write(snapshot, 5, 0);
        Files.createDirectories(cache.resolve("blobs"));
        Files.move(snapshot.resolve("model.safetensors"), cache.resolve("blobs/1"));
        Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../../blobs/1"));
        change(
                "p.json",
                "\"path\": \"model\", \"follow_links\": true",
                "\"path\": \"models--tiny/snapshots/abc\"");
        assertThat(command("validate").status()).isZero();
    }

    @Test
    void aLossThatIsNotANumberEndsTheRunWithoutAnAdapter() throws IOException {
        Map<Path, String> before = files();
        Outcome outcome =
                command("run", "--set", "train.learning_rate=1e30", "--set", "train.max_steps=9");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-NAN", "examples of that batch");
        assertThat(files()).isEqualTo(before);
        Path run;
        try (var runs = Files.list(folder.resolve("runs"))) {
            run = runs.findFirst().orElseThrow();
        }
        assertThat(run.resolve("adapter")).doesNotExist();
        assertThat(run.resolve("adapter.tmp")).doesNotExist();
        assertThat(run.resolve("metrics.json")).doesNotExist();
        assertThat(folder.resolve("runs/latest")).doesNotExist();
        assertThat(Files.readString(run.resolve("events.jsonl"))).contains("\"exit\":6");
    }

    /// One target is so large that its squared error is no float.
    @Test
    void stepsWithoutAFiniteLossAreSkippedWhereThatIsAsked() throws IOException {
        change(
                "p.json",
                "\"path\": \"model\"",
                "\"path\": \"model\", \"problem_type\": \"regression\"");
        change("p.json", "\"validation_split\": 0.25, ", "");
        change("p.json", "{\"stage\": \"calibrate\", \"samples\": 8, \"step_samples\": 4},", "");
        change("p.json", "\"cg-lora\"", "\"lora\"");
        change("p.json", "\"head_warmup\": {\"examples\": 8}", "\"head_warmup\": false");
        change("p.json", "\"max_steps\": 3", "\"max_steps\": 12");
        change("train.tsv", "\tyes", "\t1");
        change("train.tsv", "\tno", "\t0");
        change("train.tsv", "a good old film\t1", "a good old film\t3e38");
        assertThat(command("run").status()).isEqualTo(6);
        assertThat(adapter()).doesNotExist();
        for (String passes : new String[] {"1", "2"}) {
            Outcome outcome =
                    command(
                            "run",
                            "--set",
                            "train.on_nan=skip",
                            "--set",
                            "train.gradient_accumulation_steps=" + passes);
            assertThat(outcome.status()).as(outcome.err()).isZero();
            assertThat(outcome.err())
                    .contains("warning N-NAN", "step skipped", "whose loss was not finite")
                    .contains("verified");
        }
    }

    @Test
    void moreThanThreeSkippedStepsInARowEndTheRun() throws IOException {
        Outcome outcome =
                command(
                        "run",
                        "--set",
                        "train.learning_rate=1e30",
                        "--set",
                        "train.max_steps=9",
                        "--set",
                        "train.on_nan=skip");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-NAN", "4 steps in a row");
        assertThat(adapter()).doesNotExist();
    }

    @Test
    void anAdapterWithNaNIsNeverWritten() {
        float[] values = {1, Float.NaN};
        var layer = new PeftAdapter.Layer(2, 1, 1, 1, false, values, new float[1]);
        var error =
                catchThrowableOfType(
                        CgloraException.class,
                        () -> ExportStage.requireFinite(Map.of("query", layer), Map.of()));
        assertThat(error.exitStatus()).isEqualTo(7);
        assertThat(error.getMessage()).contains("A-VERIFY", "query.lora_A");
    }

    @Test
    void aModelThatChangesDuringTheRunIsNoticed() throws IOException {
        Path weights = folder.resolve("model/model.safetensors");
        var reading = PipelineReader.read(folder.resolve("p.json"), Overrides.none());
        var nowhere = new PrintStream(OutputStream.nullOutputStream());
        var runner =
                new Runner(
                        reading,
                        new EngineChoice.Jvm(1, "asked"),
                        nowhere,
                        nowhere,
                        true,
                        () -> {
                            try {
                                Files.setLastModifiedTime(
                                        weights, FileTime.from(Instant.ofEpochSecond(7)));
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                            return 0;
                        });
        var error = catchThrowableOfType(CgloraException.class, runner::run);
        assertThat(error.exitStatus()).isEqualTo(3);
        assertThat(error.getMessage()).contains("S-CHANGED", "model.safetensors", "1970");
    }

    @Test
    void anOutputFolderThatCannotBeMadeIsToldBeforeTraining() throws IOException {
        Files.writeString(folder.resolve("runs"), "a file");
        Outcome outcome = command("run");
        assertThat(outcome.status()).isEqualTo(5);
        assertThat(outcome.err()).contains("error K-OUTPUT").doesNotContain("[1/6]");
        assertThat(folder.resolve("runs")).hasContent("a file");
    }

    @Test
    void aFullDiskIsToldAndLeavesNothingHalfWritten() throws IOException {
        try (var run = RunFolder.under(folder.resolve("runs"))) {
            run.requireSpace(1);
            var full =
                    catchThrowableOfType(
                            CgloraException.class, () -> run.requireSpace(Long.MAX_VALUE));
            assertThat(full.exitStatus()).isEqualTo(5);
            assertThat(full.getMessage()).contains("K-DISK", "the disk has");
            Files.createDirectories(run.resolve("metrics.json/in-the-way"));
            var failed =
                    catchThrowableOfType(
                            CgloraException.class, () -> run.writeText("metrics.json", "{}"));
            assertThat(failed.exitStatus()).isEqualTo(5);
            assertThat(run.resolve("metrics.json.tmp")).doesNotExist();
        }
    }

    @Test
    void twoRunsNeverShareAFolder() {
        var paths = new ArrayList<Path>();
        for (int i = 0; i < 3; i++) {
            try (var run = RunFolder.under(folder.resolve("runs"))) {
                paths.add(run.path());
            }
        }
        assertThat(paths).doesNotHaveDuplicates();
    }

    @Test
    void aClosedStandardOutputDoesNotEndTheRun() {
        var closed =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("broken pipe");
                    }
                };
        Outcome outcome = execute(closed, "run", folder.resolve("p.json").toString());
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(adapter().resolve("adapter_model.safetensors")).isRegularFile();
    }

    /// Files with random damage are read or refused with a message; nothing else happens.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "model/config.json",
                "model/tokenizer.json",
                "model/model.safetensors",
                "train.tsv"
            })
    void randomDamageNeverEndsInAnythingButAMessage(String name) throws IOException {
        String[] pieces = {
            "",
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "null",
            "-1",
            "0",
            "1e99",
            "\t",
            "\n",
            "\0",
            "\u00e9",
            "true",
            "99999999999",
            "[[]]",
            "{}",
            "\\"
        };
        Path file = folder.resolve(name);
        String whole = Files.readString(file, StandardCharsets.ISO_8859_1);
        int end = name.endsWith(".safetensors") ? 8 + whole.indexOf("}}") : whole.length();
        var random = new Random(11);
        for (int i = 0; i < 80; i++) {
            var text = new StringBuilder(whole);
            for (int k = random.nextInt(1, 4); k > 0; k--) {
                int at = random.nextInt(Math.min(end, text.length()));
                String piece = pieces[random.nextInt(pieces.length)];
                text.replace(at, at + random.nextInt(8), piece);
            }
            Files.writeString(file, text, StandardCharsets.ISO_8859_1);
            Outcome outcome = command("validate");
            assertThat(outcome.status())
                    .as("%s%n%s", outcome.err(), text.substring(0, Math.min(2000, text.length())))
                    .isIn(0, 2, 3);
        }
    }

    @Test
    void aLayerThatNoGradientReachesStartsAsPlainLora() throws IOException {
        TinyModel.silence(
                folder.resolve("model"), "bert.encoder.layer.0.attention.output.dense.weight");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err())
                .contains("warning N-ZERO: bert.encoder.layer.0.attention.self.query", "plain LoRA")
                .contains("self.key", "self.value", "verified")
                .doesNotContain("N-ZERO: bert.encoder.layer.1");
    }

    @Test
    void aNewHeadThatIsAllZeroGivesNoGradientAndSaysSo() throws IOException {
        change("p.json", "\"head_warmup\": {\"examples\": 8}", "\"head_warmup\": false");
        Outcome outcome = command("run");
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err()).contains("error N-ZERO");
    }

    @Test
    void smallTrainingSetsAreSharedFairly() {
        assertThat(Samples.share(new int[] {512, 102, 512, 192}, 48))
                .containsExactly(12, 12, 12, 12);
        assertThat(Samples.share(new int[] {8, 2, 100, 20}, 60)).containsExactly(8, 2, 30, 20);
        assertThat(Samples.share(new int[] {8, 2, 3, 0}, 100)).containsExactly(8, 2, 3, 0);
        assertThat(Samples.share(new int[] {8, 2, 3, 4}, 2)).contains(0);
    }
}
