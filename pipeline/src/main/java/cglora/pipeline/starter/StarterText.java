package cglora.pipeline.starter;

import cglora.models.metric.Entity;
import cglora.pipeline.spec.JsonText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/// Chooses settings for what was found, and says why beside each.
final class StarterText {
    /// Classes that are written down one by one.
    private static final int WRITTEN = 60;

    /// Share of the smaller of two classes below which accuracy alone says little.
    private static final double RARE = 0.35;

    private static final int LONG = 256;
    private static final String PLAIN_NAME = "[^A-Za-z0-9_-]+";

    private final Starter.Findings found;
    private final Path place;
    private final int rows;

    StarterText(Starter.Findings found, Path place) {
        this.found = found;
        this.place = place.toAbsolutePath().normalize();
        this.rows = found.survey().examples().size();
    }

    String text() {
        return """
        {
          // Made by cglora new. cglora validate, plan and run take this file; cglora explain data.max_length,
          // for one, says more of a setting. Paths start at this file's folder.
          "$schema": "./%s",  // for editors; cglora schema writes it
          "cglora": 1,
          "name": %s, "seed": 0, "output_dir": "runs/${name}",
          "stages": [
        %s,
        %s,
        %s,
        %s,
        %s,
            { "stage": "evaluate", "data": %s, "metrics": %s },
            // PEFT's layout, read back on the base model and compared.
            { "stage": "export" }
          ]
        }
        """
                .formatted(
                        Starter.SCHEMA,
                        json(name()),
                        model(),
                        data(),
                        calibrate(),
                        adapter(),
                        train(),
                        json(found.test() != null ? "test" : "validation"),
                        metrics());
    }

    private String name() {
        String file = found.data().getFileName().toString().replaceFirst("\\..*", "");
        Path parent = found.data().toAbsolutePath().normalize().getParent();
        boolean plain = List.of("train", "data").contains(file) && parent.getFileName() != null;
        String name = (plain ? parent.getFileName() + "-" : "") + file;
        return name.replaceAll(PLAIN_NAME, "-");
    }

    private String model() {
        var keys = new ArrayList<>(List.of("\"path\": " + path(found.model())));
        if (found.tokenizer() != null) {
            keys.add("\"tokenizer\": " + json(found.tokenizer()));
        }
        if (found.labels().tags()) {
            keys.add("\"task\": \"TOKEN_CLS\"");
        }
        if (found.labels().regression()) {
            keys.add("\"problem_type\": \"regression\"");
        }
        String head = "a new head is fitted first";
        if (found.headOutputs() > 0 && found.headFits()) {
            head = "its head of " + found.headOutputs() + " outputs is kept";
        } else if (found.headOutputs() > 0) {
            keys.add("\"head\": \"new\"");
            head = "its head of " + found.headOutputs() + " outputs does not fit this data";
        }
        return """
            // %s, up to %d tokens; %s.
            { "stage": "model", %s }\
        """
                .formatted(found.modelType(), found.positions(), head, String.join(", ", keys))
                .stripTrailing();
    }

    private String data() {
        var lines = new ArrayList<String>();
        var files = new ArrayList<>(List.of("\"train\": " + path(found.data().toString())));
        if (found.validation() != null) {
            files.add("\"validation\": " + path(found.validation().toString()));
        }
        if (found.test() != null) {
            files.add("\"test\": " + path(found.test().toString()));
        }
        lines.add(
                found.survey().whole()
                        ? "// %d rows, %s.".formatted(rows, labelsInWords())
                        : "// Of the first %,d rows, %s. Labels are those of all rows, sorted."
                                .formatted(rows, labelsInWords()));
        if (!found.survey().others().isEmpty()) {
            lines.add("// Left aside: " + plain(found.survey().others()) + ".");
        }
        lines.add("{ \"stage\": \"data\",");
        lines.add("  " + String.join(", ", files) + ",");
        if (found.validation() == null) {
            lines.add(
                    "  \"validation_split\": %s,  // held out with the seed%s"
                            .formatted(
                                    rows < 500 ? "0.25" : rows < 5000 ? "0.15" : "0.1",
                                    found.labels().tags() ? "" : ", stratified by label"));
        }
        if (found.survey().header() != null) {
            lines.add("  \"format\": { \"header\": %s },".formatted(found.survey().header()));
        }
        if (found.survey().text() != null) {
            lines.add("  \"columns\": { " + columns() + " },");
        }
        if (!found.labels().regression()
                && !found.labels().isNumbered()
                && found.survey().whole()
                && found.labels().names().size() <= WRITTEN) {
            lines.add("  \"labels\": " + list(found.labels().names()) + ",");
        } else if (found.labels().tags() && found.labels().isNumbered()) {
            lines.add(
                    "  // Tags are numbers: \"labels\": [\"O\", \"B-PER\", ...] names them in their"
                            + " order, for metrics of entities.");
        }
        int[] lengths = found.lengths();
        int longest = lengths[lengths.length - 1];
        lines.add(
                "  // Of %d examples the longest has %d tokens, 99 %% have at most %d."
                        .formatted(lengths.length, longest, percentile(lengths)));
        lines.add("  \"max_length\": " + maxLength() + " }");
        return lines.stream().collect(Collectors.joining("\n")).indent(4).stripTrailing();
    }

    private String columns() {
        if (found.labels().tags()) {
            return "\"tokens\": %s, \"tags\": %s"
                    .formatted(json(found.survey().text()), json(found.survey().label()));
        }
        var columns = new ArrayList<>(List.of("\"text\": " + json(found.survey().text())));
        if (found.survey().pair() != null) {
            columns.add("\"text_pair\": " + json(found.survey().pair()));
        }
        columns.add("\"label\": " + json(found.survey().label()));
        return String.join(", ", columns);
    }

    private String labelsInWords() {
        if (found.labels().regression()) {
            return "labels are numbers";
        }
        if (found.labels().tags()) {
            long words = found.counts().values().stream().mapToLong(Integer::longValue).sum();
            return "%,d words with %d tags".formatted(words, found.counts().size());
        }
        int most = Collections.max(found.counts().values());
        int least = Collections.min(found.counts().values());
        String each =
                least == most ? least + " examples each" : least + " to " + most + " examples";
        return "%d classes of %s".formatted(found.counts().size(), each);
    }

    private static int percentile(int[] sorted) {
        return sorted[(int) Math.ceil(0.99 * sorted.length) - 1];
    }

    /// All of the examples where that is cheap, 99 % otherwise; a multiple of 8.
    private int maxLength() {
        int[] lengths = found.lengths();
        int longest = lengths[lengths.length - 1];
        int wanted = longest <= 128 ? longest : percentile(lengths);
        return Math.min(found.positions(), Math.ceilDiv(Math.max(wanted, 8), 8) * 8);
    }

    private String calibrate() {
        int samples = Math.clamp(rows / 4, 8, 512);
        return """
            // Curvature and gradient from %d examples; %d others choose the length of the first step.
            { "stage": "calibrate", "samples": %1$d, "step_samples": %2$d }\
        """
                .formatted(samples, Math.clamp(rows / 8, 4, 192))
                .stripTrailing();
    }

    private String adapter() {
        return """
            // Other methods: cglora explain adapter.method.
            { "stage": "adapter", "method": "cg-lora", "r": 8, "lora_alpha": 16, "target_modules": "all-linear" }\
        """;
    }

    private String train() {
        int batch = Math.min(maxLength() > LONG ? 16 : 32, Math.max(4, rows / 16));
        int epochs = rows < 1000 ? 10 : rows < 5000 ? 3 : rows < 20_000 ? 2 : 1;
        return """
            // The learning rate is the method's own. The state with the lowest validation loss is kept.
            { "stage": "train", "epochs": %d, "per_device_batch_size": %d,
              "eval_steps": "epoch", "load_best": "loss" }\
        """
                .formatted(epochs, batch)
                .stripTrailing();
    }

    private String metrics() {
        if (found.labels().regression()) {
            return list(List.of("loss", "pearson", "spearman"));
        }
        if (found.labels().tags()) {
            return list(
                    Entity.areTags(found.labels().names())
                            ? List.of("loss", "precision", "recall", "f1", "token_accuracy")
                            : List.of("loss", "token_accuracy"));
        }
        var metrics = new ArrayList<>(List.of("loss", "accuracy"));
        double least = (double) Collections.min(found.counts().values()) / rows;
        if (found.labels().names().size() == 2) {
            if (least < RARE) {
                metrics.addAll(List.of("f1", "matthews_correlation"));
            }
        } else {
            metrics.add("f1_macro");
        }
        return list(metrics);
    }

    /// As seen from the file's folder; built-in names as they are.
    private String path(String given) {
        if (given.startsWith("classpath:")) {
            return json(given);
        }
        Path absolute = Path.of(given).toAbsolutePath().normalize();
        boolean near = place.getRoot() != null && place.getRoot().equals(absolute.getRoot());
        String path = near ? place.relativize(absolute).toString() : absolute.toString();
        return json(path.contains("/") ? path : "./" + path);
    }

    private static String list(List<String> texts) {
        return texts.stream().map(StarterText::json).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String json(String text) {
        return JsonText.write(text).strip().replace("${", "$${");
    }

    /// In a comment of one line.
    private static String plain(List<String> names) {
        return String.join(", ", names).replaceAll("[\\p{Cntrl}]", " ");
    }
}
