package cglora.pipeline.starter;

import cglora.kernels.error.CgloraException;
import cglora.models.data.DataFormat;
import cglora.models.data.DataReader;
import cglora.models.data.Labels;
import cglora.models.data.RawExample;
import cglora.models.data.TaggedWords;
import cglora.models.data.TextRows;
import cglora.models.data.WordTokens;
import cglora.models.family.CheckpointHead;
import cglora.models.family.PretrainedModel;
import cglora.models.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Finds what a first pipeline for a model and a data file needs to know.
public final class Starter {
    /// The name, beside a pipeline, of the schema that it names for editors.
    public static final String SCHEMA = "cglora.schema.json";

    private static final String CLASSPATH = "classpath:";

    /// Examples whose tokens are counted, and of another file those that are looked at.
    private static final int COUNTED = 2000;

    private static final List<String> VALIDATION = List.of("dev", "validation", "valid", "val");

    private Starter() {}

    /// What there is to know.
    ///
    /// @param model      as it is written into the file
    /// @param tokenizer  likewise; null for that of the model
    /// @param modelType  `bert`
    /// @param positions  most tokens that the model takes
    /// @param headOutputs of the head that the checkpoint brings; 0 for none
    /// @param headFits   whether that head has the data's classes
    /// @param data       the training file
    /// @param validation a file beside it with the same columns; null for none
    /// @param test       likewise
    /// @param survey     of the training file
    /// @param labels     the classes, or regression
    /// @param counts     examples by label, or words by tag
    /// @param lengths    tokens of some examples, ascending
    record Findings(
            String model,
            String tokenizer,
            String modelType,
            int positions,
            int headOutputs,
            boolean headFits,
            Path data,
            Path validation,
            Path test,
            DataSurvey survey,
            Labels labels,
            Map<String, Integer> counts,
            int[] lengths) {}

    /// A pipeline that was written.
    ///
    /// @param text  with comments
    /// @param whole whether all rows of the data were looked at; else the first ones
    public record Start(String text, boolean whole) {}

    /// A pipeline with comments.
    ///
    /// @param model a Hugging Face directory, an ONNX file, or `classpath:NAME.onnx`
    /// @param data  a file with labels, or one of words with tags
    /// @param place the folder that paths in the text start from
    /// @throws CgloraException as reading model, tokenizer and data; D-COLUMN or D-LABEL where text
    ///     or label are not to be found
    public static Start write(String model, Path data, Path place) {
        Findings found = find(model, data);
        return new Start(new StarterText(found, place).text(), found.survey().whole());
    }

    private static Findings find(String model, Path data) {
        DataSurvey survey = DataSurvey.of(data);
        Labels labels = labels(survey, data);
        String tokenizerPath =
                model.startsWith(CLASSPATH)
                        ? model.replaceFirst("\\.onnx$", "-tokenizer.json")
                        : null;
        var counts = new TreeMap<String, Integer>();
        survey.examples().stream()
                .flatMap(e -> said(e).stream())
                .forEach(label -> counts.merge(label, 1, Integer::sum));
        try (var checkpoint = PretrainedModel.load(model, Map.of());
                Tokenizer tokenizer = checkpoint.tokenizer(tokenizerPath)) {
            int outputs = outputs(checkpoint, survey.tagged());
            return new Findings(
                    model,
                    tokenizerPath,
                    checkpoint.body().modelType(),
                    checkpoint.body().maxPositions(),
                    outputs,
                    outputs > 0 && fits(outputs, labels, checkpoint),
                    data,
                    beside(data, VALIDATION, survey, labels),
                    beside(data, List.of("test"), survey, labels),
                    survey,
                    labels,
                    counts,
                    lengths(survey.examples(), tokenizer));
        }
    }

    private static Labels labels(DataSurvey survey, Path data) {
        if (survey.tagged()) {
            return Labels.find(TextRows.of(survey.examples(), false), data.toString()).asTags();
        }
        return survey.regression()
                ? Labels.ofRegression()
                : Labels.find(survey.examples(), data.toString());
    }

    /// The label of an example, or the tags of its words.
    private static List<String> said(RawExample example) {
        return example.words() == null
                ? List.of(example.label())
                : example.words().tags().stream()
                        .filter(tag -> !tag.equals(TaggedWords.IGNORED))
                        .toList();
    }

    /// Outputs of the head that the checkpoint brings for such data; 0 for none.
    private static int outputs(PretrainedModel checkpoint, boolean tagged) {
        if (tagged) {
            CheckpointHead head = checkpoint.tokenHead();
            return head.isThere() ? head.outputs() : 0;
        }
        return checkpoint.hasHead() ? checkpoint.headOutputs() : 0;
    }

    private static boolean fits(int outputs, Labels labels, PretrainedModel checkpoint) {
        List<String> own = List.copyOf(checkpoint.id2label().values());
        boolean named =
                own.size() == outputs && own.stream().noneMatch(n -> n.startsWith("LABEL_"));
        return outputs == labels.names().size()
                && (!named
                        || labels.regression()
                        || labels.isNumbered()
                        || own.containsAll(labels.names()));
    }

    /// `dev.tsv` beside `train.tsv`, where it can be read alike.
    ///
    /// @return null for none
    private static Path beside(Path data, List<String> names, DataSurvey survey, Labels labels) {
        String file = data.getFileName().toString();
        for (String name : names) {
            Path other = data.resolveSibling(file.replace("train", name));
            if (file.contains("train") && Files.isRegularFile(other)) {
                return readsAlike(other, survey, labels) ? other : null;
            }
        }
        return null;
    }

    private static boolean readsAlike(Path file, DataSurvey survey, Labels labels) {
        try {
            return DataReader.first(
                            file,
                            new DataFormat("auto", survey.header(), null, "UTF-8"),
                            survey.columns(),
                            true,
                            COUNTED)
                    .stream()
                    .allMatch(e -> said(e).stream().allMatch(labels::contains));
        } catch (CgloraException e) {
            return false; // such as GLUE's test files, which have no labels
        }
    }

    private static int[] lengths(List<RawExample> examples, Tokenizer tokenizer) {
        int count = Math.min(COUNTED, examples.size());
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            RawExample e = examples.get((int) ((long) i * examples.size() / count));
            int all = Integer.MAX_VALUE;
            lengths[i] =
                    e.words() == null
                            ? tokenizer.encode(e.text(), e.textPair(), all).fullLength()
                            : WordTokens.of(e.words().words(), tokenizer, all)
                                    .tokens()
                                    .fullLength();
        }
        Arrays.sort(lengths);
        return lengths;
    }
}
