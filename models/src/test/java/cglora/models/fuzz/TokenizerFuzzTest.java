package cglora.models.fuzz;

import cglora.models.tokenizer.Tokenizer;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;

/// Tokenizers that come from anywhere.
@Tag("fuzz")
class TokenizerFuzzTest {
    @FuzzTest(maxDuration = "24h")
    void tokenizer(byte[] input) {
        Fuzzed.read(
                "tokenizer.json",
                input,
                file -> {
                    try (Tokenizer tokenizer = Tokenizer.load(file)) {
                        tokenizer.encode("a good film, not a bad one", null, 8);
                        tokenizer.encode("a film", "the book", 5);
                    }
                });
    }
}
