package cglora.models.training;

import cglora.kernels.program.DataType;
import cglora.kernels.program.Program;
import cglora.models.block.ModelBuilder;
import cglora.models.data.Batch;
import cglora.models.data.BatchShape;
import cglora.models.data.TokenSample;
import cglora.models.graph.GatherRows;
import cglora.models.graph.Graph;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The logits of a sample of tokens, each given the true tokens in front of it. The others of a
/// batch stay on the engine: a vocabulary's logits of all tokens are many.
final class TokenLogits {
    private static final String PLACES = "places";
    private static final String LOGITS = "logits";

    /// @param most tokens of the sample that one batch has
    private record Key(BatchShape shape, int most) {}

    private final Session session;
    private final Map<Key, BatchProgram> programs = new HashMap<>();

    TokenLogits(Session session) {
        this.session = session;
    }

    /// Programs are made anew: the adapters are others.
    void forgetPrograms() {
        programs.clear();
    }

    /// @param batches of the sample's examples
    /// @return [tokens][classes], in the sample's order
    /// @throws StoppedException when somebody asked to stop
    float[][] of(TokenSample sample, List<Batch> batches) {
        float[][] logits = new float[sample.size()][];
        int most = most(sample, batches);
        Evaluator.widest(batches)
                .ifPresent(b -> session.engine().reserve(program(b.shape(), most).plan()));
        for (Batch batch : batches) {
            session.requireGoing();
            int[] members = sample.members(batch);
            int[] places = Arrays.copyOf(sample.places(batch), most);
            Arrays.fill(places, members.length, most, -1);
            BatchProgram program = program(batch.shape(), most);
            program.feed(batch);
            program.write(PLACES, places);
            program.run();
            float[] rows = program.read(LOGITS);
            int classes = rows.length / most;
            for (int i = 0; i < members.length; i++) {
                logits[members[i]] = Arrays.copyOfRange(rows, i * classes, (i + 1) * classes);
            }
        }
        return logits;
    }

    private static int most(TokenSample sample, List<Batch> batches) {
        return batches.stream().mapToInt(sample::count).max().orElse(0);
    }

    /// The program for the widest batch, planned but not run.
    Program planned(TokenSample sample, List<Batch> batches) {
        BatchShape widest = Evaluator.widest(batches).orElseThrow().shape();
        return program(widest, most(sample, batches)).plan();
    }

    private BatchProgram program(BatchShape shape, int most) {
        return programs.computeIfAbsent(new Key(shape, most), this::load);
    }

    private BatchProgram load(Key key) {
        var graph = new Graph("logits of tokens " + key.shape());
        var builder = new ModelBuilder(graph, session.parameters(), session.adapters(), null);
        TaskGraph task = session.task().graph(builder, key.shape());
        Tensor places = graph.input(PLACES, DataType.INT32, Shape.of(key.most()));
        Tensor taken = graph.apply(new GatherRows(task.logits(), places, null));
        return new BatchProgram(
                session.engine().load(graph.compile(List.of(taken))),
                task,
                Map.of(PLACES, places.buffer(), LOGITS, taken.buffer()));
    }
}
