package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.models.block.BatchInputs;
import cglora.models.block.CausalDecoder;
import cglora.models.block.ModelBuilder;
import cglora.models.generation.Sampling;
import cglora.models.generation.TokenRules;
import cglora.models.graph.Graph;
import cglora.models.graph.LastPool;
import cglora.models.graph.RowArgMax;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;

/// Writes on behind prompts, token by token. The prompts go through the model at once; from then
/// on a step computes one token of each sequence, over the keys and values that are kept of all
/// before. These stay on the engine: a step takes tokens and their places there, and brings back
/// the likeliest tokens or, where something is drawn, the logits.
public final class CausalGenerator implements AutoCloseable {
    /// How much is written, and how.
    ///
    /// @param most new tokens of a sequence at most
    /// @param ends tokens behind which a sequence is over; they are part of what is given
    /// @param seed of what is drawn; each prompt draws for itself, whatever is beside it
    /// @param rules change what the model says before a token is chosen
    public record Options(
            int most, Set<Integer> ends, Sampling sampling, long seed, TokenRules rules) {
        /// Every token as the model gives it.
        public Options(int most, Set<Integer> ends, Sampling sampling, long seed) {
            this(most, ends, sampling, seed, TokenRules.NONE);
        }

        public Options {
            ends = Set.copyOf(ends);
            if (most < 1) {
                throw new CgloraException(
                        ErrorCode.O_RANGE,
                        "",
                        "max_new_tokens " + most + ", expected 1 or more",
                        "");
            }
        }
    }

    /// A program and its places.
    ///
    /// @param logits of the tokens that come next [rows, vocabulary]
    /// @param choice the likeliest of them [rows]
    /// @param scores where logits are read to, until the next execution
    private record Pass(
            LoadedProgram program,
            BatchInputs inputs,
            Tensor starts,
            Tensor logits,
            Tensor choice,
            float[] scores) {}

    /// Prompts are filled up to multiples of this, or where programs are compiled to powers of two
    /// from it on, so that few programs are needed.
    private static final int WIDTH = 16;

    private final Session session;
    private final CausalDecoder decoder;
    private final CausalLanguageModel model;
    private final int rows;
    private final int positions;
    private final int padId;
    private final Layout layout;
    private final List<Buffer> keys = new ArrayList<>();
    private final List<Buffer> values = new ArrayList<>();
    private final Map<Integer, Pass> prompts = new HashMap<>();
    private Pass step;

    /// Takes the memory for what is kept.
    ///
    /// @param session   of a [CausalLanguageModel]
    /// @param rows      sequences at a time
    /// @param positions tokens of a sequence, prompt included
    /// @param padId     fills up prompts
    public CausalGenerator(Session session, int rows, int positions, int padId) {
        this.session = session;
        this.layout = session.engine().layout();
        this.model = (CausalLanguageModel) session.task();
        this.decoder = model.decoder();
        this.rows = rows;
        this.positions = positions;
        this.padId = padId;
        if (positions > decoder.maxPositions()) {
            throw new CgloraException(
                    ErrorCode.D_LENGTH,
                    "",
                    "%d tokens with what is to be written, the model has %d positions"
                            .formatted(positions, decoder.maxPositions()),
                    "shorten the text, or lower max_new_tokens");
        }
        long length = (long) rows * positions * decoder.keptSize();
        for (int i = 0; i < decoder.keptLayers(); i++) {
            keys.add(layout.allocate(Region.STATE, "keys." + i, length));
            values.add(layout.allocate(Region.STATE, "values." + i, length));
        }
        session.engine().allocate(layout);
    }

    /// Sequences at a time.
    public int rows() {
        return rows;
    }

    /// Tokens of a sequence, prompt included.
    public int positions() {
        return positions;
    }

    private int width(int longest) {
        int filled =
                session.engine().compiles()
                        ? Math.max(WIDTH, Integer.highestOneBit(2 * longest - 1))
                        : Math.ceilDiv(longest, WIDTH) * WIDTH;
        return Math.min(positions, filled);
    }

    /// What follows each prompt, without the prompt.
    ///
    /// @param texts the prompts' tokens, at most as many as there are rows, none of them empty
    public List<int[]> write(List<int[]> texts, Options options) {
        int longest = texts.stream().mapToInt(p -> p.length).max().orElse(0);
        require(texts, longest, options);
        int width = width(longest);
        int[] lengths = new int[rows];
        int[] ids = new int[rows * width];
        Arrays.fill(ids, padId);
        for (int row = 0; row < texts.size(); row++) {
            int[] prompt = texts.get(row);
            System.arraycopy(prompt, 0, ids, row * width, prompt.length);
            lengths[row] = prompt.length;
        }
        for (int row = texts.size(); row < rows; row++) {
            lengths[row] = 1; // one token of padding, so that a step has something to go on from
        }
        var random = new ArrayList<Random>();
        for (int row = 0; row < rows; row++) {
            random.add(
                    new Random(
                            options.seed() * 1_000_003L
                                    + Arrays.hashCode(
                                            row < texts.size() ? texts.get(row) : new int[0])));
        }
        int[][] written = new int[texts.size()][options.most()];
        int[] counts = new int[texts.size()];
        boolean[] over = new boolean[texts.size()];
        Pass pass = prompt(ids, lengths, width);
        while (true) {
            int[] chosen =
                    chosen(
                            pass,
                            options,
                            random,
                            over,
                            row -> text(texts.get(row), written[row], counts[row], options));
            int[] next = new int[rows];
            Arrays.fill(next, padId);
            boolean all = true;
            for (int row = 0; row < texts.size(); row++) {
                if (over[row]) {
                    continue;
                }
                next[row] = chosen[row];
                written[row][counts[row]++] = next[row];
                over[row] = options.ends().contains(next[row]) || counts[row] == options.most();
                all &= over[row];
                lengths[row] += over[row] ? 0 : 1;
            }
            if (all) {
                break;
            }
            session.requireGoing();
            pass = step(next, lengths);
        }
        var result = new ArrayList<int[]>();
        for (int row = 0; row < written.length; row++) {
            result.add(Arrays.copyOf(written[row], counts[row]));
        }
        return result;
    }

    private static TokenRules.Text text(int[] prompt, int[] written, int count, Options options) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + count);
        System.arraycopy(written, 0, tokens, prompt.length, count);
        return new TokenRules.Text(tokens, prompt.length, options.most(), prompt);
    }

    /// The next token of each sequence that is not over.
    ///
    /// @param texts what stands in a row
    private int[] chosen(
            Pass pass,
            Options options,
            List<Random> random,
            boolean[] over,
            IntFunction<TokenRules.Text> texts) {
        int[] chosen = new int[over.length];
        TokenRules rules = options.rules();
        if (options.sampling().isGreedy() && rules.isNone()) {
            float[] likeliest = pass.program().read(pass.choice().buffer());
            for (int row = 0; row < chosen.length; row++) {
                chosen[row] = (int) likeliest[row];
            }
            return chosen;
        }
        int vocabulary = decoder.vocabularySize();
        float[] logits = pass.scores();
        pass.program().read(pass.logits().buffer(), logits);
        for (int row = 0; row < chosen.length; row++) {
            if (!over[row]) {
                int at = row * vocabulary;
                if (!rules.isNone()) {
                    rules.apply(logits, at, vocabulary, texts.apply(row));
                }
                chosen[row] = options.sampling().choose(logits, at, vocabulary, random.get(row));
            }
        }
        return chosen;
    }

    private void require(List<int[]> prompts, int longest, Options options) {
        if (prompts.isEmpty() || prompts.size() > rows) {
            throw new IllegalArgumentException(prompts.size() + " prompts, expected 1 … " + rows);
        }
        if (prompts.stream().anyMatch(prompt -> prompt.length == 0)) {
            throw new CgloraException(
                    ErrorCode.D_EMPTY, "", "a prompt has no tokens", "give it a text");
        }
        if (longest + options.most() - 1 > positions) {
            throw new IllegalArgumentException(
                    "%d + %d tokens, there are %d positions"
                            .formatted(longest, options.most(), positions));
        }
    }

    /// Runs the prompts.
    private Pass prompt(int[] ids, int[] lengths, int width) {
        Pass pass =
                prompts.computeIfAbsent(width, w -> prepared("prompt " + rows + "×" + w, w, false));
        return run(pass, ids, decoder.positions(ids, width), lengths, new int[rows]);
    }

    /// Runs one more token of each sequence.
    ///
    /// @param lengths with it
    private Pass step(int[] next, int[] lengths) {
        if (step == null) {
            step = prepared("step of " + rows, 1, true);
        }
        int[] before = new int[rows];
        for (int row = 0; row < rows; row++) {
            before[row] = lengths[row] - 1;
        }
        return run(step, next, before, lengths, before);
    }

    private static Pass run(Pass pass, int[] ids, int[] places, int[] lengths, int[] starts) {
        LoadedProgram program = pass.program();
        program.write(pass.inputs().words().buffer(), ids);
        program.write(pass.inputs().positions().buffer(), places);
        program.write(pass.inputs().lengths().buffer(), lengths);
        program.write(pass.starts().buffer(), starts);
        program.run();
        return pass;
    }

    private Pass prepared(String name, int width, boolean goesOn) {
        var graph = new Graph(name);
        var builder = new ModelBuilder(graph, session.parameters(), session.adapters(), null);
        builder.withAdaptersApart();
        BatchInputs inputs = BatchInputs.of(graph, rows, width);
        Tensor starts = graph.input("starts", DataType.INT32, Shape.of(rows));
        var kept = new CausalDecoder.Kept(starts, tensors(graph, keys), tensors(graph, values));
        Tensor hidden = decoder.goOn(builder, kept, inputs, goesOn);
        Tensor last = goesOn ? hidden : graph.apply(new LastPool(hidden, inputs.lengths()));
        Tensor logits = model.logits(builder, last);
        Tensor choice = graph.apply(new RowArgMax(logits));
        return new Pass(
                session.engine().load(graph.compile(List.of(logits, choice))),
                inputs,
                starts,
                logits,
                choice,
                new float[logits.buffer().length()]);
    }

    private List<Tensor> tensors(Graph graph, List<Buffer> buffers) {
        Shape shape = Shape.of(rows * positions, decoder.keptSize());
        return buffers.stream().map(b -> graph.persistent(b.name(), shape, b)).toList();
    }

    /// Gives back what was kept.
    @Override
    public void close() {
        session.engine().release(layout);
    }
}
