package cglora.models.fuzz;

import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import cglora.models.weights.onnx.AttributeProto;
import cglora.models.weights.onnx.GraphProto;
import cglora.models.weights.onnx.ModelProto;
import cglora.models.weights.onnx.NodeProto;
import cglora.models.weights.onnx.TensorProto;
import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/// Writes the small whole files that the fuzz tests of this package start from, into the folder of
/// test resources that it is given. What they find is put beside them by hand.
final class FuzzSeeds {
    private static final String TOKENIZER =
            """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [
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
             "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 100,
               "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "good": 5}}}
            """;

    private static final String BPE =
            """
            {"added_tokens": [], "normalizer": {"type": "NFC"},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
             "post_processor": null, "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "unk_token": null, "fuse_unk": false, "ignore_merges": true,
               "vocab": {"a": 0, "b": 1, "ab": 2, "f": 3}, "merges": [["a", "b"]]}}
            """;

    private static final String ADAPTER =
            """
            {"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": "model",
             "r": 8, "lora_alpha": 16, "lora_dropout": 0.1, "bias": "none", "use_rslora": false,
             "target_modules": ["query", "value"], "modules_to_save": ["classifier"],
             "rank_pattern": {"^bert\\\\.query$": 4}, "alpha_pattern": {}, "fan_in_fan_out": false}
            """;

    private final Path root;

    private FuzzSeeds(Path root) {
        this.root = root;
    }

    /// @param arguments the folder `src/test/resources` of this module
    public static void main(String[] arguments) throws IOException {
        var seeds = new FuzzSeeds(Path.of(arguments[0], "cglora/models/fuzz"));
        seeds.weights();
        seeds.write("TokenizerFuzzTestInputs/tokenizer/wordpiece", TOKENIZER);
        seeds.write("TokenizerFuzzTestInputs/tokenizer/bpe", BPE);
        seeds.write("AdapterFuzzTestInputs/config/lora", ADAPTER);
        seeds.rows();
    }

    private void write(String name, byte[] content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private void write(String name, String content) throws IOException {
        write(name, content.getBytes(StandardCharsets.UTF_8));
    }

    private void weights() throws IOException {
        Path file = root.resolve("WeightsFuzzTestInputs/safetensors/small");
        Files.createDirectories(file.getParent());
        var tensors = new TreeMap<String, TensorData>();
        tensors.put("bert.embeddings.weight", new TensorData(new int[] {3, 2}, new float[6]));
        tensors.put("bert.layer.0.bias", new TensorData(new int[] {2}, new float[] {1, -2.5f}));
        SafetensorsWriter.write(file, tensors, Map.of("format", "pt"));
        write("WeightsFuzzTestInputs/onnx/small", onnx().toByteArray());
    }

    private static ModelProto onnx() {
        var raw = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 6; i++) {
            raw.putFloat(i / 4f);
        }
        var weight =
                TensorProto.newBuilder()
                        .setName("onnx::MatMul_7")
                        .setDataType(1)
                        .addDims(2)
                        .addDims(3)
                        .setRawData(ByteString.copyFrom(raw.flip()));
        var bias =
                TensorProto.newBuilder()
                        .setName("encoder.layer.0.bias")
                        .setDataType(1)
                        .addDims(2)
                        .addFloatData(0.5f)
                        .addFloatData(-1);
        var shape =
                TensorProto.newBuilder().setDataType(7).addDims(1).addInt64Data(12).setName("h");
        return ModelProto.newBuilder()
                .setGraph(
                        GraphProto.newBuilder()
                                .setName("g")
                                .addInitializer(weight)
                                .addInitializer(bias)
                                .addNode(
                                        NodeProto.newBuilder()
                                                .setName("/encoder/layer.0/self/query/MatMul")
                                                .setOpType("MatMul")
                                                .addInput("x")
                                                .addInput("onnx::MatMul_7")
                                                .addOutput("y"))
                                .addNode(
                                        NodeProto.newBuilder()
                                                .setName("/encoder/layer.0/self/Constant_3")
                                                .setOpType("Constant")
                                                .addOutput("h")
                                                .addAttribute(
                                                        AttributeProto.newBuilder()
                                                                .setName("value")
                                                                .setT(shape))))
                .build();
    }

    /// The first byte is the place of the name in the test's list.
    private void rows() throws IOException {
        byte[] tsv =
                "text\tlabel\na good film\tyes\na \"bad\" one\tno\n"
                        .getBytes(StandardCharsets.UTF_8);
        byte[] csv =
                "text,label\r\n\"one, two\",x\r\n\"say \"\"hi\"\"\n\",y\r\n"
                        .getBytes(StandardCharsets.UTF_8);
        byte[] jsonl =
                "{\"text\": \"a\\u00e9\", \"text_pair\": \"b\", \"label\": 1}\n{\"text\": \"c\", \"text_pair\": \"d\", \"label\": 0, \"other\": [1, {}]}\n"
                        .getBytes(StandardCharsets.UTF_8);
        row("tsv", 0, tsv);
        row("csv", 1, csv);
        row("jsonl", 2, jsonl);
        var gzip = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(gzip)) {
            out.write(tsv);
        }
        row("gzip", 4, gzip.toByteArray());
        row("zstd", 5, Zstd.compress(csv));
        Path parquet = root.getParent().getParent().getParent().resolve("parquet/small.parquet");
        row("parquet", 3, Files.readAllBytes(parquet));
    }

    private void row(String name, int kind, byte[] content) throws IOException {
        byte[] input = new byte[content.length + 1];
        input[0] = (byte) kind;
        System.arraycopy(content, 0, input, 1, content.length);
        write("DataFuzzTestInputs/rows/" + name, input);
    }
}
