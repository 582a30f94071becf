package cglora.pipeline.bench;

import cglora.models.bert.BertConfig;
import cglora.models.bert.BertModel;
import cglora.models.block.Body;
import cglora.models.block.ParameterSpec;
import cglora.models.family.PretrainedModel;
import cglora.models.weights.WeightSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The shape of a model with random weights, as BERT's authors draw them before pretraining:
/// matrices normal with deviation 0.02, gains of norms 1, everything else 0. Nothing is on disk: a
/// tensor is drawn when it is read, from its name.
final class RandomCheckpoint implements WeightSource {
    private static final double DEVIATION = 0.02;

    /// Elements that one generator draws.
    private static final int BLOCK = 4096;

    private static final Pattern GAIN = Pattern.compile("(?i)norm\\.weight$");

    private final Map<String, ParameterSpec> parameters = new LinkedHashMap<>();

    private RandomCheckpoint(Body body) {
        body.parameters().forEach(spec -> parameters.put(spec.name(), spec));
    }

    static PretrainedModel of(BertConfig config) {
        return of(new BertModel(config), JsonMapper.shared().createObjectNode());
    }

    /// @param config the body's `config.json`
    static PretrainedModel of(Body body, JsonNode config) {
        return new PretrainedModel(
                body, new RandomCheckpoint(body), config, "random weights", false);
    }

    @Override
    public Set<String> names() {
        return parameters.keySet();
    }

    @Override
    public long[] shape(String name) {
        int[] extents = parameters.get(name).extents();
        long[] shape = new long[extents.length];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = extents[i];
        }
        return shape;
    }

    @Override
    public String dtype(String name) {
        return "F32";
    }

    @Override
    public void read(String name, int first, int count, float[] target, int offset) {
        if (parameters.get(name).kind() != ParameterSpec.Kind.MATRIX) {
            float constant = GAIN.matcher(name).find() ? 1 : 0;
            Arrays.fill(target, offset, offset + count, constant);
            return;
        }
        for (int block = first / BLOCK; (long) block * BLOCK < (long) first + count; block++) {
            var random = new SplittableRandom(31L * name.hashCode() + block);
            for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                double drawn = DEVIATION * random.nextGaussian();
                if (i >= first && i < first + count) {
                    target[offset + i - first] = (float) drawn;
                }
            }
        }
    }

    @Override
    public long readingBytes() {
        return 0;
    }

    @Override
    public String description() {
        return "random weights";
    }

    @Override
    public void close() {
        // nothing is open
    }
}
