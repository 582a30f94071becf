package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that were damaged at random.
class DamagedFilesTest extends BadInput {
    /// Files with random damage are read or refused with a message; nothing else happens.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "model/config.json",
                "model/tokenizer.json",
                "model/model.safetensors",
                "train.tsv"
            })
    void randomDamageNeverEndsInAnythingButAMessage(String name) throws IOException {
        String[] pieces = {
            "",
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "null",
            "-1",
            "0",
            "1e99",
            "\t",
            "\n",
            "\0",
            "\u00e9",
            "true",
            "99999999999",
            "[[]]",
            "{}",
            "\\"
        };
        Path file = folder.resolve(name);
        String whole = Files.readString(file, StandardCharsets.ISO_8859_1);
        int end = name.endsWith(".safetensors") ? 8 + whole.indexOf("}}") : whole.length();
        var random = new Random(11);
        for (int i = 0; i < 80; i++) {
            var text = new StringBuilder(whole);
            for (int k = random.nextInt(1, 4); k > 0; k--) {
                int at = random.nextInt(Math.min(end, text.length()));
                String piece = pieces[random.nextInt(pieces.length)];
                text.replace(at, at + random.nextInt(8), piece);
            }
            Files.writeString(file, text, StandardCharsets.ISO_8859_1);
            Outcome outcome = command("validate");
            assertThat(outcome.status())
                    .as("%s%n%s", outcome.err(), text.substring(0, Math.min(2000, text.length())))
                    .isIn(0, 2, 3);
        }
    }
}
