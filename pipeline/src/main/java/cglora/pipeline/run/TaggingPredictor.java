package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.Encoder;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.TaggedWords;
import cglora.models.data.WordTokens;
import cglora.models.family.CheckpointHead;
import cglora.models.family.ModelNotes;
import cglora.models.family.PretrainedModel;
import cglora.models.linalg.Matrix;
import cglora.models.linalg.Softmax;
import cglora.models.metric.Entity;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.training.Evaluation;
import cglora.models.training.Session;
import cglora.models.training.TokenClassifier;
import cglora.models.weights.FloatFormat;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.ModelSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A model that gives each word a tag, with or without an adapter, ready to answer.
public final class TaggingPredictor implements LoadedModel {
    private static final int BATCH = 32;

    private final PretrainedModel checkpoint;
    private final PeftAdapter adapter;
    private final Tokenizer tokenizer;
    private final Session session;
    private final Labels labels;
    private final int maxLength;

    /// @param folder the folder of an adapter, of a model with its head, or of a run that has one
    /// @param choice which base model an adapter is put on
    /// @param engine what computes
    /// @param notes  is given the warnings
    /// @return empty for a model with another task
    /// @throws CgloraException one of the A, M, S or T codes
    public static Optional<TaggingPredictor> open(
            Path folder, Predictor.Base choice, EngineChoice engine, Problems notes) {
        Path place = Predictor.place(folder);
        if (Predictor.isWhole(place)) {
            var model = PretrainedModel.load(place.toString(), Map.of(), choice.followLinks());
            if (isTagger(model)) {
                ModelNotes.tell(model, notes);
                return Optional.of(
                        new TaggingPredictor(model, null, place, engine, choice.frozen()));
            }
            model.close();
            return Optional.empty();
        }
        PeftAdapter adapter = PeftAdapter.read(place);
        String task = adapter.metadata().get(PeftAdapter.TASK);
        if (!ModelSpec.Task.TOKEN_CLS.jsonName().equals(task)) {
            return Optional.empty();
        }
        String path = choice.base() == null ? adapter.base() : choice.base();
        var model = PretrainedModel.load(path, Map.of(), choice.followLinks());
        Predictor.requireBase(model, adapter, path, choice.other(), place, notes);
        ModelNotes.tell(model, notes);
        return Optional.of(new TaggingPredictor(model, adapter, place, engine, choice.frozen()));
    }

    /// Whether the model's class is one that tags words.
    static boolean isTagger(PretrainedModel model) {
        return model.body() instanceof Encoder encoder
                && model.config()
                        .path("architectures")
                        .valueStream()
                        .anyMatch(n -> n.asString("").equals(encoder.tokenClassifierClass()));
    }

    private TaggingPredictor(
            PretrainedModel checkpoint,
            PeftAdapter adapter,
            Path place,
            EngineChoice engine,
            DataType frozen) {
        this.checkpoint = checkpoint;
        this.adapter = adapter;
        CheckpointHead head = checkpoint.tokenHead();
        var trained = new AdapterMetadata(adapter == null ? Map.of() : adapter.metadata());
        requireHead(head, place);
        int outputs =
                adapter == null ? head.outputs() : Predictor.headShape(adapter, head, place)[0];
        this.labels =
                trained.labels().orElseGet(() -> SavedModel.tags(checkpoint, outputs)).asTags();
        if (labels.names().size() != outputs) {
            throw new CgloraException(
                    ErrorCode.A_TENSOR,
                    place.toString(),
                    "%s has %d rows for %d tags"
                            .formatted(head.weight(), outputs, labels.names().size()),
                    "write the adapter again");
        }
        this.tokenizer =
                checkpoint
                        .tokenizer(trained.tokenizer())
                        .cutting(
                                adapter == null
                                        ? TextLimit.truncation(
                                                checkpoint.config(), place.toString())
                                        : TextLimit.truncation(trained.values(), place.toString()));
        this.maxLength =
                adapter == null
                        ? SavedModel.maxLength(checkpoint)
                        : Math.min(checkpoint.body().maxPositions(), trained.maxLength());
        var task = new TokenClassifier(checkpoint.encoder(), labels);
        this.session = new Session(engine.open(), task, checkpoint, frozen);
        checkpoint.weights().release();
        if (adapter != null) {
            AdapterLoading.load(session, adapter, place.toString());
        }
    }

    private void requireHead(CheckpointHead head, Path place) {
        if (adapter == null && !head.isThere()) {
            checkpoint.close();
            throw new CgloraException(
                    ErrorCode.M_HEAD,
                    place.toString(),
                    "the model brings no head for tokens, so it has no answers",
                    "train one, or give the folder of an adapter");
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
        return SavedModel.config(
                checkpoint,
                labels,
                null,
                new TextLimit(maxLength, tokenizer.truncation()),
                null,
                format);
    }

    /// One answer an example: its words as `tokens`, their `tags` and the tags' probabilities as
    /// `scores`, null for words that the model has not read; and `entities` where tags mark some. A
    /// text is divided at white space.
    public List<Map<String, Object>> predict(List<RawExample> examples) {
        Conversations.refuse(examples, "a model that tags words");
        List<List<String>> words = examples.stream().map(TaggingPredictor::words).toList();
        List<WordTokens> read =
                words.parallelStream().map(w -> WordTokens.of(w, tokenizer, maxLength)).toList();
        Dataset data = WordTokens.asked(read, words.stream().map(List::size).toList());
        int[] buckets = Batcher.defaultBuckets(maxLength);
        var batcher =
                new Batcher(
                        Math.min(BATCH, examples.size()),
                        buckets,
                        checkpoint.padTokenId(),
                        buckets);
        Evaluation found = session.evaluator().evaluate(batcher.sequential(data), data.size());
        var answers = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < examples.size(); i++) {
            var answer = new LinkedHashMap<String, Object>();
            if (examples.get(i).words() == null) {
                answer.put("text", examples.get(i).text());
            }
            answer.put("tokens", words.get(i));
            answer.putAll(tagged(words.get(i), read.get(i).known(), found, i));
            answers.add(answer);
        }
        return answers;
    }

    private static List<String> words(RawExample example) {
        return example.words() == null
                ? TaggedWords.split(example.text()).words()
                : example.words().words();
    }

    /// @param known the words that the model has read
    private Map<String, Object> tagged(
            List<String> words, int[] known, Evaluation found, int example) {
        String[] tags = new String[words.size()];
        Double[] scores = new Double[words.size()];
        int outputs = labels.names().size();
        for (int k = 0; k < known.length; k++) {
            int best = found.tokens()[example][k];
            float[] logits =
                    Arrays.copyOfRange(found.logits()[example], k * outputs, (k + 1) * outputs);
            tags[known[k]] = labels.names().get(best);
            scores[known[k]] = Softmax.probabilities(Matrix.of(1, outputs, logits), 0)[best];
        }
        var answer = new LinkedHashMap<String, Object>();
        answer.put("tags", Arrays.asList(tags));
        answer.put("scores", Arrays.asList(scores));
        if (Entity.areTags(labels.names())) {
            answer.put("entities", entities(words, tags));
        }
        return answer;
    }

    private static List<Map<String, Object>> entities(List<String> words, String[] tags) {
        List<String> read = Arrays.stream(tags).map(tag -> tag == null ? "O" : tag).toList();
        var entities = new ArrayList<Map<String, Object>>();
        for (Entity entity : Entity.of(read)) {
            var of = new LinkedHashMap<String, Object>();
            of.put("type", entity.type());
            of.put("first", entity.first());
            of.put("last", entity.last());
            of.put("words", String.join(" ", words.subList(entity.first(), entity.last() + 1)));
            entities.add(of);
        }
        return entities;
    }

    @Override
    public void close() {
        session.close();
        tokenizer.close();
        checkpoint.close();
    }
}
