package cglora.pipeline.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What a stage hands on to those behind it. A stage takes the newest one of each kind that it
/// needs, or what it names by `from` or `data`.
enum StageOutput {
    MODEL("a model", ModelSpec.STAGE),
    EXAMPLES("examples", DataSpec.STAGE),
    STATISTICS("statistics", CalibrateSpec.STAGE),
    ADAPTER("an adapter", AdapterSpec.STAGE),
    METRICS("metrics", EvaluateSpec.STAGE),
    FILES("files", ExportSpec.STAGE);

    private static final Map<String, StageOutput> GIVEN =
            ordered(
                    Map.entry(ModelSpec.STAGE, MODEL),
                    Map.entry(DataSpec.STAGE, EXAMPLES),
                    Map.entry(CalibrateSpec.STAGE, STATISTICS),
                    Map.entry(AdapterSpec.STAGE, ADAPTER),
                    Map.entry(AlignSpec.STAGE, METRICS),
                    Map.entry(TrainSpec.STAGE, ADAPTER),
                    Map.entry(EvaluateSpec.STAGE, METRICS),
                    Map.entry(ExportSpec.STAGE, FILES));

    private static final Map<String, List<StageOutput>> NEEDED =
            ordered(
                    Map.entry(ModelSpec.STAGE, List.of()),
                    Map.entry(DataSpec.STAGE, List.of(MODEL)),
                    Map.entry(CalibrateSpec.STAGE, List.of(MODEL, EXAMPLES)),
                    Map.entry(AdapterSpec.STAGE, List.of(MODEL)),
                    Map.entry(AlignSpec.STAGE, List.of(MODEL, EXAMPLES)),
                    Map.entry(TrainSpec.STAGE, List.of(MODEL, EXAMPLES)),
                    Map.entry(EvaluateSpec.STAGE, List.of(MODEL, EXAMPLES)),
                    Map.entry(ExportSpec.STAGE, List.of(MODEL, ADAPTER)));

    private final String words;
    private final String maker;

    StageOutput(String words, String maker) {
        this.words = words;
        this.maker = maker;
    }

    @SafeVarargs
    private static <T> Map<String, T> ordered(Map.Entry<String, T>... entries) {
        var map = new LinkedHashMap<String, T>();
        for (Map.Entry<String, T> entry : entries) {
            map.put(entry.getKey(), entry.getValue());
        }
        return map;
    }

    /// With its article.
    String words() {
        return words;
    }

    /// The stage that one usually comes from.
    String maker() {
        return maker;
    }

    /// What stages of a kind give.
    static StageOutput of(String stage) {
        return GIVEN.get(stage);
    }

    /// What stages of a kind cannot do without.
    static List<StageOutput> neededBy(String stage) {
        return NEEDED.get(stage);
    }

    /// Kinds of stages that give it.
    List<String> givers() {
        var givers = new ArrayList<String>();
        GIVEN.forEach(
                (stage, output) -> {
                    if (output == this) {
                        givers.add(stage);
                    }
                });
        return givers;
    }

    /// `needs a model and examples; gives metrics`.
    static String describe(String stage) {
        List<StageOutput> needed = neededBy(stage);
        return "needs %s; gives %s"
                .formatted(
                        needed.isEmpty()
                                ? "nothing"
                                : needed.stream()
                                        .map(StageOutput::words)
                                        .collect(Collectors.joining(" and ")),
                        of(stage).words());
    }
}
