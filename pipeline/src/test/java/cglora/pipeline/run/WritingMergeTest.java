package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import cglora.kernels.engine.JvmEngine;
import cglora.models.adapter.PeftAdapter;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Continuation;
import cglora.models.data.Dataset;
import cglora.models.data.RawExample;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Seq2Seq;
import cglora.models.training.Session;
import cglora.models.training.TaskModel;
import cglora.models.weights.Safetensors;
import cglora.models.weights.ShardedSafetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `merge` of adapters of models that write: the directory is one of the model's class, and says
/// what base and adapter say.
class WritingMergeTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    private static final List<String> TEXTS =
            List.of("a good film", "the very bad old book", "new", "a the good bad film book");

    @TempDir Path folder;

    /// An adapter whose factors are far from the start.
    private Path trained(String family, String task, String... more) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        try (var files = Files.list(MODELS.resolve(family))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
        Files.writeString(model.resolve("generation_config.json"), "{\"max_new_tokens\": 7}");
        Files.writeString(model.resolve("chat_template.jinja"), "{{ messages[0].content }}");
        TinyModel.writeData(folder.resolve("train.tsv"));
        Files.writeString(
                folder.resolve("p.json"),
                """
                {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
                  {"stage": "model", "path": "model", "task": "%s"},
                  {"stage": "data", "train": "train.tsv", "max_length": 20,
                   "max_target_length": 6, "source_template": "{text}:"},
                  {"stage": "adapter", "method": "lora", "r": 2, "lora_alpha": 4,
                   "target_modules": "all-linear"},
                  {"stage": "train", "max_steps": 6, "per_device_batch_size": 4,
                   "learning_rate": 0.05},
                  {"stage": "export"}]}
                """
                        .formatted(task));
        Object[] arguments =
                Stream.concat(Stream.of("run", folder.resolve("p.json")), Stream.of(more))
                        .toArray();
        TinyRuns.done(arguments);
        return folder.resolve("runs/latest");
    }

    private static List<JsonNode> answers(Path place) {
        var arguments =
                new ArrayList<Object>(List.of("predict", place, "--json", "--max-tokens", 6));
        TEXTS.forEach(text -> arguments.addAll(List.of("--text", text)));
        return TinyRuns.done(arguments.toArray())
                .out()
                .lines()
                .map(line -> JsonMapper.shared().readTree(line).path("tokens"))
                .toList();
    }

    private static JsonNode config(Path model) {
        return JsonMapper.shared().readTree(model.resolve("config.json").toFile());
    }

    @ParameterizedTest
    @CsvSource({
        "t5, SEQ_2_SEQ_LM, T5ForConditionalGeneration, lora, wi",
        "t5-v1_1, SEQ_2_SEQ_LM, T5ForConditionalGeneration, pissa, wi_0",
        "llama/causal, CAUSAL_LM, LlamaForCausalLM, rslora, q_proj",
        "llama-yarn/causal, CAUSAL_LM, LlamaForCausalLM, lora, q_proj",
        "mistral/causal, CAUSAL_LM, MistralForCausalLM, olora, q_proj",
        "qwen2/causal, CAUSAL_LM, Qwen2ForCausalLM, lora, q_proj",
        "qwen3/causal, CAUSAL_LM, Qwen3ForCausalLM, pissa, q_proj"
    })
    void theMergedModelIsTheAdaptedOne(
            String family, String task, String name, String method, String wide)
            throws IOException {
        Path run =
                trained(
                        family,
                        task,
                        "--set",
                        "adapter.method=" + method,
                        "--set",
                        "adapter.rank_pattern={\"%s\": 3}".formatted(wide));
        List<JsonNode> adapted = answers(run);
        assertThat(answers(folder.resolve("model"))).isNotEqualTo(adapted);
        Path target = folder.resolve("merged");
        assertThat(TinyRuns.done("merge", run, "-o", target).out())
                .contains("verified: reloaded, logits differ by");
        assertThat(answers(target)).isEqualTo(adapted);
        JsonNode config = config(target);
        assertThat(config.path("architectures").get(0).asString()).isEqualTo(name);
        assertThat(config.path("cglora").path("source_template").asString()).isEqualTo("{text}:");
        for (String file :
                List.of(
                        "tokenizer.json",
                        "tokenizer_config.json",
                        "generation_config.json",
                        "chat_template.jinja")) {
            assertThat(target.resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("model").resolve(file));
        }
        try (var base = new Safetensors(folder.resolve("model/model.safetensors"));
                var merged = new Safetensors(target.resolve("model.safetensors"))) {
            // tied heads stay out of the file, own ones in it
            assertThat(merged.names()).containsExactlyInAnyOrderElementsOf(base.names());
        }
        requireEqualLogProbabilities(run.resolve("adapter"), target, task);
    }

    /// All tokens' probabilities, of the adapter on its base and of the merged model alone.
    private void requireEqualLogProbabilities(Path adapter, Path merged, String task) {
        float[][] expected = logProbabilities(folder.resolve("model"), adapter, task);
        float[][] found = logProbabilities(merged, null, task);
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).hasSameSizeAs(expected[i]).hasSizeGreaterThan(2);
            for (int t = 0; t < expected[i].length; t++) {
                assertThat(found[i][t]).isCloseTo(expected[i][t], within(1e-4f));
            }
        }
    }

    private static float[][] logProbabilities(Path model, Path adapter, String name) {
        try (PretrainedModel loaded = PretrainedModel.load(model.toString(), Map.of());
                Tokenizer tokenizer = loaded.tokenizer(null)) {
            boolean causal = name.equals("CAUSAL_LM");
            TaskModel task =
                    causal
                            ? new CausalLanguageModel(loaded.causalDecoder())
                            : new Seq2Seq(loaded.encoderDecoder());
            Dataset data = causal ? continued(tokenizer) : written(tokenizer);
            int[] widths = {24};
            List<Batch> batches =
                    new Batcher(4, widths, loaded.padTokenId(), widths).sequential(data);
            try (var session = new Session(new JvmEngine(1), task, loaded, false)) {
                if (adapter != null) {
                    AdapterLoading.load(session, PeftAdapter.read(adapter), adapter.toString());
                }
                return session.evaluator().evaluate(batches, data.size()).logits();
            }
        }
    }

    private static Dataset continued(Tokenizer tokenizer) {
        return Dataset.continued(
                TEXTS.stream()
                        .map(t -> Continuation.of(t, " not " + t, tokenizer, 2, 24, 12))
                        .toList());
    }

    private static Dataset written(Tokenizer tokenizer) {
        var rows = TEXTS.stream().map(t -> new RawExample(t, null, null, 1)).toList();
        return Dataset.of(rows, tokenizer, null, 24, "texts")
                .answeredBy(
                        TEXTS.reversed().stream()
                                .map(t -> tokenizer.encode("not " + t, null, 24).inputIds())
                                .toList());
    }

    @Test
    void aLargeModelIsWrittenInShardsOfTheBasesFormat() throws IOException {
        Path run = trained("qwen2/causal", "CAUSAL_LM");
        Path target = folder.resolve("merged");
        Path whole = folder.resolve("whole");
        TinyRuns.done("merge", run, "-o", target, "--max-shard-size", "8KB", "--dtype", "same");
        TinyRuns.done("merge", run, "-o", whole);
        assertThat(target.resolve("model.safetensors")).doesNotExist();
        assertThat(answers(target)).isEqualTo(answers(run));
        try (var shards = new ShardedSafetensors(target.resolve("model.safetensors.index.json"));
                var file = new Safetensors(whole.resolve("model.safetensors"))) {
            assertThat(shards.names()).containsExactlyInAnyOrderElementsOf(file.names());
            for (String name : file.names()) {
                assertThat(shards.read(name)).as(name).isEqualTo(file.read(name));
            }
        }
    }

    /// A start that was taken off the base becomes an ordinary adapter: the base itself, untrained.
    @ParameterizedTest
    @CsvSource({"llama/causal, CAUSAL_LM", "t5, SEQ_2_SEQ_LM"})
    void theStartOfAShiftedRunIsTheBaseAsAnOrdinaryAdapter(String family, String task)
            throws IOException {
        trained(family, task);
        TinyRuns.done("init", folder.resolve("p.json"), "--set", "adapter.method=pissa");
        Path start = folder.resolve("runs/latest");
        assertThat(start.resolve("base_shift")).isDirectory();
        Path ordinary = folder.resolve("ordinary");
        TinyRuns.done("merge", start, "--as-adapter", "-o", ordinary);
        float[][] base = logProbabilities(folder.resolve("model"), null, task);
        float[][] found = logProbabilities(folder.resolve("model"), ordinary, task);
        for (int i = 0; i < base.length; i++) {
            for (int t = 0; t < base[i].length; t++) {
                assertThat(found[i][t]).isCloseTo(base[i][t], within(1e-4f));
            }
        }
    }

    @Test
    void aWholeModelHasNoAdapterToMerge() throws IOException {
        Path run =
                trained(
                        "t5",
                        "SEQ_2_SEQ_LM",
                        "--set",
                        "adapter.method=full",
                        "--set",
                        "adapter.target_modules=null");
        TinyRuns.Outcome outcome =
                TinyRuns.execute(
                        "merge", run.toString(), "-o", folder.resolve("merged").toString());
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).contains("there is no adapter to merge");
    }
}
