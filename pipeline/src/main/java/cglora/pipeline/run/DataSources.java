package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.models.data.Answering;
import cglora.models.data.DataColumns;
import cglora.models.data.DataFormat;
import cglora.models.data.RowReader;
import cglora.models.data.Rows;
import cglora.models.data.TextRows;
import cglora.models.data.TokenCache;
import cglora.models.data.WordColumns;
import cglora.models.data.WordNetGlosses;
import cglora.models.tokenizer.Tokenizer;
import cglora.pipeline.spec.CacheSpec;
import cglora.pipeline.spec.DataFiles;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.ModelSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/// Reads one source after the other and goes on where one is wrong.
final class DataSources {
    private static final long MILLION = 1_000_000;

    private final DataSpec spec;
    private final boolean writes;
    private final boolean chats;
    private final boolean tags;
    private final RowReader.Encoding encoding;
    private final Problems problems;
    private final Consumer<String> progress;
    private boolean failed;

    /// @param model     null where it is not known
    /// @param tokenizer null where it could not be read
    /// @param answering makes the answers that a model writes; null where it writes none
    /// @param problems  is given errors and warnings
    /// @param progress  is told of long work
    DataSources(
            DataSpec spec,
            ModelSpec model,
            Tokenizer tokenizer,
            Answering answering,
            Problems problems,
            Consumer<String> progress) {
        this.spec = spec;
        this.writes = model != null && model.task().writes();
        this.chats = model != null && model.task() == ModelSpec.Task.CAUSAL_LM;
        this.tags = model != null && model.task().tags();
        this.encoding =
                new RowReader.Encoding(
                        tokenizer,
                        spec.maxLength(),
                        model != null && model.problemType() == ModelSpec.ProblemType.REGRESSION,
                        answering);
        this.problems = problems;
        this.progress = progress;
    }

    boolean failed() {
        return failed;
    }

    /// @param source null for none
    /// @return no rows for none, and where they cannot be read
    SplitRows read(DataFiles source) {
        String name = String.valueOf(source == null ? spec.train() : source);
        if (source != null) {
            try {
                return SplitRows.all(rows(source), name);
            } catch (CgloraException e) {
                problems.error(e);
                failed = true;
            }
        }
        return SplitRows.all(TextRows.of(List.of(), encoding.regression()), name);
    }

    private Rows rows(DataFiles source) {
        if (source.is(DataSpec.WORDNET_GLOSSES)) {
            requireTexts(source);
            try (InputStream stream =
                    Examples.class.getResourceAsStream("/" + WordNetGlosses.RESOURCE)) {
                return TextRows.of(WordNetGlosses.read(stream), encoding.regression());
            } catch (IOException e) {
                throw new CgloraException(
                        ErrorCode.D_MISSING, source.toString(), e.getMessage(), "build again", e);
            }
        }
        var format =
                new DataFormat(
                        spec.format().type().jsonName(),
                        spec.format().header(),
                        spec.format().quote() == null ? null : spec.format().quote().jsonName(),
                        spec.format().encoding());
        DataColumns columns = columns();
        return RowReader.read(
                new RowReader.Source(
                        DataFileNames.of(source),
                        format,
                        columns,
                        spec.onBadRow() == DataSpec.OnBadRow.DROP),
                encoding,
                new RowReader.Memory(cache(), spec.cache().above() * MILLION),
                problems,
                progress);
    }

    private void requireTexts(DataFiles source) {
        if (tags) {
            throw new CgloraException(
                    ErrorCode.D_COLUMN,
                    source.toString(),
                    "is of texts, and words with tags are read",
                    "give a JSONL, Parquet or CoNLL file");
        }
    }

    private DataColumns columns() {
        if (tags) {
            return DataColumns.of(
                    new WordColumns(spec.columns().tokens(), spec.columns().tags(), true));
        }
        return new DataColumns(
                spec.columns().text(),
                spec.columns().textPair(),
                spec.columns().label(),
                spec.columns().target(),
                writes,
                spec.columns().messages(),
                chats);
    }

    /// Null for none.
    private TokenCache cache() {
        if (writes && encoding.answering() == null) {
            return null; // nothing can be made of the rows: they are checked only
        }
        return switch (spec.cache().folder()) {
            case CacheSpec.OFF -> null;
            case CacheSpec.AUTO -> new TokenCache(TokenCache.userFolder());
            case String folder -> new TokenCache(Path.of(folder));
        };
    }
}
