package cglora.pipeline.run;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Pipelines of another version of the format, or of none.
class PipelineVersionTest extends BadInput {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"cglora\": 2, | format version 2 | or write it for version 1",
                "\"cglora\": 999999999999, | format version 999999999999 | use the cglora release",
                "\"cglora\": 0, | format version 0 | or write it for version 1",
                "\"cglora\": -1, | format version -1 | or write it for version 1",
                "\"cglora\": 1.5, | format version 1.5 | or write it for version 1",
                "`` | the format version is missing | add \"cglora\": 1",
                "\"cglora\": \"1\", | found the string \"1\" as format version | write \"cglora\": 1",
                "\"cglora\": null, | as format version | write \"cglora\": 1",
                "\"cglora\": true, | as format version | write \"cglora\": 1"
            })
    void anotherVersionIsRefusedWithTheOneThatIsUnderstood(String key, String found, String fix)
            throws IOException {
        change("p.json", "\"cglora\": 1,", key);
        refused(2, "P-VERSION", "p.json:1:", found, "understands version 1", fix);
    }
}
