package cglora.models.training;

import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import cglora.models.block.EncoderDecoder;
import cglora.models.block.EncoderDecoder.DecoderStep;
import cglora.models.block.EncoderDecoder.KeyValues;
import cglora.models.block.ModelBuilder;
import cglora.models.block.Sequences;
import cglora.models.data.Batch;
import cglora.models.generation.Sampling;
import cglora.models.generation.TokenRules;
import cglora.models.graph.Graph;
import cglora.models.graph.PickSequences;
import cglora.models.graph.RowArgMax;
import cglora.models.graph.Scale;
import cglora.models.graph.Shape;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes sequences with an encoder–decoder model, token by token: the likeliest each time, or the
/// best of several beams. The source's keys and values are computed once, and those of the tokens
/// already written are kept.
public final class Seq2SeqGenerator implements AutoCloseable {
    /// How sequences are written.
    ///
    /// @param rows          sources of a batch
    /// @param longestSource positions of a source
    /// @param longest       tokens of an answer, its end included
    /// @param beams         1 for greedy decoding
    /// @param lengthPenalty of beams: above 0 favours long answers
    /// @param early         whether beams stop once as many have ended as there are
    /// @param rules         change what the model says before a token is chosen
    public record Options(
            int rows,
            int longestSource,
            int longest,
            int beams,
            double lengthPenalty,
            boolean early,
            TokenRules rules) {
        /// Every token as the model gives it.
        public Options(int rows, int longestSource, int longest, int beams, double lengthPenalty) {
            this(rows, longestSource, longest, beams, lengthPenalty, false, TokenRules.NONE);
        }

        /// Whether the likeliest tokens are all that is read.
        private boolean choosesThere() {
            return beams == 1 && rules.isNone();
        }

        int total() {
            return rows * beams;
        }
    }

    /// Buffers of one layer's keys and values.
    private record Kept(Buffer keys, Buffer values) {}

    /// @param places    of inputs and results by their names
    /// @param constants what is written before every execution
    private record Loaded(
            LoadedProgram program, Map<String, Tensor> places, Map<Tensor, int[]> constants) {
        void run() {
            constants.forEach((tensor, values) -> program.write(tensor.buffer(), values));
            program.run();
        }

        void write(String name, int[] values) {
            program.write(places.get(name).buffer(), values);
        }

        float[] read(String name) {
            return program.read(places.get(name).buffer());
        }
    }

    private final Session session;
    private final EncoderDecoder body;
    private final Options options;
    private final List<Kept> ofSource = new ArrayList<>();
    private final List<Kept> written = new ArrayList<>();
    private final Map<String, Loaded> programs = new HashMap<>();
    private final Layout layout;

    /// Places the memory of the decoder on the session's engine.
    ///
    /// @throws IllegalArgumentException for a session with another task
    public Seq2SeqGenerator(Session session, Options options) {
        if (!(session.task() instanceof Seq2Seq(EncoderDecoder of))) {
            throw new IllegalArgumentException(session.task() + " writes no sequences");
        }
        this.session = session;
        this.layout = session.engine().layout();
        this.body = of;
        this.options = options;
        for (int i = 0; i < body.decoderLayers(); i++) {
            ofSource.add(place("source." + i, options.longestSource()));
            written.add(place("written." + i, options.longest()));
        }
        session.engine().allocate(layout);
    }

    private Kept place(String name, int positions) {
        long size = (long) options.total() * positions * body.cacheSize();
        return new Kept(
                layout.allocate(Region.STATE, name + ".keys", size),
                layout.allocate(Region.STATE, name + ".values", size));
    }

    /// What it was made for.
    public Options options() {
        return options;
    }

    /// The answer to each example of a batch, without the token that ends it.
    ///
    /// @param batch of [Options#rows] sequences
    /// @throws StoppedException when somebody asked to stop
    public List<int[]> generate(Batch batch) {
        if (batch.rows() != options.rows()) {
            throw new IllegalArgumentException(
                    batch.rows() + " sequences, expected " + options.rows());
        }
        encode(batch);
        return options.beams() == 1 ? greedy(batch) : beams(batch);
    }

    private void encode(Batch batch) {
        Loaded encode =
                programs.computeIfAbsent("encode " + batch.width(), _ -> encoder(batch.width()));
        encode.write("words", batch.inputIds());
        encode.write("lengths", batch.lengths());
        encode.write("order", spread());
        encode.run();
    }

    /// The source of each row of the decoder.
    private int[] spread() {
        int[] order = new int[options.total()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i / options.beams();
        }
        return order;
    }

    private List<int[]> greedy(Batch batch) {
        int rows = options.rows();
        int[][] answers = new int[batch.examples().length][];
        int[][] tokens = new int[rows][options.longest()];
        int[] words = new int[rows];
        Arrays.fill(words, body.startTokenId());
        int left = answers.length;
        for (int position = 0; position < options.longest() && left > 0; position++) {
            float[] choice = choice(batch, step(batch, words, position), tokens, position);
            for (int row = 0; row < rows; row++) {
                words[row] = (int) choice[row];
                tokens[row][position] = words[row];
                boolean ends = words[row] == body.endTokenId();
                if (row < answers.length && answers[row] == null && ends) {
                    answers[row] = Arrays.copyOf(tokens[row], position);
                    left--;
                }
            }
        }
        var all = new ArrayList<int[]>();
        for (int row = 0; row < answers.length; row++) {
            all.add(answers[row] == null ? tokens[row] : answers[row]);
        }
        return all;
    }

    /// The next token of each row.
    private float[] choice(Batch batch, Loaded step, int[][] written, int position) {
        if (options.choosesThere()) {
            return step.read("choice");
        }
        float[] logits = step.read("logits");
        int vocabulary = body.vocabularySize();
        float[] choice = new float[options.rows()];
        for (int row = 0; row < choice.length; row++) {
            int[] tokens = Arrays.copyOf(written[row], position);
            options.rules().apply(logits, row * vocabulary, vocabulary, text(batch, row, tokens));
            choice[row] = Sampling.GREEDY.choose(logits, row * vocabulary, vocabulary, null);
        }
        return choice;
    }

    /// What stands in a row of the decoder: the token that starts it, and what was written.
    private TokenRules.Text text(Batch batch, int row, int[] written) {
        int[] tokens = new int[written.length + 1];
        tokens[0] = body.startTokenId();
        System.arraycopy(written, 0, tokens, 1, written.length);
        int from = row * batch.width();
        int[] source = Arrays.copyOfRange(batch.inputIds(), from, from + batch.lengths()[row]);
        return new TokenRules.Text(tokens, 1, options.longest(), source);
    }

    private List<int[]> beams(Batch batch) {
        int beams = options.beams();
        var searches = new ArrayList<BeamSearch>();
        for (int row = 0; row < batch.examples().length; row++) {
            searches.add(search(batch, row));
        }
        int[] words = new int[options.total()];
        Arrays.fill(words, body.startTokenId());
        int[] order = new int[options.total()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        int position = 0;
        while (searches.stream().anyMatch(BeamSearch::isOpen)) {
            float[] logits = step(batch, words, position++).read("logits");
            for (int row = 0; row < searches.size(); row++) {
                BeamSearch search = searches.get(row);
                if (!search.isOpen()) {
                    continue;
                }
                search.advance(logits, row * beams, body.vocabularySize());
                for (int b = 0; b < beams; b++) {
                    order[row * beams + b] = row * beams + search.parent(b);
                    words[row * beams + b] = search.lastToken(b);
                }
            }
            Loaded reorder = programs.computeIfAbsent("reorder", _ -> reordering());
            reorder.write("order", order);
            reorder.run();
        }
        return searches.stream().map(search -> withoutEnd(search.answer())).toList();
    }

    private BeamSearch search(Batch batch, int row) {
        TokenRules rules = options.rules();
        int vocabulary = body.vocabularySize();
        return new BeamSearch(
                options.beams(),
                body.endTokenId(),
                options.longest(),
                options.lengthPenalty(),
                options.early(),
                rules.isNone()
                        ? (_, _) -> {}
                        : (scores, written) ->
                                rules.apply(scores, 0, vocabulary, text(batch, row, written)));
    }

    private int[] withoutEnd(int[] tokens) {
        boolean ends = tokens.length > 0 && tokens[tokens.length - 1] == body.endTokenId();
        return ends ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
    }

    /// Runs the decoder for one token of every row.
    private Loaded step(Batch batch, int[] words, int position) {
        session.requireGoing();
        Loaded step =
                programs.computeIfAbsent("step " + batch.width(), _ -> decoder(batch.width()));
        int[] lengths = new int[options.total()];
        Arrays.fill(lengths, position + 1);
        int[] source = new int[options.total()];
        for (int i = 0; i < source.length; i++) {
            source[i] = batch.lengths()[i / options.beams()];
        }
        step.write("words", words);
        int[] starts = new int[options.total()];
        Arrays.fill(starts, position);
        step.write("starts", starts);
        step.write("lengths", lengths);
        step.write("buckets", body.stepBuckets(position, options.longest()));
        step.write("source", source);
        int[] ones = new int[options.total()];
        Arrays.fill(ones, 1);
        step.write("ones", ones);
        step.run();
        return step;
    }

    private Loaded encoder(int width) {
        var graph = new Graph("generate: encode " + width);
        var builder = builder(graph);
        Sequences source = Seq2Seq.sequences(graph, "", options.rows(), width);
        Tensor order = ints(graph, "order", options.total());
        List<KeyValues> all = body.sourceKeys(builder, body.encode(builder, source));
        for (int i = 0; i < all.size(); i++) {
            Tensor keys = graph.apply(new PickSequences(all.get(i).keys(), order, width));
            Tensor values = graph.apply(new PickSequences(all.get(i).values(), order, width));
            graph.store(keys, part(ofSource.get(i).keys(), width));
            graph.store(values, part(ofSource.get(i).values(), width));
        }
        return load(
                graph,
                builder,
                Map.of("words", source.words(), "lengths", source.lengths(), "order", order),
                List.of());
    }

    /// The first elements, as many as sources of `width` positions need.
    private Buffer part(Buffer whole, int width) {
        return whole.view(whole.name(), 0, options.total() * width * body.cacheSize());
    }

    private Loaded decoder(int width) {
        var graph = new Graph("generate: step " + width);
        var builder = builder(graph);
        int rows = options.total();
        Tensor words = ints(graph, "words", rows);
        Tensor source = ints(graph, "source", rows);
        var caches = new ArrayList<KeyValues>();
        var sources = new ArrayList<KeyValues>();
        for (int i = 0; i < body.decoderLayers(); i++) {
            Kept cache = written.get(i);
            caches.add(
                    new KeyValues(
                            kept(graph, cache.keys(), options.longest()),
                            kept(graph, cache.values(), options.longest())));
            Kept of = ofSource.get(i);
            sources.add(
                    new KeyValues(
                            kept(graph, part(of.keys(), width), width),
                            kept(graph, part(of.values(), width), width)));
        }
        var step =
                new DecoderStep(
                        ints(graph, "starts", rows),
                        ints(graph, "lengths", rows),
                        ints(graph, "ones", rows),
                        ints(graph, "buckets", options.longest()),
                        caches);
        Tensor hidden = body.decodeStep(builder, words, step, sources, source);
        Tensor logits = body.logits(builder, hidden);
        var places = new HashMap<String, Tensor>();
        places.put("words", words);
        places.put("source", source);
        places.put("starts", step.starts());
        places.put("lengths", step.lengths());
        places.put("ones", step.ones());
        places.put("buckets", step.buckets());
        boolean choosesThere = options.choosesThere();
        Tensor result = choosesThere ? graph.apply(new RowArgMax(logits)) : logits;
        places.put(choosesThere ? "choice" : "logits", result);
        return load(graph, builder, places, List.of(result));
    }

    /// What is written of each row becomes that of another one.
    private Loaded reordering() {
        var graph = new Graph("generate: reorder");
        Tensor order = ints(graph, "order", options.total());
        for (Kept cache : written) {
            for (Buffer buffer : List.of(cache.keys(), cache.values())) {
                Tensor kept = kept(graph, buffer, options.longest());
                Tensor picked = graph.apply(new PickSequences(kept, order, options.longest()));
                graph.store(graph.apply(new Scale(picked, 1f)), buffer);
            }
        }
        return load(graph, builder(graph), Map.of("order", order), List.of());
    }

    private ModelBuilder builder(Graph graph) {
        return new ModelBuilder(graph, session.parameters(), session.adapters(), null);
    }

    private static Tensor ints(Graph graph, String name, int length) {
        return graph.input(name, DataType.INT32, Shape.of(length));
    }

    private Tensor kept(Graph graph, Buffer buffer, int positions) {
        return graph.persistent(
                buffer.name(), Shape.of(options.total() * positions, body.cacheSize()), buffer);
    }

    private Loaded load(
            Graph graph, ModelBuilder builder, Map<String, Tensor> places, List<Tensor> results) {
        return new Loaded(
                session.engine().load(graph.compile(results)), places, builder.constants());
    }

    /// Gives back the memory of the decoder.
    @Override
    public void close() {
        session.engine().release(layout);
    }
}
