package cglora.pipeline.run;

import cglora.kernels.engine.JvmEngine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.adapter.PeftAdapter;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.training.Evaluation;
import cglora.models.training.Pooling;
import cglora.models.training.SequenceClassifier;
import cglora.models.training.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A trained adapter on its base model, ready to answer.
public final class Predictor implements AutoCloseable {
    private static final int BATCH = 32;

    private final PretrainedModel checkpoint;
    private final Tokenizer tokenizer;
    private final Session session;
    private final Labels labels;
    private final int maxLength;

    /// @param folder an adapter's folder, or the folder of a run that has one
    /// @param base   the base model; null for the one that the adapter names
    /// @throws CgloraException one of the A, M, S or T codes
    public Predictor(Path folder, String base) {
        Path inside = folder.resolve("adapter");
        Path place = Files.isDirectory(inside) ? inside : folder;
        PeftAdapter adapter = PeftAdapter.read(place);
        Map<String, String> metadata = adapter.metadata();
        int[] head = adapter.shapes().get("classifier.weight");
        this.checkpoint = PretrainedModel.load(base == null ? adapter.base() : base, Map.of());
        String names = metadata.get("cglora.labels");
        boolean regression = Boolean.parseBoolean(metadata.get("cglora.regression"));
        this.labels =
                new Labels(
                        names == null ? numbered(head[0]) : List.of(names.split("\n")), regression);
        String pooling = metadata.get("cglora.pooling");
        var model =
                new SequenceClassifier(
                        checkpoint.encoder(),
                        pooling != null
                                ? Pooling.valueOf(pooling)
                                : checkpoint.hasPooler() ? Pooling.POOLER : Pooling.MEAN,
                        labels);
        if (head[0] != model.outputs() || head[1] != checkpoint.encoder().hiddenSize()) {
            throw new CgloraException(
                    ErrorCode.A_TENSOR,
                    place.toString(),
                    "classifier.weight is %d × %d, expected %d × %d"
                            .formatted(
                                    head[0],
                                    head[1],
                                    model.outputs(),
                                    checkpoint.encoder().hiddenSize()),
                    "take the base model that the adapter was trained on");
        }
        String saved = metadata.get("cglora.tokenizer");
        this.tokenizer = checkpoint.tokenizer(saved == null || saved.equals("null") ? null : saved);
        this.maxLength =
                Math.min(
                        checkpoint.encoder().maxPositions(),
                        Integer.parseInt(metadata.getOrDefault("cglora.max_length", "128")));
        this.session =
                new Session(
                        new JvmEngine(Runtime.getRuntime().availableProcessors()),
                        model,
                        checkpoint,
                        false);
        checkpoint.weights().release();
        AdapterLoading.load(session, adapter, place.toString());
    }

    private static List<String> numbered(int classes) {
        var names = new ArrayList<String>();
        for (int i = 0; i < classes; i++) {
            names.add("LABEL_" + i);
        }
        return names;
    }

    /// One answer an example: the label and its probabilities, or the number of a regression.
    public List<Map<String, Object>> predict(List<RawExample> examples) {
        Dataset data = Dataset.of(examples, tokenizer, null, maxLength, "input");
        Evaluation evaluation =
                session.evaluate(
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
