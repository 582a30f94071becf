package cglora.models.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.json.JsonFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/// A Hugging Face tokenizer, from its `tokenizer.json` and what transformers changes in it where a
/// `tokenizer_config.json` stands beside it. The file's own padding and truncation are
/// ignored; its post-processor adds the special tokens.
public final class Tokenizer implements AutoCloseable {
    /// The tokens of one example.
    ///
    /// @param inputIds     token ids, special tokens included, no padding
    /// @param tokenTypeIds 0 for the first text, 1 for the second
    /// @param fullLength   number of tokens before truncation
    public record Tokens(int[] inputIds, int[] tokenTypeIds, int fullLength) {}

    /// The tokens of a sentence that is given by its words.
    ///
    /// @param words of each token the place of its word; -1 for a special token
    public record Words(Tokens tokens, int[] words) {}

    private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

    private static final String SENTENCE_PIECE = ".model";

    /// Files that older classes of transformers read, and that it makes a `tokenizer.json` of.
    private static final List<String> OTHER_FILES =
            List.of(
                    "spiece.model",
                    "tokenizer.model",
                    "sentencepiece.bpe.model",
                    "vocab.txt",
                    "vocab.json",
                    "merges.txt");

    private final HuggingFaceTokenizer tokenizer;
    private final HuggingFaceTokenizer ofWords; // the same one but where words need a space
    private final String description;
    private final List<String> specialTokens;
    private final String fingerprint;
    private final Truncation truncation;

    private Tokenizer(Tokenizer other, Truncation truncation) {
        this.tokenizer = other.tokenizer;
        this.ofWords = other.ofWords;
        this.description = other.description;
        this.specialTokens = other.specialTokens;
        this.fingerprint = other.fingerprint;
        this.truncation = truncation;
    }

    /// @param config what stands beside the file; null for nothing
    private Tokenizer(InputStream stream, TokenizerConfig config, String description)
            throws IOException {
        this.description = description;
        this.truncation = Truncation.DEFAULT;
        byte[] written = stream.readAllBytes();
        TokenizerFile file = TokenizerFile.read(written, config, description);
        byte[] json = file.changed().orElse(written);
        this.fingerprint = sha256(json);
        this.specialTokens = file.specialTokens();
        // no download branch, no probe for another build: before the library's first use
        System.setProperty("RUST_FLAVOR", "cpu");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("org.slf4j.simpleLogger.log.ai.djl", "error");
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
        try {
            this.tokenizer = instance(json);
            this.ofWords = file.ofWords().isPresent() ? instance(file.ofWords().get()) : tokenizer;
        } catch (IOException | RuntimeException e) {
            throw new CgloraException(
                    ErrorCode.T_FORMAT,
                    description,
                    "not a tokenizer that can be read: " + e.getMessage(),
                    "take the tokenizer.json that belongs to the model",
                    e);
        }
    }

    private static HuggingFaceTokenizer instance(byte[] json) throws IOException {
        return HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(json), Map.of("padding", "false", "truncation", "false"));
    }

    /// @throws CgloraException T-MISSING when the folder has none, T-FORMAT when it can't be read
    public static Tokenizer load(Path folderOrFile) {
        Path file =
                Files.isDirectory(folderOrFile)
                        ? folderOrFile.resolve("tokenizer.json")
                        : folderOrFile;
        if (!Files.isRegularFile(file) || file.toString().endsWith(SENTENCE_PIECE)) {
            throw missing(file);
        }
        JsonFile.requireSize(file, JsonFile.TOKENIZER);
        try (InputStream json = Files.newInputStream(file)) {
            return new Tokenizer(json, TokenizerConfig.beside(file), file.toString());
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.T_MISSING, file.toString(), e.getMessage(), "check the file", e);
        }
    }

    /// The library reads `tokenizer.json` only: other files have to become one.
    private static CgloraException missing(Path file) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        List<String> others =
                OTHER_FILES.stream().filter(n -> Files.isRegularFile(folder.resolve(n))).toList();
        if (others.isEmpty()) {
            return new CgloraException(
                    ErrorCode.T_MISSING,
                    file.toString(),
                    "there is no tokenizer.json",
                    "save the tokenizer with transformers' save_pretrained, which writes one, or"
                            + " set \"tokenizer\" to its path");
        }
        String place = folder.toString().replace("\\", "\\\\").replace("'", "\\'");
        return new CgloraException(
                ErrorCode.T_MISSING,
                file.toString(),
                "there is no tokenizer.json, and %s beside it is not read"
                        .formatted(String.join(", ", others)),
                "make one: pip install transformers sentencepiece tiktoken protobuf; python -c \"from transformers import"
                        + " AutoTokenizer;"
                        + " AutoTokenizer.from_pretrained('%s').save_pretrained('%s')\""
                                .formatted(place, place));
    }

    /// @throws CgloraException T-FORMAT when it can't be read
    public static Tokenizer load(InputStream json, String description) throws IOException {
        return new Tokenizer(json, null, description);
    }

    /// The same tokenizer with another way to cut what is too long; both are closed by one of them.
    public Tokenizer cutting(Truncation other) {
        return other.equals(truncation) ? this : new Tokenizer(this, other);
    }

    /// How texts that are too long are cut; of one that was loaded, as transformers does where
    /// nothing is said.
    public Truncation truncation() {
        return truncation;
    }

    /// Tokens of a text or a pair.
    ///
    /// @param pair      the second text; null for none
    /// @param maxLength more than so many are cut; all of them are given where the text that may be
    ///     cut has too few of its own
    /// @throws CgloraException T-FORMAT when the tokenizer has no token for it
    public Tokens encode(String text, String pair, int maxLength) {
        long encoding = encoding(text, pair, true);
        try {
            int[] ids = ints(LIBRARY.getTokenIds(encoding));
            int[] types = ints(LIBRARY.getTypeIds(encoding));
            if (ids.length <= maxLength) {
                return new Tokens(ids, types, ids.length);
            }
            int[] kept = kept(encoding, ids.length, maxLength);
            return new Tokens(chosen(ids, kept), chosen(types, kept), ids.length);
        } finally {
            LIBRARY.deleteEncoding(encoding);
        }
    }

    /// Tokens of a sentence whose words are known, each of which becomes tokens by itself:
    /// transformers' `is_split_into_words`, with `add_prefix_space` for RoBERTa's and GPT-2's kind.
    ///
    /// @param maxLength as in [#encode(String, String, int)]
    /// @throws CgloraException T-FORMAT when the tokenizer has no token for it
    public Words encode(List<String> words, int maxLength) {
        long encoding =
                encoding(
                        () ->
                                LIBRARY.encodeList(
                                        ofWords.getHandle(),
                                        words.stream()
                                                .map(Surrogates::paired)
                                                .toArray(String[]::new),
                                        true));
        try {
            int[] ids = ints(LIBRARY.getTokenIds(encoding));
            int[] types = ints(LIBRARY.getTypeIds(encoding));
            int[] of = ints(LIBRARY.getWordIds(encoding));
            long[] special = LIBRARY.getSpecialTokenMask(encoding);
            for (int i = 0; i < of.length; i++) {
                of[i] = special[i] != 0 ? -1 : of[i];
            }
            if (ids.length <= maxLength) {
                return new Words(new Tokens(ids, types, ids.length), of);
            }
            int[] kept = kept(encoding, ids.length, maxLength);
            return new Words(
                    new Tokens(chosen(ids, kept), chosen(types, kept), ids.length),
                    chosen(of, kept));
        } finally {
            LIBRARY.deleteEncoding(encoding);
        }
    }

    /// Tokens of a text that brings its special tokens along: none are added.
    ///
    /// @throws CgloraException T-FORMAT when the tokenizer has no token for it
    public int[] encodeBare(String text) {
        long encoding = encoding(text, null, false);
        try {
            return ints(LIBRARY.getTokenIds(encoding));
        } finally {
            LIBRARY.deleteEncoding(encoding);
        }
    }

    /// The text of tokens, without special ones.
    public String decode(int[] ids) {
        long[] values = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            values[i] = ids[i];
        }
        return tokenizer.decode(values, true);
    }

    /// How many special tokens stand around a pair: three of BERT's, four of RoBERTa's.
    public int specialTokensOfPair() {
        return encode("", "", Integer.MAX_VALUE).fullLength();
    }

    /// A native encoding, which the caller deletes: of the library's own object most of the time
    /// goes into texts and spans of tokens that nobody reads.
    private long encoding(String text, String pair, boolean special) {
        return encoding(
                () ->
                        pair == null
                                ? LIBRARY.encode(
                                        tokenizer.getHandle(), Surrogates.paired(text), special)
                                : LIBRARY.encodeDual(
                                        tokenizer.getHandle(),
                                        Surrogates.paired(text),
                                        Surrogates.paired(pair),
                                        special));
    }

    private long encoding(LongSupplier call) {
        try {
            return call.getAsLong();
        } catch (RuntimeException e) {
            // the native library's own complaint, such as a vocabulary without its unknown token
            throw new CgloraException(
                    ErrorCode.T_FORMAT,
                    description,
                    "cannot encode a text: " + e.getMessage(),
                    "take the tokenizer.json that belongs to the model",
                    e);
        }
    }

    /// The places of the tokens that stay: tokens of the texts go, never a special token. Types do
    /// not tell the texts apart: many tokenizers have one type only.
    private int[] kept(long encoding, int count, int maxLength) {
        long[] special = LIBRARY.getSpecialTokenMask(encoding);
        long[] sequence = LIBRARY.getSequenceIds(encoding);
        int[] lengths = new int[2];
        for (int i = 0; i < count; i++) {
            if (special[i] == 0) {
                lengths[(int) sequence[i]]++;
            }
        }
        int[] keep = truncation.kept(lengths, count - maxLength);
        if (keep == null) {
            return IntStream.range(0, count).toArray();
        }
        int[] from = new int[2]; // places of the tokens that stay, in each text
        if (truncation.side() == Truncation.Side.LEFT) {
            from[0] = lengths[0] - keep[0];
            from[1] = lengths[1] - keep[1];
        }
        int[] places = new int[maxLength];
        int[] seen = new int[2];
        int at = 0;
        for (int i = 0; i < count && at < maxLength; i++) {
            int text = (int) sequence[i];
            int place = special[i] != 0 ? 0 : seen[text]++ - from[text];
            if (special[i] != 0 || place >= 0 && place < keep[text]) {
                places[at++] = i;
            }
        }
        return places;
    }

    private static int[] chosen(int[] values, int[] places) {
        return Arrays.stream(places).map(place -> values[place]).toArray();
    }

    private static int[] ints(long[] values) {
        int[] result = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (int) values[i];
        }
        return result;
    }

    /// Whether a special token stands in a text: it becomes that token, as in transformers.
    public boolean holdsSpecialToken(String text) {
        return text != null && specialTokens.stream().anyMatch(text::contains);
    }

    /// SHA-256 of its file in hexadecimal digits, as it is changed.
    public String fingerprint() {
        return fingerprint;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    public String description() {
        return description;
    }

    @Override
    public void close() {
        tokenizer.close();
        if (ofWords != tokenizer) {
            ofWords.close();
        }
    }
}
