package cglora.models.data;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import java.util.stream.IntStream;
import org.apache.commons.rng.sampling.ArraySampler;

/// Batches whose rows hold several prompts with their answers. The rows stay the same in all
/// epochs, their order does not.
///
/// @param data    with tokens for answers, each at the end of its example
/// @param packing of the data
/// @param batcher with the number of rows, the buckets of their widths, and the id of padding
public record PackedBatches(Dataset data, Packing packing, Batcher batcher)
        implements TrainingBatches {
    @Override
    public int size() {
        return Math.ceilDiv(packing.rows(), batcher.batchSize());
    }

    @Override
    public BatchShape largest() {
        return shape(IntStream.range(0, packing.rows()).toArray());
    }

    @Override
    public List<Batch> epoch(long seed, int epoch) {
        int[] order = order(seed, epoch);
        return new Rows(order);
    }

    @Override
    public long positions(long seed, int epoch) {
        int[] order = order(seed, epoch);
        long positions = 0;
        for (int i = 0; i < size(); i++) {
            positions += (long) batcher.batchSize() * width(rows(order, i));
        }
        return positions;
    }

    private int[] order(long seed, int epoch) {
        int[] order = Batcher.places(packing.rows());
        ArraySampler.shuffle(Batcher.random(seed, epoch), order);
        return order;
    }

    private int[] rows(int[] order, int batch) {
        int from = batch * batcher.batchSize();
        return Arrays.copyOfRange(order, from, Math.min(order.length, from + batcher.batchSize()));
    }

    private final class Rows extends AbstractList<Batch> implements RandomAccess {
        private final int[] order;

        Rows(int[] order) {
            this.order = order;
        }

        @Override
        public int size() {
            return PackedBatches.this.size();
        }

        @Override
        public Batch get(int place) {
            return batch(rows(order, place));
        }
    }

    private int width(int[] rows) {
        int longest = 0;
        for (int row : rows) {
            int tokens = 0;
            for (int example : packing.row(row)) {
                tokens += data.tokens().length(example);
            }
            longest = Math.max(longest, tokens);
        }
        return batcher.width(longest);
    }

    private BatchShape shape(int[] rows) {
        int most = 1;
        for (int row : rows) {
            int asked = 0;
            for (int example : packing.row(row)) {
                for (int token : data.answers().get(example)) {
                    asked += token >= 0 ? 1 : 0;
                }
            }
            most = Math.max(most, asked);
        }
        int[] buckets = Batcher.defaultTargetBuckets(packing.capacity());
        return new BatchShape(
                batcher.batchSize(), width(rows), Batcher.bucket(most, buckets), true);
    }

    private Batch batch(int[] rows) {
        BatchShape shape = shape(rows);
        int width = shape.width();
        int[] ids = new int[shape.rows() * width];
        Arrays.fill(ids, batcher.padId());
        int[] starts = new int[ids.length];
        Arrays.fill(starts, width);
        int[] lengths = new int[shape.rows()];
        int[] tokens = new int[shape.rows() * shape.targetWidth()];
        Arrays.fill(tokens, -1);
        int[] places = tokens.clone();
        for (int row = 0; row < rows.length; row++) {
            int from = 0;
            int term = row * shape.targetWidth();
            for (int example : packing.row(rows[row])) {
                int[] sequence = data.tokens().get(example).inputIds();
                int end = from + sequence.length;
                System.arraycopy(sequence, 0, ids, row * width + from, sequence.length);
                Arrays.fill(starts, row * width + from, row * width + end, from);
                int[] answer = data.answers().get(example);
                requirePrompt(example, sequence, answer);
                for (int i = 0; i < answer.length; i++) {
                    if (answer[i] >= 0) {
                        tokens[term] = answer[i];
                        places[term++] = end - answer.length + i - 1;
                    }
                }
                from = end;
            }
            lengths[row] = from;
        }
        return new Batch(
                shape.rows(),
                width,
                Arrays.stream(rows).flatMap(row -> Arrays.stream(packing.row(row))).toArray(),
                ids,
                new int[ids.length],
                lengths,
                new int[shape.rows()],
                new float[shape.rows()],
                new TokenTargets(shape.targetWidth(), tokens, tokens, places),
                starts);
    }

    /// Nothing stands in front of the first token of an example: it can't be asked for.
    private static void requirePrompt(int example, int[] sequence, int[] answer) {
        if (answer.length >= sequence.length) {
            throw new IllegalArgumentException(
                    "example %d of %d tokens is asked for %d"
                            .formatted(example, sequence.length, answer.length));
        }
    }
}
