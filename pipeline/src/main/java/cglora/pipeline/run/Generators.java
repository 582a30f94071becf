package cglora.pipeline.run;

import cglora.kernels.engine.Engine;
import cglora.models.block.CausalDecoder;
import cglora.models.data.Batcher;
import cglora.models.training.CausalGenerator;
import cglora.models.training.Seq2SeqGenerator;
import cglora.models.training.Session;
import java.util.stream.IntStream;

/// The generators of a predictor. An engine that compiles keeps one as long as it is large enough,
/// and a larger one has twice the room: what it has compiled and what it keeps of tokens stay on
/// the device. Another engine gets one that fits each time.
final class Generators implements AutoCloseable {
    /// Sequences at a time.
    private static final int BATCH = 16;

    private static final int SHORTEST = 16;

    private final Session session;
    private final Engine engine;
    private final int padId;
    private CausalGenerator continuing;
    private Seq2SeqGenerator writing;

    Generators(Session session, int padId) {
        this.session = session;
        this.engine = session.engine();
        this.padId = padId;
    }

    /// Sequences at a time, of so many.
    int rows(int all) {
        int kept = 0;
        if (engine.compiles()) {
            kept = Math.max(kept, continuing == null ? 0 : continuing.rows());
            kept = Math.max(kept, writing == null ? 0 : writing.options().rows());
        }
        return Math.max(kept, room(Math.min(all, BATCH), BATCH));
    }

    /// Goes on behind prompts.
    ///
    /// @param rows      sequences at a time, of [#rows]
    /// @param positions of a sequence, with what is written
    CausalGenerator continuing(int rows, int positions) {
        if (continuing != null
                && serves(continuing.rows(), rows)
                && serves(continuing.positions(), positions)) {
            return continuing;
        }
        int most = ((CausalDecoder) session.task().body()).maxPositions();
        int asked = Math.max(positions, continuing == null ? 0 : continuing.positions());
        close();
        int room = positions > most ? positions : room(asked, most);
        continuing = new CausalGenerator(session, rows, room, padId);
        return continuing;
    }

    /// Batches of sources, as wide as [#writing] takes them.
    Batcher batcher(int rows, int longest) {
        int[] widths =
                engine.compiles()
                        ? IntStream.concat(
                                        IntStream.iterate(SHORTEST, w -> w < longest, w -> 2 * w),
                                        IntStream.of(longest))
                                .toArray()
                        : Batcher.defaultBuckets(longest);
        return new Batcher(rows, widths, padId);
    }

    /// Writes answers to sources.
    ///
    /// @param asked with sources as wide as a batcher of [#batcher] makes them
    Seq2SeqGenerator writing(Seq2SeqGenerator.Options asked) {
        if (writing != null) {
            Seq2SeqGenerator.Options has = writing.options();
            if (has.rows() == asked.rows()
                    && has.longest() == asked.longest()
                    && has.beams() == asked.beams()
                    && serves(has.longestSource(), asked.longestSource())) {
                return writing;
            }
        }
        close();
        writing = new Seq2SeqGenerator(session, asked);
        return writing;
    }

    private boolean serves(int has, int asked) {
        return engine.compiles() ? has >= asked : has == asked;
    }

    /// So many, or where programs are compiled the next power of two, but no more than `most`.
    private int room(int asked, int most) {
        return engine.compiles() ? Math.min(most, Integer.highestOneBit(2 * asked - 1)) : asked;
    }

    /// Gives back what was kept of tokens.
    @Override
    public void close() {
        if (continuing != null) {
            continuing.close();
            continuing = null;
        }
        if (writing != null) {
            writing.close();
            writing = null;
        }
    }
}
