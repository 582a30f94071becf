package cglora.models.bert;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import cglora.kernels.engine.JvmEngine;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.HiddenStates;
import cglora.models.training.Pooling;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Hidden states of real models against ONNX Runtime's.
class OnnxRuntimeTest {
    private static final List<String> TEXTS =
            List.of(
                    "Rain.",
                    "The quick brown fox jumps over the lazy dog, twice.",
                    "Überraschung! 東京 2026 😀 e\u0301 -- naïve café",
                    "It is raining cats and dogs. ".repeat(8));

    @ParameterizedTest
    @CsvSource({
        "all-minilm-l6-v2.onnx, all-minilm-l6-v2-tokenizer.json",
        "bge-small-en-v1.5.onnx, bge-small-en-v1.5-tokenizer.json"
    })
    void hiddenStatesEqualOnnxRuntime(String model, String tokenizerFile)
            throws OrtException, IOException {
        var environment = OrtEnvironment.getEnvironment();
        try (var checkpoint = PretrainedModel.load("classpath:" + model, Map.of());
                Tokenizer tokenizer = checkpoint.tokenizer("classpath:" + tokenizerFile);
                InputStream stream = getClass().getResourceAsStream("/" + model);
                OrtSession onnx = environment.createSession(stream.readAllBytes());
                var session =
                        new Session(
                                new JvmEngine(2),
                                new SequenceClassifier(
                                        checkpoint.encoder(),
                                        Pooling.MEAN,
                                        new Labels(List.of("0", "1"), false)),
                                checkpoint,
                                false)) {
            int hidden = checkpoint.encoder().hiddenSize();
            for (String text : TEXTS) {
                Tokens tokens = tokenizer.encode(text, null, 96);
                int length = tokens.inputIds().length;
                var data = new Dataset(List.of(tokens), new int[1], new float[1], 0, length);
                float[] ours =
                        HiddenStates.of(
                                session,
                                new Batcher(2, new int[] {96}, 0).batch(data, new int[] {0}));
                float[][] theirs = run(environment, onnx, tokens);
                float largest = 0;
                for (int t = 0; t < length; t++) {
                    for (int i = 0; i < hidden; i++) {
                        largest = Math.max(largest, Math.abs(ours[t * hidden + i] - theirs[t][i]));
                    }
                }
                assertThat(largest).as(model + ": " + text).isLessThanOrEqualTo(2e-5f);
            }
        }
    }

    private static float[][] run(OrtEnvironment environment, OrtSession onnx, Tokens tokens)
            throws OrtException {
        int length = tokens.inputIds().length;
        long[][] ids = new long[1][length];
        long[][] mask = new long[1][length];
        long[][] types = new long[1][length];
        for (int i = 0; i < length; i++) {
            ids[0][i] = tokens.inputIds()[i];
            mask[0][i] = 1;
        }
        var inputs = new HashMap<String, OnnxTensor>();
        inputs.put("input_ids", OnnxTensor.createTensor(environment, ids));
        inputs.put("attention_mask", OnnxTensor.createTensor(environment, mask));
        if (onnx.getInputNames().contains("token_type_ids")) {
            inputs.put("token_type_ids", OnnxTensor.createTensor(environment, types));
        }
        try (var result = onnx.run(inputs)) {
            return ((float[][][]) result.get(0).getValue())[0];
        }
    }
}
