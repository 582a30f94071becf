package cglora.pipeline.run;

import cglora.models.bert.BertConfig;
import cglora.models.bert.BertModel;
import cglora.models.block.ParameterSpec;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// A BERT of two small layers with random weights and a tokenizer of a dozen words, as a Hugging
/// Face directory.
final class TinyModel {
    static final String CONFIG =
            """
            {"model_type": "bert", "vocab_size": 16, "hidden_size": 12, "num_hidden_layers": 2,
             "num_attention_heads": 3, "intermediate_size": 20, "hidden_act": "gelu",
             "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
             "pad_token_id": 0, "id2label": {"0": "no", "1": "yes"}}
            """;
    static final String TOKENIZER =
            """
            {"added_tokens": [
               {"id": 0, "content": "[PAD]", "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false},
               {"id": 2, "content": "[CLS]", "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false},
               {"id": 3, "content": "[SEP]", "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false}],
             "normalizer": {"type": "BertNormalizer", "clean_text": true,
               "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
             "decoder": null, "truncation": null, "padding": null,
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 100,
               "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "good": 4, "bad": 5,
                 "film": 6, "book": 7, "a": 8, "the": 9, "very": 10, "old": 11, "new": 12}}}
            """;

    private TinyModel() {}

    /// @param headLabels outputs of the head that the checkpoint brings; 0 for none
    static Path write(Path folder, long seed, int headLabels) throws IOException {
        var random = new Random(seed);
        var model = new BertModel(new BertConfig(16, 12, 2, 3, 20, "gelu", 16, 2, 1e-12f));
        var tensors = new TreeMap<String, TensorData>();
        for (ParameterSpec spec : model.parameters()) {
            float[] values = new float[(int) spec.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] =
                        (spec.name().contains("LayerNorm.weight") ? 1 : 0)
                                + 0.3f * (float) random.nextGaussian();
            }
            tensors.put(spec.name(), new TensorData(spec.extents(), values));
        }
        if (headLabels > 0) {
            float[] weight = new float[headLabels * 12];
            for (int i = 0; i < weight.length; i++) {
                weight[i] = (float) random.nextGaussian();
            }
            tensors.put("classifier.weight", new TensorData(new int[] {headLabels, 12}, weight));
            tensors.put(
                    "classifier.bias",
                    new TensorData(new int[] {headLabels}, new float[headLabels]));
        }
        Files.createDirectories(folder);
        SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors, Map.of());
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
        return folder;
    }

    /// Sets one tensor of a model to zero.
    static void silence(Path folder, String name) throws IOException {
        Path file = folder.resolve("model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        try (var source = new Safetensors(file)) {
            for (String tensor : source.names()) {
                float[] values = source.read(tensor);
                int[] extents =
                        Arrays.stream(source.shape(tensor)).mapToInt(Math::toIntExact).toArray();
                tensors.put(
                        tensor,
                        new TensorData(
                                extents, tensor.equals(name) ? new float[values.length] : values));
            }
        }
        SafetensorsWriter.write(file, tensors, Map.of());
    }

    /// Takes one tensor out of a model.
    static void drop(Path folder, String name) throws IOException {
        Path file = folder.resolve("model.safetensors");
        var tensors = new TreeMap<String, TensorData>();
        try (var source = new Safetensors(file)) {
            for (String tensor : source.names()) {
                int[] extents =
                        Arrays.stream(source.shape(tensor)).mapToInt(Math::toIntExact).toArray();
                tensors.put(tensor, new TensorData(extents, source.read(tensor)));
            }
        }
        tensors.remove(name);
        SafetensorsWriter.write(file, tensors, Map.of());
    }

    /// Rows that the words of the tokenizer make, labels `yes` and `no`.
    static void writeData(Path file) throws IOException {
        var rows = new StringBuilder("text\tlabel\n");
        for (String article : new String[] {"a", "the", "a very", "the very"}) {
            for (String age : new String[] {"old", "new", ""}) {
                for (String thing : new String[] {"film", "book"}) {
                    String text = (article + " %s " + age + " " + thing).replace("  ", " ");
                    rows.append(text.formatted("good")).append("\tyes\n");
                    rows.append(text.formatted("bad")).append("\tno\n");
                }
            }
        }
        Files.writeString(file, rows);
    }
}
