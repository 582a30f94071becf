package cglora.models.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import cglora.models.tokenizer.Tokenizer.Tokens;
import cglora.models.tokenizer.Truncation.Side;
import cglora.models.tokenizer.Truncation.Strategy;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Cutting texts, against Hugging Face's library where that can do it.
class TruncationTest {
    private static final String FILE = "/all-minilm-l6-v2-tokenizer.json";
    private static final String SHORT = "Rain on Tuesday.";
    private static final String LONG = "The quick brown fox jumps over the lazy dog, naïvely.";

    private static InputStream file() {
        return TruncationTest.class.getResourceAsStream(FILE);
    }

    private static int[] ids(Encoding encoding) {
        return Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
    }

    private static int[] reversed(int[] ids, int from, int to) {
        int[] part = Arrays.copyOfRange(ids, from, to);
        for (int i = 0; i < part.length / 2; i++) {
            int swapped = part[i];
            part[i] = part[part.length - 1 - i];
            part[part.length - 1 - i] = swapped;
        }
        return part;
    }

    @Test
    void oneTextOfAPairIsCutAsHuggingFaceCutsIt() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(file(), FILE)) {
            for (Strategy strategy : new Strategy[] {Strategy.ONLY_FIRST, Strategy.ONLY_SECOND}) {
                String first = strategy == Strategy.ONLY_FIRST ? LONG : SHORT;
                String second = strategy == Strategy.ONLY_FIRST ? SHORT : LONG;
                for (int length = 12; length < 24; length++) {
                    Map<String, String> options =
                            Map.of(
                                    "padding",
                                    "false",
                                    "truncation",
                                    strategy.name().toLowerCase(Locale.ROOT),
                                    "maxLength",
                                    "" + length,
                                    "modelMaxLength",
                                    "512");
                    Tokens cut =
                            tokenizer
                                    .cutting(new Truncation(strategy, Side.RIGHT))
                                    .encode(first, second, length);
                    try (var peer = HuggingFaceTokenizer.newInstance(file(), options)) {
                        Encoding expected = peer.encode(first, second);
                        assertThat(cut.inputIds()).isEqualTo(ids(expected));
                        assertThat(cut.tokenTypeIds())
                                .isEqualTo(
                                        Arrays.stream(expected.getTypeIds())
                                                .mapToInt(Math::toIntExact)
                                                .toArray());
                    }
                }
            }
        }
    }

    /// What the left side keeps of a text is what the right side keeps of its mirror image.
    @Test
    void theLeftSideMirrorsTheRight() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(file(), FILE)) {
            int[] all = tokenizer.encode(SHORT, LONG, 512).inputIds();
            int words = tokenizer.encode(SHORT, null, 512).inputIds().length - 2;
            for (Strategy strategy : Strategy.values()) {
                int length = all.length - 3;
                int[] right =
                        tokenizer
                                .cutting(new Truncation(strategy, Side.RIGHT))
                                .encode(SHORT, LONG, length)
                                .inputIds();
                int[] left =
                        tokenizer
                                .cutting(new Truncation(strategy, Side.LEFT))
                                .encode(SHORT, LONG, length)
                                .inputIds();
                assertThat(left).hasSize(length);
                int first = strategy == Strategy.ONLY_FIRST ? words - 3 : words;
                int second = length - 3 - first;
                assertThat(Arrays.copyOfRange(right, 1, 1 + first))
                        .isEqualTo(Arrays.copyOfRange(all, 1, 1 + first));
                assertThat(Arrays.copyOfRange(left, 1, 1 + first))
                        .isEqualTo(Arrays.copyOfRange(all, 1 + words - first, 1 + words));
                assertThat(left[0]).isEqualTo(all[0]);
                assertThat(left[1 + first]).isEqualTo(all[1 + words]);
                assertThat(reversed(left, 2 + first, length - 1))
                        .isEqualTo(reversed(all, all.length - 1 - second, all.length - 1));
                assertThat(left[length - 1]).isEqualTo(all[all.length - 1]);
            }
        }
    }

    @Test
    void aTextAloneIsCutWhateverTheStrategyIs() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(file(), FILE)) {
            int[] all = tokenizer.encode(LONG, null, 512).inputIds();
            for (Strategy strategy : Strategy.values()) {
                Tokens tokens =
                        tokenizer
                                .cutting(new Truncation(strategy, Side.LEFT))
                                .encode(LONG, null, 6);
                assertThat(tokens.fullLength()).isEqualTo(all.length);
                assertThat(Arrays.copyOfRange(tokens.inputIds(), 1, 6))
                        .isEqualTo(Arrays.copyOfRange(all, all.length - 5, all.length));
                assertThat(tokens.inputIds()[0]).isEqualTo(all[0]);
            }
        }
    }

    /// A text that would lose all of its tokens stays, and the other one, too: who asked sees it.
    @Test
    void aTextThatIsTooShortStays() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(file(), FILE)) {
            Tokenizer first = tokenizer.cutting(new Truncation(Strategy.ONLY_FIRST, Side.RIGHT));
            int words = tokenizer.encode(SHORT, null, 512).inputIds().length - 2;
            int all = tokenizer.encode(SHORT, LONG, 512).fullLength();
            assertThat(first.encode(SHORT, LONG, all - words + 1).inputIds())
                    .hasSize(all - words + 1);
            assertThat(first.encode(SHORT, LONG, all - words).inputIds()).hasSize(all);
        }
    }
}
