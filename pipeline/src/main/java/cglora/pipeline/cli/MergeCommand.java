package cglora.pipeline.cli;

import cglora.kernels.error.Problems;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.Merger;
import cglora.pipeline.run.Predictor;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/// Merges an adapter into its base model.
@Command(
        name = "merge",
        description =
                "Merge an adapter into its base and write a Hugging Face directory, read back and"
                        + " compared.")
final class MergeCommand implements Callable<Integer> {
    private enum Dtype {
        FLOAT32,
        SAME
    }

    /// A dtype by its name in any case.
    static final class Dtypes implements ITypeConverter<Dtype> {
        @Override
        public Dtype convert(String text) {
            try {
                return Dtype.valueOf(text.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "no dtype '" + text + "', expected float32 or same");
            }
        }
    }

    @Parameters(paramLabel = "ADAPTER", description = "Folder of an adapter, or of its run.")
    private Path adapter;

    @Option(names = "--base", description = "The base model, where it is not where it was.")
    private String base;

    @Option(
            names = {"-o", "--output-dir"},
            required = true,
            paramLabel = "FOLDER",
            description = "Write here; a folder that is not there, or empty.")
    private Path output;

    @Option(
            names = "--base-shift",
            paramLabel = "FOLDER",
            description =
                    "The adapter that was merged into the base before this one was trained; by"
                            + " default base_shift of the run, where it has one.")
    private Path shift;

    @Option(
            names = "--as-adapter",
            description =
                    "Write no model but an ordinary adapter of the original base, from one that was"
                            + " trained on a shifted base.")
    private boolean asAdapter;

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            defaultValue = "float32",
            converter = Dtypes.class,
            description =
                    "Of the model's weights: float32, or same for that of the base, to which they"
                            + " are rounded.")
    private Dtype dtype;

    /// `500MB`, as transformers writes it: units of 1000, or of 1024 with an i.
    static final class Sizes implements ITypeConverter<Long> {
        private static final Pattern SIZE = Pattern.compile("(\\d{1,9})\\s*([KMG]?)(I?)B?");

        @Override
        public Long convert(String text) {
            Matcher size = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
            if (!size.matches() || size.group(3).equals("I") && size.group(2).isEmpty()) {
                throw new TypeConversionException(
                        "'" + text + "' is no size such as 5GB or 500MiB");
            }
            long bytes = Long.parseLong(size.group(1));
            long unit = size.group(3).isEmpty() ? 1000 : 1024;
            for (int power = "KMG".indexOf(size.group(2)) + 1;
                    power > 0 && !size.group(2).isEmpty();
                    power--) {
                bytes *= unit; // less than 10^9 times 2^30
            }
            if (bytes < 1) {
                throw new TypeConversionException("'" + text + "' is no size above 0");
            }
            return bytes;
        }
    }

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            defaultValue = "5GB",
            converter = Sizes.class,
            description =
                    "The most of the weights in one file, 5GB or 500MiB; more become several files with"
                            + " an index.")
    private long shardBytes;

    @Option(
            names = "--allow-other-base",
            description = "Take a base model other than the adapter was trained on.")
    private boolean otherBase;

    @Option(
            names = "--follow-links",
            description = "Files of the base model's folder may be links out of it.")
    private boolean followLinks;

    @Mixin private EngineOptions engine;

    private final Console console;

    MergeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        EngineChoice chosen = engine.choose(engine.spec());
        if (engine.isAnswered(chosen, console)) {
            return 0;
        }
        var notes = new Problems();
        var merger =
                new Merger(
                        new Merger.Request(
                                adapter,
                                shift,
                                new Predictor.Base(base, otherBase, followLinks),
                                dtype == Dtype.SAME,
                                shardBytes),
                        chosen,
                        notes);
        String said = asAdapter ? merger.adapter(output) : merger.model(output);
        console.warnings(notes.warnings());
        console.out().println(said);
        console.note("next: cglora predict " + output + " --text \"...\"");
        return 0;
    }
}
