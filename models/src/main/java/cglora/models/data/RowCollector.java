package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Takes rows as they are read: keeps their texts up to a limit, and beyond it makes tokens of all
/// of them, on all cores, and writes these in the rows' order.
final class RowCollector implements Consumer<RawExample>, AutoCloseable {
    /// Rows that are handed to a core at a time.
    private static final int CHUNK = 256;

    /// Share of the heap that texts may take where there is no cache.
    private static final int HEAP_SHARE = 4;

    /// What a row takes beside its characters: objects, their headers, a place in lists.
    private static final int ROW = 160;

    /// The same of a word of a list.
    private static final int WORD = 64;

    /// A conversation is there as JSON, too.
    private static final int CONVERSATION = 4;

    private static final long SHOWN_EVERY_NANOS = 1_000_000_000L;

    private record Work(int file, Future<List<EncodedRow>> rows) {}

    private final RowReader.Encoding encoding;
    private final List<Path> files;
    private final long limit;
    private final Supplier<TokenFileWriter> opener;
    private final Consumer<String> progress;
    private final Queue<Work> working = new ArrayDeque<>();
    private final List<RawExample> texts = new ArrayList<>();
    private final List<Integer> firstRows = new ArrayList<>();
    private List<RawExample> chunk = new ArrayList<>();
    private ExecutorService cores;
    private TokenFileWriter writer;
    private int file;
    private int rows;
    private long characters;
    private boolean discarding;
    private long shownNanos = System.nanoTime();

    /// @param files  of the rows, for messages
    /// @param limit  characters of rows that are kept in memory; each row counts as some more
    /// @param opener makes the file for the tokens; null where texts stay in memory
    RowCollector(
            RowReader.Encoding encoding,
            List<Path> files,
            long limit,
            Supplier<TokenFileWriter> opener,
            Consumer<String> progress) {
        this.encoding = encoding;
        this.files = List.copyOf(files);
        this.limit = opener == null ? Runtime.getRuntime().maxMemory() / HEAP_SHARE : limit;
        this.opener = opener;
        this.progress = progress;
    }

    /// The rows that follow are of the file at this place, which is one more than before.
    void file(int place) {
        if (place > 0) {
            submit();
        }
        firstRows.add(rows);
        file = place;
    }

    int rows() {
        return rows;
    }

    /// From here on rows are checked by their reader only: nothing is made of them.
    void discard() {
        discarding = true;
        texts.clear();
        chunk.clear();
    }

    @Override
    public void accept(RawExample example) {
        rows = Math.addExact(rows, 1);
        if (discarding) {
            return;
        }
        if (writer != null) {
            add(example);
            return;
        }
        texts.add(example);
        characters += characters(example);
        if (characters > limit) {
            write();
        }
    }

    private static long characters(RawExample example) {
        long texts = example.text().length();
        texts += example.textPair() == null ? 0 : example.textPair().length();
        texts += example.label() == null ? 0 : example.label().length();
        long words = example.words() == null ? 0 : example.words().words().size();
        return ROW + WORD * words + texts * (example.conversation() == null ? 1 : CONVERSATION);
    }

    /// The texts so far, and those to come, become tokens.
    private void write() {
        if (opener == null) {
            throw new CgloraException(
                    ErrorCode.K_MEMORY,
                    "data",
                    "more than %d million characters of text are to be kept in Java's heap of %d MiB"
                            .formatted(limit / 1_000_000, Runtime.getRuntime().maxMemory() >> 20),
                    "\"cache\": {\"folder\": \"auto\"} in the data stage, or CGLORA_JAVA_OPTS=-Xmx"
                            + " with more");
        }
        writer = opener.get();
        cores =
                Executors.newFixedThreadPool(
                        Runtime.getRuntime().availableProcessors(),
                        Thread.ofPlatform().daemon().name("tokens-", 0).factory());
        int last = file;
        int place = 0;
        for (int i = 0; i < texts.size(); i++) {
            while (place < last && firstRows.get(place + 1) <= i) {
                submit();
                place++;
            }
            file = place;
            add(texts.get(i));
        }
        file = last;
        texts.clear();
    }

    private void add(RawExample example) {
        chunk.add(example);
        if (chunk.size() == CHUNK) {
            submit();
        }
    }

    private void submit() {
        if (chunk.isEmpty() || writer == null) {
            return;
        }
        List<RawExample> part = chunk;
        chunk = new ArrayList<>(CHUNK);
        String path = files.get(file) + ":";
        working.add(
                new Work(
                        file,
                        cores.submit(
                                () ->
                                        part.stream()
                                                .map(
                                                        e ->
                                                                EncodedRow.of(
                                                                        e,
                                                                        encoding,
                                                                        path + e.line()))
                                                .toList())));
        if (working.size() > 4 * Runtime.getRuntime().availableProcessors()) {
            take();
        }
    }

    private void take() {
        Work work = working.remove();
        try {
            for (EncodedRow row : work.rows().get()) {
                writer.write(row, work.file());
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long now = System.nanoTime();
        if (now - shownNanos > SHOWN_EVERY_NANOS) {
            shownNanos = now;
            progress.accept("tokens of %,d rows".formatted(writer.rows()));
        }
    }

    /// @return whether the rows are tokens in a file; else they are [#texts]
    boolean finish(List<SourceFile> files, List<TokenFile.Warning> warnings) throws IOException {
        submit();
        while (!working.isEmpty()) {
            take();
        }
        if (writer == null) {
            return false;
        }
        writer.finish(files, warnings);
        return true;
    }

    List<RawExample> texts() {
        return texts;
    }

    @Override
    public void close() throws IOException {
        if (cores != null) {
            cores.shutdownNow();
        }
        if (writer != null) {
            writer.close();
        }
    }
}
