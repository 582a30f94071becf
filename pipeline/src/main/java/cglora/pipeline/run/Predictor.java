package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.ClassifierHead;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.family.CheckpointHead;
import cglora.models.family.ModelNotes;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.training.Evaluation;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import cglora.models.weights.FloatFormat;
import cglora.pipeline.device.EngineChoice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A trained adapter on its base model, or a model with its own head, ready to answer.
public final class Predictor implements LoadedModel {
    private static final int BATCH = 32;

    private final PretrainedModel checkpoint;
    private final Tokenizer tokenizer;
    private final Session session;
    private final Labels labels;
    private final int maxLength;
    private final PeftAdapter adapter;

    /// Which base models are taken, and how they are kept.
    ///
    /// @param base        the base model; null for the one that the adapter names
    /// @param other       whether it may be another than the adapter was trained on
    /// @param followLinks whether the files of its folder may be links out of it
    /// @param frozen      how its matrices are kept, float32 or bfloat16; a whole model's, too
    public record Base(String base, boolean other, boolean followLinks, DataType frozen) {
        /// A model whose matrices are kept in float32.
        public Base(String base, boolean other, boolean followLinks) {
            this(base, other, followLinks, DataType.FLOAT32);
        }
    }

    /// @param folder  the folder of an adapter, of a model with its head, or of a run that has one
    /// @param choice  which base model an adapter is put on
    /// @param engine  what computes
    /// @param notes   is given the warnings
    /// @throws CgloraException one of the A, M, S or T codes
    public static Predictor open(Path folder, Base choice, EngineChoice engine, Problems notes) {
        Path place = place(folder);
        return isWhole(place)
                ? new Predictor(place, choice, notes, engine)
                : new Predictor(place, choice, engine, notes);
    }

    /// The folder itself, or what a run has in it.
    static Path place(Path folder) {
        Path place = folder;
        for (String inside : new String[] {ModelExport.FOLDER, "adapter"}) {
            place = Files.isDirectory(folder.resolve(inside)) ? folder.resolve(inside) : place;
        }
        return place;
    }

    /// Whether a folder holds a model, not an adapter.
    static boolean isWhole(Path place) {
        return Files.isRegularFile(place.resolve("config.json"))
                && !Files.exists(place.resolve(PeftAdapter.CONFIG));
    }

    /// A model with its own head.
    private Predictor(Path place, Base choice, Problems notes, EngineChoice engine) {
        this.checkpoint = PretrainedModel.load(place.toString(), Map.of(), choice.followLinks());
        if (!checkpoint.hasHead()) {
            checkpoint.close();
            throw new CgloraException(
                    ErrorCode.M_HEAD,
                    place.toString(),
                    "the model brings no head, so it has no answers",
                    "train one, or give the folder of an adapter");
        }
        ModelNotes.tell(checkpoint, notes);
        this.labels = SavedModel.labels(checkpoint, checkpoint.headOutputs());
        this.tokenizer =
                checkpoint
                        .tokenizer(null)
                        .cutting(TextLimit.truncation(checkpoint.config(), place.toString()));
        this.maxLength = SavedModel.maxLength(checkpoint);
        this.adapter = null;
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(), SavedModel.pooling(checkpoint), labels);
        this.session = new Session(engine.open(), model, checkpoint, choice.frozen());
        checkpoint.weights().release();
    }

    private Predictor(Path place, Base choice, EngineChoice engine, Problems notes) {
        String base = choice.base();
        this.adapter = PeftAdapter.read(place);
        AdapterMetadata trained = AdapterMetadata.of(adapter);
        String path = base == null ? adapter.base() : base;
        this.checkpoint = PretrainedModel.load(path, Map.of(), choice.followLinks());
        requireBase(adapter, path, choice.other(), place, notes);
        ModelNotes.tell(checkpoint, notes);
        int[] head = headShape(adapter, checkpoint.sequenceHead(), place);
        this.labels = trained.labels().orElseGet(() -> SavedModel.labels(checkpoint, head[0]));
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(),
                        trained.pooling().orElseGet(() -> SavedModel.pooling(checkpoint)),
                        labels);
        if (head[0] != model.outputs() || head[1] != checkpoint.encoder().hiddenSize()) {
            throw new CgloraException(
                    ErrorCode.A_TENSOR,
                    place.toString(),
                    "%s is %d × %d, expected %d × %d"
                            .formatted(
                                    checkpoint.sequenceHead().weight(),
                                    head[0],
                                    head[1],
                                    model.outputs(),
                                    checkpoint.encoder().hiddenSize()),
                    "take the base model that the adapter was trained on");
        }
        this.tokenizer =
                checkpoint
                        .tokenizer(trained.tokenizer())
                        .cutting(TextLimit.truncation(trained.values(), place.toString()));
        this.maxLength = Math.min(checkpoint.encoder().maxPositions(), trained.maxLength());
        this.session = new Session(engine.open(), model, checkpoint, choice.frozen());
        checkpoint.weights().release();
        AdapterLoading.load(session, adapter, place.toString());
    }

    /// Extents of an adapter's last layer.
    ///
    /// @throws CgloraException A-HEAD for an adapter without the whole head of its model
    static int[] headShape(PeftAdapter adapter, CheckpointHead expected, Path place) {
        ClassifierHead head = expected.of(1);
        adapter.requireSaved(head.parameters(), head.saved(), place.toString());
        return adapter.shapes().get(expected.weight());
    }

    private void requireBase(
            PeftAdapter adapter, String path, boolean allowed, Path place, Problems notes) {
        requireBase(checkpoint, adapter, path, allowed, place, notes);
    }

    /// A-BASE where the adapter says which weights it was trained on and these are others.
    static void requireBase(
            PretrainedModel checkpoint,
            PeftAdapter adapter,
            String path,
            boolean allowed,
            Path place,
            Problems notes) {
        String expected = AdapterMetadata.of(adapter).baseSha256();
        if (expected == null) {
            if (!path.equals(adapter.base())) {
                notes.warning(
                        ErrorCode.A_BASE,
                        place.toString(),
                        "it does not say which weights it was trained on; its base is called "
                                + adapter.base(),
                        "");
            }
            return;
        }
        String found = checkpoint.fingerprint();
        if (found.equals(expected)) {
            return;
        }
        String what =
                "trained on weights with SHA-256 %s…, these are %s…"
                        .formatted(
                                expected.substring(0, Math.min(12, expected.length())),
                                found.substring(0, 12));
        if (!allowed) {
            checkpoint.close();
            throw new CgloraException(
                    ErrorCode.A_BASE,
                    path,
                    what,
                    "give the base model with --base, or --allow-other-base");
        }
        notes.warning(ErrorCode.A_BASE, path, what, "");
    }

    @Override
    public PretrainedModel checkpoint() {
        return checkpoint;
    }

    @Override
    public Session session() {
        return session;
    }

    /// Null for a model with its own head.
    @Override
    public PeftAdapter adapter() {
        return adapter;
    }

    @Override
    public String config(FloatFormat format) {
        return SavedModel.config(
                checkpoint, labels, session.model().pooling(), limit(), columns(), format);
    }

    /// Which columns its texts came from.
    private TextColumns columns() {
        return adapter == null
                ? TextColumns.of(checkpoint.config())
                : TextColumns.of(adapter.metadata());
    }

    /// How much of a text is read.
    TextLimit limit() {
        return new TextLimit(maxLength, tokenizer.truncation());
    }

    /// One answer an example: the label and its probabilities, or the number of a regression.
    public List<Map<String, Object>> predict(List<RawExample> examples) {
        Conversations.refuse(examples, "a model that tells classes");
        Conversations.refuseWords(examples, "a model that tells classes of texts");
        Dataset data = Dataset.of(examples, tokenizer, null, maxLength, "input");
        TextLimit.require(data, examples, maxLength);
        Evaluation evaluation =
                session.evaluator()
                        .evaluate(
                                new Batcher(
                                                Math.min(BATCH, examples.size()),
                                                Batcher.defaultBuckets(maxLength),
                                                checkpoint.padTokenId())
                                        .sequential(data),
                                data.size());
        var answers = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < examples.size(); i++) {
            var answer = new LinkedHashMap<String, Object>();
            answer.put("text", examples.get(i).text());
            if (examples.get(i).textPair() != null) {
                answer.put("text_pair", examples.get(i).textPair());
            }
            float[] logits = evaluation.logits()[i];
            answer.put("logits", logits);
            if (labels.regression()) {
                answer.put("prediction", logits[0]);
            } else {
                int best = evaluation.prediction(i);
                answer.put("label", labels.names().get(best));
                double sum = 0;
                for (float logit : logits) {
                    sum += Math.exp(logit - logits[best]);
                }
                var probabilities = new LinkedHashMap<String, Object>();
                for (int c = 0; c < logits.length; c++) {
                    probabilities.put(
                            labels.names().get(c), Math.exp(logits[c] - logits[best]) / sum);
                }
                answer.put("score", 1 / sum);
                answer.put("probabilities", probabilities);
            }
            answers.add(answer);
        }
        return answers;
    }

    @Override
    public void close() {
        session.close();
        tokenizer.close();
        checkpoint.close();
    }
}
