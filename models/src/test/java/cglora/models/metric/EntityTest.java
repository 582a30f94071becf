package cglora.models.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Entities as seqeval finds and counts them; its answers are those of
/// `scripts/peers/entity_cases.py`.
class EntityTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "B-PER I-PER O B-LOC     | PER 0 1, LOC 3 3",
                "I-PER I-PER O           | PER 0 1",
                "O I-LOC                 | LOC 1 1",
                "B-PER B-PER I-PER       | PER 0 0, PER 1 2",
                "B-PER I-LOC I-LOC       | PER 0 0, LOC 1 2",
                "I-PER B-PER             | PER 0 0, PER 1 1",
                "S-PER S-PER             | PER 0 0, PER 1 1",
                "B-LOC I-LOC E-LOC I-LOC | LOC 0 2, LOC 3 3",
                "B-a-b I-a-b             | a-b 0 1",
                "O O                     | ''"
            })
    void entitiesAreThoseOfConlleval(String tags, String expected) {
        String found =
                String.join(
                        ", ",
                        Entity.of(List.of(tags.split(" "))).stream()
                                .map(e -> e.type() + " " + e.first() + " " + e.last())
                                .toList());
        assertThat(found).isEqualTo(expected);
    }

    /// Two of three are found, and one that is none; one of those has the wrong end.
    @Test
    void countsAreThoseOfWholeEntities() {
        List<List<String>> actual =
                List.of(
                        List.of("B-PER", "I-PER", "O", "B-LOC"),
                        List.of("O", "B-PER", "I-PER", "O"));
        List<List<String>> found =
                List.of(List.of("B-PER", "I-PER", "O", "B-PER"), List.of("O", "B-PER", "O", "O"));
        Map<String, EntityCounts> byType = EntityCounts.byType(actual, found);
        assertThat(byType)
                .containsExactly(
                        Map.entry("LOC", new EntityCounts(1, 0, 0)),
                        Map.entry("PER", new EntityCounts(2, 3, 1)));
        assertThat(byType.get("LOC").precision()).isZero();
        EntityCounts all = EntityCounts.sum(byType);
        assertThat(all).isEqualTo(new EntityCounts(3, 3, 1));
        assertThat(all.metrics().keySet()).containsExactly("precision", "recall", "f1");
        assertThat(all.metrics().values()).allMatch(value -> Math.abs(value - 1 / 3.0) < 1e-12);
    }

    @Test
    void entitiesAndTheirMetricsAreThoseOfSeqeval() {
        JsonNode reference =
                JsonMapper.shared()
                        .readTree(
                                EntityTest.class.getResourceAsStream(
                                        "/cglora/models/metric/entities.json"));
        List<List<String>> sentences = tags(reference.path("sentences"));
        for (int i = 0; i < sentences.size(); i++) {
            var expected = new ArrayList<Entity>();
            for (JsonNode e : reference.path("entities").get(i)) {
                expected.add(new Entity(e.get(0).asString(), e.get(1).asInt(), e.get(2).asInt()));
            }
            assertThat(Entity.of(sentences.get(i)))
                    .as("%s", sentences.get(i))
                    .containsExactlyElementsOf(expected);
        }
        var counts =
                EntityCounts.sum(EntityCounts.byType(sentences, tags(reference.path("answers"))));
        counts.metrics()
                .forEach(
                        (name, value) ->
                                assertThat(value)
                                        .as(name)
                                        .isCloseTo(reference.path(name).asDouble(), within(1e-12)));
        assertThat(counts.f1()).isBetween(0.3, 0.9);
    }

    private static List<List<String>> tags(JsonNode sentences) {
        return sentences
                .valueStream()
                .map(tags -> tags.valueStream().map(JsonNode::asString).toList())
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "O B-PER I-PER, true",
        "O B-PER I-PER S-x E-x, true",
        "B-PER, true",
        "O, false",
        "0 1 2, false",
        "NOUN VERB, false",
        "O B-PER X, false",
        "O B-, false"
    })
    void tagsOfEntitiesAreKnownByTheirNames(String names, boolean areTags) {
        assertThat(Entity.areTags(List.of(names.split(" ")))).isEqualTo(areTags);
    }
}
