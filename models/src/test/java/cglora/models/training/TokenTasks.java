package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.models.block.CausalDecoder;
import cglora.models.block.Encoder;
import cglora.models.block.EncoderDecoder;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.TokenStream;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer.Tokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// Tiny models whose loss has a term a token: they write, or give tokens a class. With random
/// texts to read and to answer.
final class TokenTasks {
    static final List<String> NAMES =
            List.of(
                    "t5",
                    "t5-v1_1",
                    "llama/causal",
                    "qwen3/causal",
                    "mistral/causal",
                    "bert/tokens",
                    "distilbert-relu/tokens");

    private TokenTasks() {}

    static PretrainedModel load(String name) {
        return PretrainedModel.load(PeerReference.FOLDER.resolve(name).toString(), Map.of());
    }

    /// @param trainBody whether the body's own weights are to be trained
    static Session session(PretrainedModel checkpoint, boolean trainBody) {
        return session(new JvmEngine(1), checkpoint, trainBody);
    }

    static Session session(Engine engine, PretrainedModel checkpoint, boolean trainBody) {
        return new Session(engine, task(checkpoint), checkpoint, trainBody);
    }

    private static TaskModel task(PretrainedModel checkpoint) {
        return switch (checkpoint.body()) {
            case EncoderDecoder both -> new Seq2Seq(both);
            case CausalDecoder decoder -> new CausalLanguageModel(decoder);
            case Encoder encoder ->
                    new TokenClassifier(
                            encoder, Labels.ofTags(List.copyOf(checkpoint.id2label().values())));
            default -> throw new IllegalArgumentException(checkpoint.description());
        };
    }

    /// How many tokens are asked for.
    static int asked(Dataset data) {
        return (int) data.classes().count();
    }

    /// Texts of 2 to 9 tokens, answers of 1 to 4; those of a decoder are the end of its texts.
    static Dataset data(PretrainedModel checkpoint, int examples) {
        boolean tags = task(checkpoint) instanceof TokenClassifier;
        boolean behind = !(checkpoint.body() instanceof EncoderDecoder);
        int vocabulary = checkpoint.body().vocabularySize();
        var random = new Random(7);
        var tokens = new ArrayList<Tokens>();
        var answers = new ArrayList<int[]>();
        for (int i = 0; i < examples; i++) {
            int length = 2 + random.nextInt(8);
            int[] ids = random.ints(length, 3, vocabulary).toArray();
            int asked = 1 + random.nextInt(Math.min(4, length - 1));
            tokens.add(new Tokens(ids, new int[length], length));
            answers.add(
                    tags
                            // a class of 3 for three of five tokens, but the first ones
                            ? random.ints(length, -2, 3).map(c -> Math.max(c, -1)).toArray()
                            : behind
                                    ? Arrays.copyOfRange(ids, length - asked, length)
                                    : random.ints(asked, 3, vocabulary).toArray());
        }
        return new Dataset(tokens, new int[examples], new float[examples], 0, 9)
                .answeredBy(answers);
    }

    static List<Batch> batches(Dataset data, int size) {
        int[] widths = {5, 9};
        return new Batcher(size, widths, 0, areTags(data) ? widths : new int[] {2, 4})
                .sequential(data);
    }

    /// The first example in every row.
    static Batch repeated(Dataset data, int rows) {
        int width = areTags(data) ? 9 : 4;
        return new Batcher(rows, new int[] {9}, 0, new int[] {width}).batch(data, new int[rows]);
    }

    /// Whether each token has its place among the answers.
    static boolean areTags(Dataset data) {
        return IntStream.range(0, data.size())
                .allMatch(i -> data.answers().get(i).length == data.tokens().length(i));
    }

    /// Whose tokens a layer sees: the decoder of an encoder-decoder sees those that are written,
    /// but for what it attends to of the encoder.
    static TokenStream stream(String module) {
        boolean ofSource =
                !module.startsWith("decoder.")
                        || module.endsWith("EncDecAttention.k")
                        || module.endsWith("EncDecAttention.v");
        return ofSource ? TokenStream.SOURCE : TokenStream.TARGET;
    }
}
