package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.CausalDecoder;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Continuation;
import cglora.models.data.Dataset;
import cglora.models.data.RawExample;
import cglora.models.family.ModelNotes;
import cglora.models.family.PretrainedModel;
import cglora.models.generation.Sampling;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.CausalGenerator;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Seq2Seq;
import cglora.models.training.Seq2SeqGenerator;
import cglora.models.training.Session;
import cglora.models.training.TaskModel;
import cglora.models.weights.FloatFormat;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// A model that writes texts, with or without an adapter, ready to answer.
public final class WritingPredictor implements LoadedModel {
    private static final int MAX_TARGET_LENGTH = 64;

    /// How texts are written.
    ///
    /// @param beams     1 for the likeliest token each time
    /// @param maxTokens the most of an answer; null as in training
    /// @param sampling  how tokens are chosen where there are no beams
    /// @param seed      of what is drawn
    /// @param scored    whether answers come with the logarithms of their tokens' probabilities
    public record Options(
            int beams, Integer maxTokens, Sampling sampling, long seed, boolean scored) {
        /// The likeliest token each time.
        static final Options GREEDY = new Options(1, null, Sampling.GREEDY, 0, false);
    }

    /// What the model was trained with.
    ///
    /// @param tokenizer its place; null beside the model
    /// @param template  what it reads of an example; null for the text
    /// @param chats     whether what is asked is a conversation
    private record Trained(
            String tokenizer, int maxLength, int maxTargetLength, String template, boolean chats) {
        static Trained of(AdapterMetadata metadata) {
            return new Trained(
                    metadata.tokenizer(),
                    metadata.maxLength(),
                    metadata.maxTargetLength(MAX_TARGET_LENGTH),
                    metadata.sourceTemplate(),
                    metadata.chats());
        }

        static Trained of(JsonNode config) {
            JsonNode own = config.path("cglora");
            return new Trained(
                    null,
                    own.path("max_length").asInt(TextLimit.MAX_LENGTH),
                    own.path("max_target_length").asInt(MAX_TARGET_LENGTH),
                    own.hasNonNull("source_template")
                            ? own.path("source_template").asString()
                            : null,
                    own.path("chat").asBoolean(false));
        }
    }

    private final PretrainedModel checkpoint;
    private final PeftAdapter adapter;
    private final Tokenizer tokenizer;
    private final Session session;
    private final Trained trained;
    private final Options options;
    private final Generators generators;

    /// @param folder the folder of an adapter, of a model, or of a run that has one
    /// @param choice which base model an adapter is put on
    /// @param notes  is given the warnings
    /// @return empty for a model that writes no texts
    /// @throws cglora.kernels.error.CgloraException one of the A, M, S or T codes
    public static Optional<WritingPredictor> open(
            Path folder,
            Predictor.Base choice,
            EngineChoice engine,
            Problems notes,
            Options options) {
        Path place = Predictor.place(folder);
        PeftAdapter adapter = Predictor.isWhole(place) ? null : PeftAdapter.read(place);
        String path =
                adapter == null
                        ? place.toString()
                        : choice.base() == null ? adapter.base() : choice.base();
        PretrainedModel checkpoint = PretrainedModel.load(path, Map.of(), choice.followLinks());
        if (!checkpoint.isEncoderDecoder() && !isLanguageModel(checkpoint, adapter)) {
            checkpoint.close();
            return Optional.empty();
        }
        if (adapter != null) {
            Predictor.requireBase(checkpoint, adapter, path, choice.other(), place, notes);
        }
        ModelNotes.tellOfWriting(checkpoint, notes);
        return Optional.of(
                new WritingPredictor(
                        asTrained(checkpoint, adapter),
                        adapter,
                        place,
                        engine,
                        choice.frozen(),
                        options));
    }

    private WritingPredictor(
            PretrainedModel checkpoint,
            PeftAdapter adapter,
            Path place,
            EngineChoice engine,
            DataType frozen,
            Options options) {
        this.checkpoint = checkpoint;
        this.adapter = adapter;
        this.options = options;
        this.trained =
                adapter == null
                        ? Trained.of(checkpoint.config())
                        : Trained.of(AdapterMetadata.of(adapter));
        this.tokenizer =
                checkpoint
                        .tokenizer(trained.tokenizer())
                        .cutting(
                                adapter == null
                                        ? TextLimit.truncation(
                                                checkpoint.config(), place.toString())
                                        : TextLimit.truncation(
                                                adapter.metadata(), place.toString()));
        TaskModel task =
                checkpoint.isEncoderDecoder()
                        ? new Seq2Seq(checkpoint.encoderDecoder())
                        : new CausalLanguageModel(checkpoint.causalDecoder());
        requireFit(task, options);
        this.session = new Session(engine.open(), task, checkpoint, frozen);
        this.generators = new Generators(session, checkpoint.padTokenId());
        checkpoint.weights().release();
        if (adapter != null) {
            AdapterLoading.load(session, adapter, place.toString());
        }
    }

    /// PEFT trains a copy of what `modules_to_save` names: where the base ties the head to the
    /// embeddings, both are apart once one of them is there.
    private static PretrainedModel asTrained(PretrainedModel checkpoint, PeftAdapter adapter) {
        if (adapter == null
                || !(checkpoint.body() instanceof CausalDecoder decoder)
                || !decoder.isTied()) {
            return checkpoint;
        }
        CausalDecoder untied = decoder.untied();
        boolean isApart =
                Stream.of(decoder, untied)
                        .map(d -> d.languageHead().name())
                        .anyMatch(adapter.shapes()::containsKey);
        return isApart ? checkpoint.withBody(untied) : checkpoint;
    }

    /// Whether a whole model writes, by its class.
    static boolean isWriter(PretrainedModel model) {
        return model.isEncoderDecoder() || isLanguageModel(model, null);
    }

    /// An adapter says what it is for, and so does PEFT's; a whole model by its class.
    private static boolean isLanguageModel(PretrainedModel checkpoint, PeftAdapter adapter) {
        if (!(checkpoint.body() instanceof CausalDecoder)) {
            return false;
        }
        if (adapter != null) {
            return ModelSpec.Task.CAUSAL_LM
                    .jsonName()
                    .equals(adapter.metadata().get(PeftAdapter.TASK));
        }
        return checkpoint.isLanguageModel();
    }

    private static void requireFit(TaskModel task, Options options) {
        boolean beams = options.beams() > 1;
        boolean draws = !options.sampling().isGreedy();
        if (beams && (draws || task instanceof CausalLanguageModel)
                || draws && task instanceof Seq2Seq) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    beams ? "--beams" : "--temperature",
                    "beams are for models that read one sequence and write another, sampling for"
                            + " those that go on behind a text",
                    "take it out");
        }
    }

    @Override
    public PretrainedModel checkpoint() {
        return checkpoint;
    }

    @Override
    public Session session() {
        return session;
    }

    @Override
    public PeftAdapter adapter() {
        return adapter;
    }

    @Override
    public String config(FloatFormat format) {
        return SavedModel.writing(
                checkpoint,
                new TextLimit(trained.maxLength(), tokenizer.truncation()),
                trained.maxTargetLength(),
                trained.template(),
                trained.chats(),
                format);
    }

    /// One answer an example: `prediction`, the text, and its `tokens`; with `logprobs` where they
    /// are asked for.
    public List<Map<String, Object>> predict(List<RawExample> examples) {
        Conversations.refuseWords(examples, "a model that writes");
        return session.task() instanceof Seq2Seq ? others(examples) : continued(examples);
    }

    /// @param read what the model read of each example; null where no scores are asked for
    private List<Map<String, Object>> answered(
            List<RawExample> examples, int[][] answers, Dataset read) {
        float[][] scores =
                read == null
                        ? null
                        : TokenScores.of(
                                session,
                                read.answeredBy(List.of(answers)),
                                checkpoint.padTokenId());
        var all = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < answers.length; i++) {
            var answer = new LinkedHashMap<String, Object>();
            if (examples.get(i).conversation() == null) {
                answer.put("text", examples.get(i).text());
            } else {
                answer.put("messages", examples.get(i).conversation().messages());
            }
            answer.put("prediction", tokenizer.decode(answers[i]));
            answer.put("tokens", answers[i]);
            if (scores != null) {
                answer.put("logprobs", scores[i]);
            }
            all.add(answer);
        }
        return all;
    }

    private int longestAnswer() {
        return options.maxTokens() == null ? trained.maxTargetLength() : options.maxTokens();
    }

    /// What goes on behind each text, texts of like lengths together.
    private List<Map<String, Object>> continued(List<RawExample> examples) {
        var chat = new ChatPrompts(checkpoint, tokenizer, trained.tokenizer());
        List<int[]> prompts =
                examples.stream()
                        .map(
                                e ->
                                        trained.chats() || e.conversation() != null
                                                ? chat.of(e)
                                                : Continuation.prompt(
                                                                DataSpec.source(
                                                                        trained.template(),
                                                                        e.text(),
                                                                        e.textPair()),
                                                                tokenizer,
                                                                trained.maxLength())
                                                        .inputIds())
                        .toList();
        List<Integer> order =
                IntStream.range(0, prompts.size())
                        .boxed()
                        .sorted(Comparator.comparingInt(i -> prompts.get(i).length))
                        .toList();
        int longest = prompts.get(order.getLast()).length;
        int rows = generators.rows(prompts.size());
        var how =
                new CausalGenerator.Options(
                        longestAnswer(),
                        chat.ends(),
                        options.sampling(),
                        options.seed(),
                        checkpoint.tokenRules());
        int[][] answers = new int[prompts.size()][];
        CausalGenerator generator = generators.continuing(rows, longest + how.most());
        for (int from = 0; from < order.size(); from += generator.rows()) {
            List<Integer> part =
                    order.subList(from, Math.min(order.size(), from + generator.rows()));
            List<int[]> found = generator.write(part.stream().map(prompts::get).toList(), how);
            for (int i = 0; i < found.size(); i++) {
                answers[part.get(i)] = found.get(i);
            }
        }
        return answered(examples, answers, options.scored() ? behind(prompts, answers) : null);
    }

    /// Prompts with what was written behind them.
    private static Dataset behind(List<int[]> prompts, int[][] answers) {
        var all = new ArrayList<Continuation>();
        for (int i = 0; i < answers.length; i++) {
            int[] prompt = prompts.get(i);
            int[] ids = Arrays.copyOf(prompt, prompt.length + answers[i].length);
            System.arraycopy(answers[i], 0, ids, prompt.length, answers[i].length);
            all.add(
                    new Continuation(
                            new Tokens(ids, new int[ids.length], ids.length), answers[i], false));
        }
        return Dataset.continued(all);
    }

    /// What is written for each text.
    private List<Map<String, Object>> others(List<RawExample> examples) {
        Conversations.refuse(examples, "a model that reads one text and writes another");
        var read = new ArrayList<RawExample>();
        for (RawExample e : examples) {
            String source = DataSpec.source(trained.template(), e.text(), e.textPair());
            read.add(
                    new RawExample(
                            source,
                            trained.template() == null ? e.textPair() : null,
                            null,
                            e.line()));
        }
        Dataset data = Dataset.of(read, tokenizer, null, trained.maxLength(), "input");
        TextLimit.require(data, read, trained.maxLength());
        Batcher batcher = generators.batcher(generators.rows(examples.size()), trained.maxLength());
        int[][] answers = new int[examples.size()][];
        Seq2SeqGenerator generator =
                generators.writing(
                        new Seq2SeqGenerator.Options(
                                batcher.batchSize(),
                                batcher.widest(data),
                                longestAnswer(),
                                options.beams(),
                                checkpoint.lengthPenalty(),
                                checkpoint.stopsEarly(),
                                checkpoint.tokenRules()));
        for (Batch batch : batcher.sequential(data)) {
            List<int[]> found = generator.generate(batch);
            for (int row = 0; row < batch.examples().length; row++) {
                answers[batch.examples()[row]] = found.get(row);
            }
        }
        return answered(examples, answers, options.scored() ? data : null);
    }

    @Override
    public void close() {
        generators.close();
        session.close();
        tokenizer.close();
        checkpoint.close();
    }
}
