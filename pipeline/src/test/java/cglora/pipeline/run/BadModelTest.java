package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cglora.kernels.error.CgloraException;
import cglora.models.adapter.PeftAdapter;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.Overrides;
import cglora.pipeline.spec.PipelineReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A model's configuration, weights, head and tokenizer that cannot be used, and adapters that
/// belong to another model.
class BadModelTest extends BadInput {
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
                "model/config.json | \"model_type\": \"bert\" | \"model_type\": \"mamba\" |"
                        + " M-FAMILY | mamba"
            })
    void modelFilesAreRefusedBeforeTheRun(
            String file, String from, String to, String code, String essence) throws IOException {
        change(file.strip(), from, to == null ? "" : to);
        refused(3, code.strip(), essence.strip());
    }

    @Test
    void anEmptyModelFolderIsCalledEmpty() throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        change("p.json", "\"path\": \"model\"", "\"path\": \"empty\"");
        refused(3, "M-CONFIG", "has no config.json; found nothing: the folder is empty");
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
        assertThat(outcome.err()).containsPattern("\\.\\.\\. and \\d+ more M-SHAPE");
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
}
