package cglora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Tiny models and sentences whose words have tags.
final class TaggedSentences {
    private static final Path MODELS = Path.of("../models/src/test/resources/cglora/models/family");
    static final String PIPELINE =
            """
            {"cglora": 1, "seed": 1, "output_dir": "runs", "stages": [
              {"stage": "model", "path": "model", "task": "TOKEN_CLS", "head": "new"},
              {"stage": "data", "train": "train.jsonl", "validation_split": 0.25, "max_length": 16},
              {"stage": "calibrate", "samples": 12, "step_samples": 6},
              {"stage": "adapter", "r": 2, "lora_alpha": 4, "target_modules": "all-linear",
               "head_warmup": {"examples": 12}},
              {"stage": "train", "max_steps": 3, "per_device_batch_size": 4},
              {"stage": "evaluate"},
              {"stage": "export"}]}
            """;

    private TaggedSentences() {}

    /// Writes model, `train.jsonl` and `p.json`.
    ///
    /// @param family a folder of the committed models, or `tiny`
    /// @return the pipeline
    static Path write(Path folder, String family) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        if (family.equals("tiny")) {
            TinyModel.write(model, 5, 0);
        } else {
            for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
                Files.copy(MODELS.resolve(family).resolve(name), model.resolve(name));
            }
        }
        Files.writeString(folder.resolve("train.jsonl"), jsonl());
        return Files.writeString(folder.resolve("p.json"), PIPELINE);
    }

    /// Sentences in which an age with its thing is an entity, by the age.
    private static List<Map<String, List<String>>> sentences() {
        var all = new ArrayList<Map<String, List<String>>>();
        for (String article : List.of("a", "the", "a very", "the very", "a good", "the bad")) {
            for (String thing : List.of("film", "book")) {
                for (String age : List.of("old", "new", "")) {
                    var words = new ArrayList<>(List.of(article.split(" ")));
                    var tags = new ArrayList<String>();
                    words.forEach(_ -> tags.add("O"));
                    if (!age.isEmpty()) {
                        words.add(age);
                        tags.add("B-" + age.toUpperCase(Locale.ROOT));
                    }
                    words.add(thing);
                    tags.add(age.isEmpty() ? "O" : "I-" + age.toUpperCase(Locale.ROOT));
                    all.add(Map.of("tokens", words, "ner_tags", tags));
                }
            }
        }
        return all;
    }

    static String jsonl() {
        var text = new StringBuilder();
        sentences()
                .forEach(
                        row ->
                                text.append(JsonMapper.shared().writeValueAsString(row))
                                        .append("\n"));
        return text.toString();
    }

    /// The same sentences with a word and its tag on each line.
    static String conll() {
        var text = new StringBuilder();
        for (Map<String, List<String>> row : sentences()) {
            for (int i = 0; i < row.get("tokens").size(); i++) {
                text.append(row.get("tokens").get(i)).append('\t');
                text.append(row.get("ner_tags").get(i)).append('\n');
            }
            text.append('\n');
        }
        return text.toString();
    }

    static JsonNode json(Path file) {
        return JsonMapper.shared().readTree(file.toFile());
    }
}
