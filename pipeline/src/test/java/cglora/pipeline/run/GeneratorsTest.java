package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.models.block.EncoderDecoder;
import cglora.models.data.Batch;
import cglora.models.data.Batcher;
import cglora.models.data.Dataset;
import cglora.models.family.PretrainedModel;
import cglora.models.generation.Sampling;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.training.CausalGenerator;
import cglora.models.training.CausalLanguageModel;
import cglora.models.training.Seq2Seq;
import cglora.models.training.Seq2SeqGenerator;
import cglora.models.training.Session;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Which generators a predictor makes, and how many programs.
class GeneratorsTest {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");

    /// An engine that computes as another one does, says that it compiles, and notes which programs
    /// run.
    private record Compiling(Engine engine, Set<Program> compiled) implements Engine {
        Compiling() {
            this(new JvmEngine(1), new HashSet<>());
        }

        @Override
        public boolean compiles() {
            return true;
        }

        @Override
        public LoadedProgram load(Program program) {
            compiled.add(program);
            return engine.load(program);
        }

        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public int parallelism() {
            return engine.parallelism();
        }

        @Override
        public void allocate(Layout layout) {
            engine.allocate(layout);
        }

        @Override
        public void release(Layout layout) {
            engine.release(layout);
        }

        @Override
        public void fill(Buffer buffer, Filler filler) {
            engine.fill(buffer, filler);
        }

        @Override
        public float[] read(Buffer buffer) {
            return engine.read(buffer);
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    private static PretrainedModel decoder() {
        return PretrainedModel.load(MODELS.resolve("qwen2/causal").toString(), Map.of());
    }

    private static Session session(Engine engine, PretrainedModel model) {
        var task = new CausalLanguageModel(model.causalDecoder());
        return new Session(engine, task, model, false);
    }

    /// Prompts of the tokens 3, 4, ….
    private static List<int[]> prompts(int... lengths) {
        return IntStream.of(lengths).mapToObj(n -> IntStream.range(3, 3 + n).toArray()).toList();
    }

    private static List<int[]> write(Generators generators, List<int[]> prompts) {
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
        CausalGenerator generator =
                generators.continuing(generators.rows(prompts.size()), longest + 3);
        return generator.write(
                prompts, new CausalGenerator.Options(3, Set.of(), Sampling.GREEDY, 0));
    }

    @Test
    void anEngineThatCompilesWritesTheSameWithFewPrograms() {
        List<List<int[]>> asked =
                List.of(prompts(5, 3, 4), prompts(2), prompts(12, 9), prompts(13), prompts(1, 7));
        var compiling = new Compiling();
        try (PretrainedModel model = decoder();
                Session tight = session(new JvmEngine(1), model);
                Session roomy = session(compiling, model);
                var each = new Generators(tight, model.padTokenId());
                var kept = new Generators(roomy, model.padTokenId())) {
            for (List<int[]> prompts : asked) {
                assertThat(write(kept, prompts)).containsExactlyElementsOf(write(each, prompts));
            }
        }
        // prompts and a step of 4 rows, first over 8 positions, then over 16
        assertThat(compiling.compiled().size()).isEqualTo(4);
    }

    @Test
    void roomGrowsToTheModelsPositionsAndNoFurther() {
        try (PretrainedModel model = decoder();
                Session session = session(new Compiling(), model);
                var generators = new Generators(session, model.padTokenId())) {
            CausalGenerator first = generators.continuing(generators.rows(3), 9);
            assertThat(first.rows()).isEqualTo(4);
            assertThat(first.positions()).isEqualTo(16);
            assertThat(generators.continuing(2, 16)).isSameAs(first);
            assertThat(generators.continuing(2, 17).positions()).isEqualTo(24);
            assertThat(generators.rows(100)).isEqualTo(16);
            assertThatThrownBy(() -> generators.continuing(2, 25))
                    .hasMessageContaining("25 tokens")
                    .hasMessageContaining("24 positions");
        }
    }

    @Test
    void sourcesShareFewWidths() {
        var compiling = new Compiling();
        try (PretrainedModel model =
                        PretrainedModel.load(MODELS.resolve("t5").toString(), Map.of());
                Session tight = session(new JvmEngine(1), model.encoderDecoder(), model);
                Session roomy = session(compiling, model.encoderDecoder(), model);
                var each = new Generators(tight, model.padTokenId());
                var kept = new Generators(roomy, model.padTokenId())) {
            for (List<int[]> sources : List.of(prompts(30, 4), prompts(3), prompts(20, 18))) {
                assertThat(answers(kept, sources))
                        .containsExactlyElementsOf(answers(each, sources));
            }
        }
        // an encoder and a step for 32 positions, and for 16
        assertThat(compiling.compiled().size()).isEqualTo(4);
    }

    private static Session session(Engine engine, EncoderDecoder body, PretrainedModel model) {
        return new Session(engine, new Seq2Seq(body), model, false);
    }

    private static List<int[]> answers(Generators generators, List<int[]> sources) {
        var tokens = new ArrayList<Tokens>();
        for (int[] ids : sources) {
            tokens.add(new Tokens(ids, new int[ids.length], ids.length));
        }
        int all = sources.size();
        var data = new Dataset(tokens, new int[all], new float[all], 0, 40);
        Batcher batcher = generators.batcher(generators.rows(all), 40);
        Seq2SeqGenerator generator =
                generators.writing(
                        new Seq2SeqGenerator.Options(
                                batcher.batchSize(), batcher.widest(data), 4, 1, 1));
        var found = new ArrayList<int[]>();
        for (Batch batch : batcher.sequential(data)) {
            found.addAll(generator.generate(batch));
        }
        return found;
    }
}
