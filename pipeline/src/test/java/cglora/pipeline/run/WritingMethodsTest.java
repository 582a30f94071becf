package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import cglora.models.adapter.PeftAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/// Methods that calibrate, on tiny models that write: an encoder-decoder and decoders alone,
/// through whole pipelines.
class WritingMethodsTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "%s"},
              {"stage": "data", "train": "train.tsv", "validation_split": 0.25, "max_length": 20,
               "max_target_length": 6, "source_template": "{text}:"},
              {"stage": "calibrate", "samples": 16, "step_samples": 12},
              {"stage": "adapter", "method": "cg-lora", "r": 2, "lora_alpha": 4,
               "target_modules": "all-linear"},
              {"stage": "train", "max_steps": 6, "per_device_batch_size": 4, "eval_steps": 2,
               "logging_steps": 1, "save_steps": 2},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    @TempDir Path folder;

    /// @param family a folder of tiny models; those of decoders are language models
    static Path write(Path folder, String family) throws IOException {
        boolean both = family.startsWith("t5");
        Path from = MODELS.resolve(family).resolve(both ? "" : "causal");
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(from.resolve(name), model.resolve(name));
        }
        TinyModel.writeData(folder.resolve("train.tsv"));
        String task = both ? "SEQ_2_SEQ_LM" : "CAUSAL_LM";
        return Files.writeString(folder.resolve("p.json"), PIPELINE.formatted(task));
    }

    private static Object[] with(String command, Path pipeline, String... settings) {
        var arguments = new ArrayList<Object>(List.of(command, pipeline));
        arguments.addAll(List.of("--engine", "jvm", "--set", "engine.threads=1"));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting.strip()));
        }
        return arguments.toArray();
    }

    private static double[] heldOut(String shown) {
        Matcher found = Pattern.compile("held-out loss ([0-9.]+) -> ([0-9.]+)").matcher(shown);
        assertThat(found.find()).as(shown).isTrue();
        return new double[] {
            Double.parseDouble(found.group(1)), Double.parseDouble(found.group(2))
        };
    }

    @ParameterizedTest
    @CsvSource({
        "t5, '99 read and 32 written tokens'",
        "t5-v1_1, '99 read and 32 written tokens'",
        "llama, '217 tokens'",
        "qwen3, '217 tokens'",
        "mistral, '209 tokens'"
    })
    void theFirstStepLowersTheLossOfUnseenExamplesAndTheAdapterIsAnOrdinaryOne(
            String family, String tokens) throws IOException {
        Path pipeline = write(folder, family);
        assertThat(TinyRuns.done(with("plan", pipeline)).out()).contains("calibrate");
        TinyRuns.Outcome run = TinyRuns.done(with("run", pipeline));
        double[] loss = heldOut(run.err());
        assertThat(loss[1]).isLessThan(loss[0]);
        assertThat(run.err())
                .contains(
                        "16 examples, " + tokens,
                        "empirical, factored",
                        "verified: reloaded on the original base");
        assertThat(metric(run.out(), "after initialisation"))
                .isLessThan(metric(run.out(), "before training"));
        assertThat(run.out()).doesNotContain("head only");
        Path adapter = folder.resolve("runs/latest/adapter");
        var layers = PeftAdapter.read(adapter).layers();
        assertThat(layers.values()).allMatch(layer -> layer.r() == 2);
        assertThat(layers.keySet().stream().anyMatch(name -> name.contains("EncDecAttention")))
                .isEqualTo(family.startsWith("t5"));
        String written =
                TinyRuns.done("predict", adapter, "--json", "--text", "a very good film").out();
        assertThat(JsonMapper.shared().readTree(written).has("prediction")).isTrue();
    }

    private static double metric(String table, String state) {
        return table.lines()
                .filter(line -> line.startsWith(state))
                .map(line -> line.replaceAll(".* loss (\\S+).*", "$1"))
                .mapToDouble(Double::parseDouble)
                .findFirst()
                .orElseThrow();
    }

    /// Every way to gather, to step and to train; each is verified on the original base.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            textBlock =
                    """
                    llama   | adapter.method=lora-ga                      | gradients only
                    t5      | adapter.method=lora-ga                      | gradients only
                    t5-v1_1 | adapter.method=lora-one                     | gradients only
                    qwen3   | adapter.method=eva                          | inputs only
                    t5      | adapter.method=eva                          | inputs only
                    llama   | calibrate.fisher=mc                         | mc, factored
                    t5      | calibrate.fisher=mc                         | mc, factored
                    t5      | calibrate.form=sketched                     | empirical, sketched
                    llama   | calibrate.form=implicit                     | empirical, implicit
                    t5      | calibrate.sharing=reduce                    | empirical, factored
                    t5      | calibrate.tokens=25                         | 25 of 99 read and 25 of 32 written tokens
                    llama   | adapter.cg={"coordinates": "plain"}         | held-out loss
                    t5      | adapter.cg={"shift": true}                  | held-out loss
                    mistral | adapter.cg={"whitening_rank": 2}            | held-out loss
                    t5      | adapter.cg={"rank_allocation": "curvature"} | held-out loss
                    llama   | adapter.cg={"step": "predicted"}            | held-out loss
                    t5      | adapter.cg={"step": "quadratic"}            | largest step
                    qwen3   | adapter.cg={"step": "fixed", "step_size": 1e-3} | largest step
                    """)
    void everyChoiceIsThere(String family, String setting, String shown) throws IOException {
        Path pipeline = write(folder, family);
        Object[] command =
                with(
                        "run",
                        pipeline,
                        setting,
                        "train.max_steps=1",
                        "adapter.target_modules="
                                + (family.startsWith("t5")
                                        ? "[\"q\", \"v\"]"
                                        : "[\"q_proj\", \"v_proj\"]"));
        assertThat(TinyRuns.done(command).err())
                .contains(shown, "verified: reloaded on the original base");
    }

    @ParameterizedTest
    @ValueSource(strings = {"t5", "llama"})
    void goesOnWithTheSameBits(String family) throws IOException {
        write(folder, family);
        var run = ResumableRun.of(folder);
        assertThat(run.run(() -> 0).status()).isZero();
        Path whole = run.newest();
        Path crashed = run.crashBehind("checkpoint-4");
        ResumableRun.Outcome outcome = ResumableRun.resume(crashed, () -> 0);
        assertThat(outcome.status()).as(outcome.shown()).isZero();
        assertThat(outcome.shown()).contains("goes on after step");
        assertThat(ResumableRun.exported(crashed))
                .isNotEmpty()
                .isEqualTo(ResumableRun.exported(whole));
        assertThat(ResumableRun.metrics(crashed)).isEqualTo(ResumableRun.metrics(whole));
        assertThat(ResumableRun.history(crashed)).isEqualTo(ResumableRun.history(whole));
    }

    /// What one run has gathered serves another, with the same start but for rounding.
    @ParameterizedTest
    @ValueSource(strings = {"t5", "llama"})
    void statisticsAreKeptForLaterRuns(String family) throws IOException {
        Path pipeline = write(folder, family);
        String[] little = {"train.max_steps=1", "train.learning_rate=1e-6"};
        TinyRuns.done(with("run", pipeline, little[0], little[1], "calibrate.keep=true"));
        Path first = folder.resolve("runs/latest").toRealPath();
        TinyRuns.Outcome run =
                TinyRuns.done(
                        with("run", pipeline, little[0], little[1], "calibrate.from=" + first));
        assertThat(run.err()).contains("those of ", "from 16 examples");
        EarlierStatisticsTest.requireNear(folder.resolve("runs/latest").toRealPath(), first);
    }

    @ParameterizedTest
    @CsvSource({"t5, false", "llama, true"})
    void initWritesTheStartAlone(String family, boolean shift) throws IOException {
        Path pipeline = write(folder, family);
        TinyRuns.done(with("init", pipeline, "adapter.cg={\"shift\": " + shift + "}"));
        Path run = folder.resolve("runs/latest");
        assertThat(PeftAdapter.read(run.resolve("adapter")).layers()).isNotEmpty();
        assertThat(Files.exists(run.resolve("base_shift"))).isEqualTo(shift);
    }

    /// Examples of the statistics and of the step share none.
    @Test
    void examplesAreDisjointAndTooFewAreRefused() throws IOException {
        Path pipeline = write(folder, "llama");
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        Stream.of(with("run", pipeline, "calibrate.samples=36"))
                                .map(Object::toString)
                                .toArray(String[]::new));
        assertThat(outcome.err()).contains("that they do not share", "curvature 24, step 12");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "t5    | calibrate.fisher=exact   | every token of the vocabulary is one",
                "llama | calibrate.fisher=exact   | \"fisher\": \"mc\"",
                "llama | adapter.head_warmup=true | is not there for task CAUSAL_LM",
                "t5    | calibrate.when=false     | needs the statistics of a stage 'calibrate'"
            })
    void whatCannotBeIsRefusedByName(String family, String setting, String essence)
            throws IOException {
        Path pipeline = write(folder, family);
        TinyRuns.Outcome outcome =
                TinyRuns.execute("validate", pipeline.toString(), "--set", setting);
        assertThat(outcome.status()).as(outcome.err()).isEqualTo(2);
        assertThat(outcome.err()).contains(essence);
    }
}
