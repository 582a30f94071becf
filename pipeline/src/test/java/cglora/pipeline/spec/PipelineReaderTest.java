package cglora.pipeline.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineReaderTest {
    private static final String SMALLEST =
            "{ \"cglora\": 1, \"stages\": [ {\"stage\": \"model\", \"path\": \"roberta-base\"},"
                    + " {\"stage\": \"data\", \"train\": \"reviews.csv\"}, {\"stage\": \"train\"} ] }";

    private static final String FULL =
            """
            { // everything that is not a default
              "$schema": "./cglora.schema.json", "cglora": 1, "name": "a$$${x}", "seed": 9007199254740993,
              "vars": {"x": "q", "lr": 3e-4, "list": [1, null, {"a": "$${no}"}], "off": false},
              "engine": {"type": "jvm", "threads": 2},
              "stages": [
                {"stage": "model", "path": "classpath:m.onnx", "tokenizer": "classpath:t.json",
                 "config": {"num_attention_heads": 12, "eps": 1e-5, "x": null}, "pooling": "mean"},
                {"stage": "data", "train": "wordnet-glosses", "validation_split": 0.1, "test": "../t.tsv",
                 "train_examples": 100, "labels": ["a", "b"], "buckets": [32, 128], "format": {"type": "csv"}},
                {"stage": "calibrate", "form": "implicit"}, /* two adapters */
                {"stage": "adapter", "target_modules": ".*\\\\.(query|value)$", "exclude_modules": ["pooler"],
                 "modules_to_save": ["classifier"], "rank_pattern": {"a.b": 4}, "alpha_pattern": {"a.b": 2},
                 "head_warmup": {"l2": 0.1}, "cg": {"step": "fixed", "step_size": 0.5}},
                {"stage": "train", "max_steps": 7, "warmup_steps": 2, "learning_rate": "${lr}", "eval_steps": 3},
                {"stage": "train", "id": "again", "when": "${off}", "eval_steps": null},
                {"stage": "evaluate", "metrics": ["f1"]},
                {"stage": "export"} ] }
            """;

    @TempDir Path folder;

    @Test
    void fillsEveryDefaultOfTheSmallestPipeline() throws IOException {
        PipelineSpec spec = read("mrpc.json", SMALLEST).spec();
        assertThat(spec.name()).isEqualTo("mrpc");
        assertThat(spec.seed()).isEqualTo(42);
        assertThat(spec.outputDir()).isEqualTo(folder.resolve("runs/mrpc").toString());
        assertThat(spec.engine()).isEqualTo(new EngineSpec(EngineSpec.Type.AUTO, null, null, null));
        var model = (ModelSpec) spec.stages().get(0);
        assertThat(model.path()).isEqualTo(folder.resolve("roberta-base").toString());
        assertThat(model.id()).isEqualTo("model");
        var data = (DataSpec) spec.stages().get(1);
        assertThat(data.maxLength()).isEqualTo(128);
        assertThat(data.buckets().isAuto()).isTrue();
        var train = (TrainSpec) spec.stages().get(2);
        assertThat(train.epochs()).isEqualTo(3.0);
        assertThat(train.warmupRatio()).isEqualTo(0.06);
        // Nothing to validate on: the default of load_best cannot hold.
        assertThat(train.evalSteps()).isNull();
        assertThat(train.loadBest()).isNull();
    }

    @Test
    void readsItsOwnOutputAsAnEqualPipeline() throws IOException {
        for (String text : List.of(SMALLEST, FULL)) {
            PipelineSpec spec = read("p.json", text).spec();
            PipelineReading absolute = read("q.json", PipelineWriter.write(spec));
            PipelineReading relative = read("r.json", PipelineWriter.write(spec, folder));
            assertThat(absolute.spec()).isEqualTo(spec);
            assertThat(relative.spec()).isEqualTo(spec);
            assertThat(absolute.warnings()).isEmpty();
            assertThat(PipelineWriter.write(relative.spec())).isEqualTo(PipelineWriter.write(spec));
            assertThat(PipelineWriter.write(spec, folder))
                    .doesNotContain(folder.toString())
                    .endsWith("}\n");
        }
    }

    @Test
    void keepsTheTypesOfVariablesAndEscapes() throws IOException {
        PipelineSpec spec = read("p.json", FULL).spec();
        assertThat(spec.name()).isEqualTo("a$q");
        assertThat(spec.seed()).isEqualTo(9007199254740993L);
        assertThat(spec.vars().get("list").toString()).isEqualTo("[1, null, {a=${no}}]");
        var train = (TrainSpec) spec.stages().get(4);
        assertThat(train.learningRate()).isEqualTo(new AutoOr.Given<>(3e-4));
        assertThat(train.warmupRatio()).isNull();
        assertThat(train.epochs()).isNull();
        assertThat(train.evalSteps()).isEqualTo(new EvalSteps.Every(3));
        assertThat(spec.stages().get(5).when()).isFalse();
        var adapter = (AdapterSpec) spec.stages().get(3);
        assertThat(adapter.targetModules())
                .isEqualTo(new TargetModules.Matching(".*\\.(query|value)$"));
        assertThat(adapter.headWarmup())
                .isEqualTo(new HeadWarmup.On(new HeadWarmupSpec(512, new AutoOr.Given<>(0.1))));
        assertThat(((DataSpec) spec.stages().get(1)).test())
                .hasToString(folder.getParent().resolve("t.tsv").toString());
    }

    @Test
    void mergesExtendedFilesAndResolvesPathsAgainstTheFileThatNamesThem() throws IOException {
        Files.createDirectories(folder.resolve("common"));
        Files.writeString(
                folder.resolve("common/base.json"),
                """
                { "vars": {"r": 4}, "stages": [
                  {"stage": "model", "path": "m"},
                  {"stage": "data", "train": "t.csv", "labels": ["a", "b", "c"]},
                  {"stage": "adapter", "r": "${r}", "cg": {"damping": 2, "p_a": 0.25}},
                  {"stage": "train", "epochs": 9} ] }
                """);
        PipelineSpec spec =
                read(
                                "p.json",
                                """
                                { "cglora": 1, "extends": ["common/base.json"], "vars": {"r": 16}, "stages": [
                                  {"stage": "data", "labels": ["x", "y"], "test": "t.csv"},
                                  {"stage": "calibrate"},
                                  {"stage": "adapter", "cg": {"damping": null, "p_s": 0.25}},
                                  {"stage": "export"} ] }
                                """)
                        .spec();
        assertThat(spec.stages())
                .extracting(StageSpec::stage)
                .containsExactly("model", "data", "calibrate", "adapter", "export", "train");
        var data = (DataSpec) spec.stages().get(1);
        assertThat(data.labels()).containsExactly("x", "y");
        assertThat(data.train()).hasToString(folder.resolve("common/t.csv").toString());
        assertThat(data.test()).hasToString(folder.resolve("t.csv").toString());
        var adapter = (AdapterSpec) spec.stages().get(3);
        assertThat(adapter.r()).isEqualTo(16);
        assertThat(adapter.cg().damping()).isEqualTo(1.0);
        assertThat(adapter.cg().pA()).isEqualTo(0.25);
        assertThat(adapter.cg().pS()).isEqualTo(0.25);
    }

    @Test
    void optionsWinOverTheFile() throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(file, FULL);
        Path here = folder.resolve("elsewhere");
        var overrides =
                new Overrides(
                        List.of("x=8", "lr=1"),
                        List.of(
                                "train.learning_rate=2e-3",
                                "train.scheduler=cosine",
                                "again.epochs=2",
                                "adapter.cg.damping=0.5",
                                "adapter.rank_pattern.c.d=3",
                                "adapter.head_warmup.examples=10",
                                "model.config.hidden=3",
                                "data.test=u.tsv",
                                "engine.threads=1"),
                        List.of("adapter.target_modules", "data.labels"),
                        here,
                        Map.of());
        PipelineSpec spec = PipelineReader.read(file, overrides).spec();
        assertThat(spec.name()).isEqualTo("a$8");
        assertThat(spec.engine().threads()).isEqualTo(1);
        var train = (TrainSpec) spec.stages().get(4);
        assertThat(train.learningRate().orElse(0.0)).isEqualTo(2e-3);
        assertThat(train.scheduler()).isEqualTo(TrainSpec.Scheduler.COSINE);
        assertThat(((TrainSpec) spec.stages().get(5)).epochs()).isEqualTo(2.0);
        var adapter = (AdapterSpec) spec.stages().get(3);
        assertThat(adapter.cg().damping()).isEqualTo(0.5);
        assertThat(adapter.rankPattern()).isEqualTo(Map.of("a.b", 4, "c.d", 3));
        assertThat(adapter.headWarmup())
                .isEqualTo(new HeadWarmup.On(new HeadWarmupSpec(10, new AutoOr.Given<>(0.1))));
        assertThat(adapter.targetModules()).isNull();
        var data = (DataSpec) spec.stages().get(1);
        assertThat(data.labels()).isNull();
        assertThat(data.test()).hasToString(here.resolve("u.tsv").toString());
        assertThat(((ModelSpec) spec.stages().get(0)).config()).containsEntry("hidden", 3L);
    }

    @Test
    void acceptsSecondSpellingsWithOneWarningEach() throws IOException {
        PipelineReading reading =
                read(
                        "p.json",
                        SMALLEST.replace(
                                        "\"stage\": \"train\"",
                                        "\"stage\": \"train\", \"lr\": 1e-3, \"num_train_epochs\":"
                                                + " 1, \"micro_batch_size\": 4")
                                .replace("reviews.csv\"", "reviews.csv\", \"cutoff_len\": 64"));
        assertThat(reading.warnings()).hasSize(4).allMatch(w -> w.what().contains("is called"));
        var train = (TrainSpec) reading.spec().stages().get(2);
        assertThat(train.perDeviceBatchSize()).isEqualTo(4);
        assertThat(train.epochs()).isEqualTo(1.0);
        assertThat(((DataSpec) reading.spec().stages().get(1)).maxLength()).isEqualTo(64);
    }

    @Test
    void maxStepsRulesOverEpochsWithAWarning() throws IOException {
        PipelineReading reading =
                read(
                        "p.json",
                        SMALLEST.replace(
                                "\"train\"}", "\"train\", \"epochs\": 2, \"max_steps\": 5}"));
        assertThat(reading.warnings()).hasSize(1);
        assertThat(((TrainSpec) reading.spec().stages().get(2)).epochs()).isNull();
    }

    @Test
    void takesTheValuesOfAPeftConfiguration() throws IOException {
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 32, \"use_rslora\": true,"
                        + " \"target_modules\": [\"query\"], \"init_lora_weights\": true, \"use_dora\":"
                        + " false, \"peft_version\": \"1\"}");
        String text =
                SMALLEST.replace(
                        "{\"stage\": \"train\"}",
                        "{\"stage\": \"adapter\", \"method\": \"lora\", \"r\": 2, \"from_peft\":"
                                + " \"adapter_config.json\"}");
        PipelineSpec spec = read("p.json", text).spec();
        var adapter = (AdapterSpec) spec.stages().get(2);
        assertThat(adapter.r()).isEqualTo(2);
        assertThat(adapter.loraAlpha()).isEqualTo(32);
        assertThat(adapter.useRslora()).isTrue();
        assertThat(adapter.targetModules()).isEqualTo(new TargetModules.Names(List.of("query")));
        assertThat(read("q.json", PipelineWriter.write(spec)).spec()).isEqualTo(spec);
    }

    @Test
    void readsEnvironmentVariablesAndTheirDefaults() throws IOException {
        Path file = folder.resolve("p.json");
        Files.writeString(
                file, SMALLEST.replace("roberta-base", "${env:MODELS}/${env:NONE:-x}/$${y}"));
        var overrides =
                new Overrides(List.of(), List.of(), List.of(), folder, Map.of("MODELS", "/models"));
        var model = (ModelSpec) PipelineReader.read(file, overrides).spec().stages().getFirst();
        assertThat(model.path()).isEqualTo("/models/x/${y}");
    }

    @Test
    void acceptsAByteOrderMark() throws IOException {
        assertThat(read("p.json", "\ufeff" + SMALLEST).spec().stages()).hasSize(3);
    }

    @Test
    void theSchemaKnowsEverySettingAndItsDefault() {
        Map<String, Object> schema = PipelineSchema.schema();
        for (String path : SettingPath.all()) {
            assertThat(SettingPath.describe(path)).isPresent();
            assertThat(SettingExplanation.of(path)).contains("default");
            String key = path.substring(path.lastIndexOf('.') + 1);
            assertThat(schema.toString()).contains(key + "={description=");
        }
        assertThat(PipelineSchema.write()).contains("\"default\": \"runs/${name}\"");
    }

    private PipelineReading read(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        return PipelineReader.read(file, Overrides.none());
    }
}
