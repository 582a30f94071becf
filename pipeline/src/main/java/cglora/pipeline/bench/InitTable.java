package cglora.pipeline.bench;

import cglora.pipeline.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The forms of initialisation side by side: what each takes, and its share of what LoRA-GA
/// takes as published and layer by layer.
final class InitTable {
    private static final String NONE = "–";

    private InitTable() {}

    /// A table for each model; empty where nothing of the suite was measured.
    static String markdown(List<Result> results) {
        Map<String, Result> known =
                results.stream()
                        .filter(result -> result.suite() == Suite.INIT && !result.hasFailed())
                        .collect(Collectors.toMap(Result::test, result -> result, (a, b) -> b));
        var text = new StringBuilder();
        for (InitModel model : InitModel.values()) {
            var rows = new ArrayList<List<String>>();
            for (InitForm form : InitForm.values()) {
                if (known.containsKey(model.test(form) + InitPart.TIME)) {
                    rows.add(row(known, model, form));
                }
            }
            if (!rows.isEmpty()) {
                List<String> head =
                        List.of(
                                model.title() + ", r 8, " + model.samples + " examples",
                                "clock",
                                "processors",
                                "peak extra memory",
                                "held-out fall",
                                "× published: clock, processors, memory",
                                "× streamed: clock, processors",
                                "× fall of factored");
                text.append('\n').append(new Table(head, rows).markdown());
            }
        }
        return text.toString();
    }

    private static List<String> row(Map<String, Result> known, InitModel model, InitForm form) {
        return List.of(
                form.toString(),
                value(known, model, form, InitPart.TIME),
                value(known, model, form, InitPart.PROCESSORS),
                value(known, model, form, InitPart.MEMORY),
                value(known, model, form, InitPart.FALL),
                ratios(
                        known,
                        model,
                        form,
                        InitForm.LORA_GA_PUBLISHED,
                        InitPart.TIME,
                        InitPart.PROCESSORS,
                        InitPart.MEMORY),
                ratios(
                        known,
                        model,
                        form,
                        InitForm.LORA_GA_STREAMED,
                        InitPart.TIME,
                        InitPart.PROCESSORS),
                form.isCurvatureGuided()
                        ? ratios(known, model, form, InitForm.CG_FACTORED_PLAIN, InitPart.FALL)
                        : NONE);
    }

    private static String value(
            Map<String, Result> known, InitModel model, InitForm form, String what) {
        Result result = known.get(model.test(form) + what);
        return result == null ? NONE : Figures.three(result.median()) + " " + result.unit();
    }

    private static String ratios(
            Map<String, Result> known,
            InitModel model,
            InitForm form,
            InitForm reference,
            String... what) {
        var ratios = new ArrayList<String>();
        for (String one : what) {
            Result result = known.get(model.test(form) + one);
            Result other = known.get(model.test(reference) + one);
            boolean both = result != null && other != null && other.median() != 0;
            ratios.add(both ? Figures.times(result.median() / other.median()) : NONE);
        }
        return String.join(", ", ratios);
    }
}
