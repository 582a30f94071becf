package cglora.pipeline.bench;

import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.WordNetGlosses;
import cglora.models.tokenizer.Tokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.CgLoraStart.Sample;
import cglora.models.training.HeadWarmup;
import cglora.models.training.Session;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The examples of an initialisation and the head that it starts from. They are made once, and
/// read by the processes that measure: what makes them leaves no trace in a measured memory.
///
/// @param examples tokenised: calibration, step and held-out examples, in this order
/// @param weight   of the head, fitted on others
/// @param bias     of the head
record InitData(InitModel model, Dataset examples, float[] weight, float[] bias) {
    static final String HEAD = "classifier.weight";
    static final String HEAD_BIAS = "classifier.bias";

    /// Examples a batch where nothing is measured.
    private static final int BATCH = 32;

    /// Share of the head's examples on which its ℓ₂ is chosen.
    private static final double L2_SHARE = 0.2;

    Dataset calibration() {
        return examples.slice(0, model.samples);
    }

    /// @param batch examples a batch
    Sample step(int batch) {
        return sample(examples.slice(model.samples, model.samples + model.stepSamples), batch);
    }

    Sample heldOut() {
        return sample(examples.slice(model.samples + model.stepSamples, examples.size()), BATCH);
    }

    /// @param batch examples a batch
    Sample sample(Dataset data, int batch) {
        return new Sample(model.batcher(batch).sequential(data), data);
    }

    void writeHead(Session session) {
        session.write(HEAD, weight);
        session.write(HEAD_BIAS, bias);
    }

    /// WordNet's definitions in the order of seed 0, with a head that is fitted to the first of
    /// them by the model on `session`.
    static InitData make(InitModel model, Session session) {
        int held = (int) Math.round(L2_SHARE * model.headExamples);
        int head = model.headExamples + held;
        int count = head + model.samples + model.stepSamples + model.heldOutSamples();
        Dataset all = draw(count, session.model().labels().names().size());
        Dataset fitted = all.slice(0, model.headExamples);
        Dataset others = all.slice(model.headExamples, head);
        HeadWarmup.Head found =
                HeadWarmup.defaults()
                        .classification(
                                session.evaluator()
                                        .features(
                                                model.batcher(BATCH).sequential(fitted),
                                                fitted.size()),
                                fitted.labels(),
                                session.model().outputs(),
                                session.evaluator()
                                        .features(
                                                model.batcher(BATCH).sequential(others),
                                                others.size()),
                                others.labels());
        return new InitData(model, all.slice(head, count), found.weight(), found.bias());
    }

    private static Dataset draw(int count, int classes) {
        String source = WordNetGlosses.RESOURCE;
        try (InputStream stream = InitData.class.getResourceAsStream("/" + source);
                InputStream vocabulary =
                        InitData.class.getResourceAsStream("/all-minilm-l6-v2-tokenizer.json");
                Tokenizer tokenizer = Tokenizer.load(vocabulary, "all-minilm-l6-v2")) {
            List<RawExample> all = WordNetGlosses.read(stream);
            Labels labels = Labels.find(all, source);
            if (labels.names().size() != classes) {
                throw new IllegalStateException(labels.names().size() + " classes of " + source);
            }
            var drawn = new ArrayList<RawExample>();
            for (int place : Batcher.draw(all.size(), count, 0)) {
                drawn.add(all.get(place));
            }
            return Dataset.of(drawn, tokenizer, labels, InitModel.MAX_LENGTH, source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void write(Path file) {
        try (var out = new DataOutputStream(Files.newOutputStream(file))) {
            out.writeInt(examples.size());
            for (int i = 0; i < examples.size(); i++) {
                out.writeInt(examples.labels()[i]);
                int[] ids = examples.tokens().get(i).inputIds();
                out.writeInt(ids.length);
                for (int id : ids) {
                    out.writeInt(id);
                }
            }
            for (float[] values : List.of(weight, bias)) {
                out.writeInt(values.length);
                for (float value : values) {
                    out.writeFloat(value);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static InitData read(InitModel model, Path file) {
        try (var in = new DataInputStream(Files.newInputStream(file))) {
            byte[] all = in.readAllBytes();
            var values = new DataInputStream(new java.io.ByteArrayInputStream(all));
            int count = values.readInt();
            int[] labels = new int[count];
            var tokens = new ArrayList<Tokens>();
            for (int i = 0; i < count; i++) {
                labels[i] = values.readInt();
                int[] ids = new int[values.readInt()];
                for (int t = 0; t < ids.length; t++) {
                    ids[t] = values.readInt();
                }
                tokens.add(new Tokens(ids, new int[ids.length], ids.length));
            }
            var data = new Dataset(tokens, labels, new float[count], 0, InitModel.MAX_LENGTH);
            return new InitData(model, data, floats(values), floats(values));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static float[] floats(DataInputStream in) throws IOException {
        float[] values = new float[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readFloat();
        }
        return values;
    }
}
