package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.models.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Reads all rows of a source. Texts that are few stay in memory, and only those that are drawn
/// become tokens. Beyond a limit every row becomes tokens while it is read, on all cores, in a file
/// of the cache; the next time that file is enough.
public final class RowReader {
    /// Changes with what the files of the cache hold or how rows are read.
    private static final String VERSION = "cglora tokens 2";

    /// @param files       read one after the other
    /// @param dropBadRows whether rows that cannot be used are left out, with a warning
    public record Source(
            List<Path> files, DataFormat format, DataColumns columns, boolean dropBadRows) {}

    /// @param tokenizer  null where there is none: rows are checked, and stay texts
    /// @param maxLength  where tokens are cut
    /// @param regression whether labels are numbers
    /// @param answering  makes the answers that a model writes; null where it writes none
    public record Encoding(
            Tokenizer tokenizer, int maxLength, boolean regression, Answering answering) {
        /// Whether the labels of cached rows are kept.
        boolean keepsLabels() {
            return answering == null || answering.keepsLabels();
        }
    }

    /// @param cache      null for none: everything stays in memory
    /// @param characters of texts that are kept in memory
    public record Memory(TokenCache cache, long characters) {}

    private record Stamp(long size, FileTime modified) {}

    private final Source source;
    private final Encoding encoding;
    private final Memory memory;
    private final Problems notes;
    private final Consumer<String> progress;

    private RowReader(
            Source source,
            Encoding encoding,
            Memory memory,
            Problems notes,
            Consumer<String> progress) {
        this.source = source;
        this.encoding = encoding;
        this.memory = memory;
        this.notes = notes;
        this.progress = progress;
    }

    /// @param notes    is given the warnings
    /// @param progress is told how many rows have become tokens, now and then
    /// @throws CgloraException as [DataReader#read], with what is wrong in all files; K-OUTPUT
    ///     where the cache cannot be written; K-MEMORY where there is none and the heap is too
    ///     small; S-CHANGED where a file changes meanwhile
    public static Rows read(
            Source source,
            Encoding encoding,
            Memory memory,
            Problems notes,
            Consumer<String> progress) {
        return new RowReader(source, encoding, memory, notes, progress).read();
    }

    private Rows read() {
        boolean cached = memory.cache() != null && encoding.tokenizer() != null;
        List<Stamp> before = stamps();
        String key = cached ? key() : "";
        if (cached) {
            Optional<TokenFile> found = memory.cache().find(key, notes);
            if (found.isPresent()) {
                return reused(found.get(), key);
            }
        }
        var problems = new Problems();
        var files = new ArrayList<SourceFile>();
        var warnings = new ArrayList<TokenFile.Warning>();
        try (var collector =
                new RowCollector(
                        encoding,
                        source.files(),
                        memory.characters(),
                        cached ? () -> memory.cache().writer(key, encoding.regression()) : null,
                        progress)) {
            for (int i = 0; i < source.files().size(); i++) {
                Path path = source.files().get(i);
                files.add(new SourceFile(path.toString(), collector.rows()));
                var dropped = source.dropBadRows() ? new Problems() : null;
                try {
                    collector.file(i);
                    DataReader.stream(
                            path, source.format(), source.columns(), true, dropped, collector);
                } catch (CgloraException e) {
                    problems.error(e);
                    collector.discard();
                }
                for (Problem w : dropped == null ? List.<Problem>of() : dropped.warnings()) {
                    notes.warning(w.code(), w.where(), w.what(), w.fix());
                    warnings.add(
                            new TokenFile.Warning(
                                    w.code().name(),
                                    i,
                                    w.where().substring(path.toString().length()),
                                    w.what()));
                }
            }
            problems.throwIfAny();
            if (!collector.finish(files, warnings)) {
                return new TextRows(collector.texts(), encoding.regression(), files);
            }
            requireSame(before, key);
            Path place = memory.cache().place(key);
            return new CachedRows(
                    TokenFile.open(place), files, encoding.maxLength(), "kept in " + place);
        } catch (IOException e) {
            throw memory.cache().unwritable(e);
        } catch (UncheckedIOException e) {
            throw memory.cache().unwritable(e.getCause());
        }
    }

    private Rows reused(TokenFile file, String key) {
        var files = new ArrayList<SourceFile>();
        List<SourceFile> then = file.summary().files();
        for (int i = 0; i < then.size(); i++) {
            files.add(new SourceFile(source.files().get(i).toString(), then.get(i).firstRow()));
        }
        for (TokenFile.Warning w : file.summary().warnings()) {
            String where = files.get(w.file()).path() + w.place();
            notes.warning(ErrorCode.valueOf(w.code()), where, w.what(), "");
        }
        return new CachedRows(
                file, files, encoding.maxLength(), "taken from " + memory.cache().place(key));
    }

    private List<Stamp> stamps() {
        var stamps = new ArrayList<Stamp>();
        for (Path file : source.files()) {
            try {
                stamps.add(new Stamp(Files.size(file), Files.getLastModifiedTime(file)));
            } catch (IOException _) {
                stamps.add(null); // the reader says what is wrong
            }
        }
        return stamps;
    }

    private void requireSame(List<Stamp> before, String key) throws IOException {
        if (!stamps().equals(before)) {
            Files.deleteIfExists(memory.cache().place(key));
            throw new CgloraException(
                    ErrorCode.S_CHANGED,
                    source.files().toString(),
                    "changed while it was read",
                    "run again and leave the files alone meanwhile");
        }
    }

    /// The fingerprint of files, tokenizer and settings.
    private String key() {
        MessageDigest digest = digest();
        var settings = new ArrayList<Object>();
        settings.add(VERSION);
        settings.add(encoding.tokenizer().fingerprint());
        settings.add(encoding.maxLength());
        settings.add(encoding.tokenizer().truncation());
        settings.add(encoding.regression());
        settings.add(encoding.answering() == null ? "" : encoding.answering().identity());
        settings.add(source.dropBadRows());
        settings.add(source.format());
        settings.add(source.columns());
        for (Path file : source.files()) {
            settings.add(sha256(file));
        }
        for (Object setting : settings) {
            digest.update(String.valueOf(setting).getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 20);
    }

    /// Of a file that is not to be read, its name: the reader says what is wrong.
    private String sha256(Path file) {
        MessageDigest digest = digest();
        if (!Files.isRegularFile(file)) {
            return file.toString();
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] chunk = new byte[1 << 16];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.D_FORMAT,
                    file.toString(),
                    "cannot be read: " + e.getMessage(),
                    "make it readable",
                    e);
        }
        return DataReader.type(file, source.format())
                + " "
                + HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
