package cglora.pipeline.run;

import cglora.kernels.engine.Engine;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.program.DataType;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LinearModule;
import cglora.models.block.LoraLayer;
import cglora.models.block.ParameterSpec;
import cglora.models.family.PretrainedModel;
import cglora.models.training.Session;
import cglora.models.weights.FloatFormat;
import cglora.models.weights.ModelFiles;
import cglora.pipeline.device.EngineChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Merges an adapter into its base model, `W + s B A`, and writes a Hugging Face directory; or,
/// where the adapter was trained on a shifted base, writes an ordinary adapter of the original
/// base. What was written is read back and compared before it gets its name.
public final class Merger {
    private static final String BASE_SHIFT = "base_shift";

    /// What is merged.
    ///
    /// @param adapter folder of an adapter, or of a run that has one
    /// @param shift   folder of the adapter that was merged into the base before this one was
    ///     trained; null for none, or that of the run
    /// @param base    which base model is taken
    /// @param rounds  whether a model gets the format that the base's weights have, not float32
    /// @param shardBytes the most bytes of weights in one file of a model
    public record Request(
            Path adapter, Path shift, Predictor.Base base, boolean rounds, long shardBytes) {}

    private final Request request;
    private final EngineChoice engine;
    private final Problems notes;
    private final Path place;

    /// @param notes is given the warnings
    public Merger(Request request, EngineChoice engine, Problems notes) {
        this.request = request;
        this.engine = engine;
        this.notes = notes;
        this.place = Predictor.place(request.adapter());
    }

    /// Writes the merged model.
    ///
    /// @param target a folder that is not there, or empty
    /// @return what people are told
    /// @throws CgloraException A-VERIFY where it differs, read back; K-OUTPUT, K-DISK; as loading
    ///     the adapter
    public String model(Path target) {
        return write(target, false);
    }

    /// Writes an ordinary adapter; its rank is that of both adapters together.
    ///
    /// @throws CgloraException as [#model], and P-USAGE where there is no shift to convert
    public String adapter(Path target) {
        return write(target, true);
    }

    private String write(Path target, boolean asAdapter) {
        requireFree(target);
        if (Predictor.isWhole(place)) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    place.toString(),
                    "is a whole model: there is no adapter to merge",
                    "name the folder of an adapter");
        }
        Path shiftPlace = shiftPlace();
        if (asAdapter && shiftPlace == null) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    place.toString(),
                    "there is no shift of the base, so the adapter is an ordinary one already",
                    "name the shift's folder with --base-shift");
        }
        PeftAdapter shift = shiftPlace == null ? null : PeftAdapter.read(shiftPlace);
        try {
            Draft draft = draft(target, asAdapter ? Form.ADAPTER : Form.MODEL, shift, shiftPlace);
            try (Unfinished folder = draft.folder()) {
                double difference = compare(draft, target);
                folder.place(target);
                return "%s  %sverified: reloaded, logits differ by %.1e"
                        .formatted(RunReport.relative(target), draft.rounding(), difference);
            }
        } catch (IOException e) {
            throw disk(target, e);
        }
    }

    private enum Form {
        MODEL,
        ADAPTER
    }

    /// What is written and not yet compared.
    ///
    /// @param base     which model the adapter is of
    /// @param frozen   how the matrices are kept when it is read back
    /// @param expected logits that it is to give
    /// @param modules  what its layers are to give
    /// @param rounding what people are told of it
    record Draft(
            Unfinished folder,
            String base,
            DataType frozen,
            float[][] expected,
            ModuleOutputs modules,
            String rounding) {}

    /// @param shift null for none
    private Draft draft(Path target, Form form, PeftAdapter shift, Path shiftPlace)
            throws IOException {
        Predictor.Base choice = shift == null ? kept(request.base()) : request.base();
        try (LoadedModel trained = open(place, choice, notes)) {
            if (shift != null) {
                mergeInto(trained, shift, shiftPlace);
            }
            Unfinished folder = Unfinished.beside(target);
            try {
                return form == Form.ADAPTER
                        ? writeAdapter(trained, shift, folder)
                        : writeModel(trained, shift, folder);
            } catch (IOException | RuntimeException e) {
                folder.close();
                throw e;
            }
        }
    }

    private static Draft writeAdapter(LoadedModel trained, PeftAdapter shift, Unfinished folder)
            throws IOException {
        float[][] expected = new MergeProbe(trained).logits(trained);
        together(trained.adapter(), shift).write(folder.path(), 0);
        return new Draft(
                folder,
                trained.checkpoint().description(),
                DataType.FLOAT32,
                expected,
                ModuleOutputs.of(trained.session()),
                "");
    }

    /// @param shift null for none
    private Draft writeModel(LoadedModel trained, PeftAdapter shift, Unfinished folder)
            throws IOException {
        var probe = new MergeProbe(trained);
        float[][] expected = probe.logits(trained);
        String rounding = "";
        FloatFormat format = format(trained);
        var adapters = new ArrayList<PeftAdapter>();
        Optional.ofNullable(shift).ifPresent(adapters::add);
        adapters.add(trained.adapter());
        var weights = new MergedWeights(trained, adapters, format);
        if (format != FloatFormat.F32) {
            mergeInto(trained, weights);
            float[][] adapted = expected;
            expected = probe.logits(trained);
            rounding = said(format, MergeProbe.difference(adapted, expected), adapted);
        }
        boolean packed = format == FloatFormat.BF16 && engine instanceof EngineChoice.Jvm;
        writeModel(trained, weights, format, folder.path());
        return new Draft(
                folder,
                trained.checkpoint().description(),
                packed ? DataType.BFLOAT16 : DataType.FLOAT32,
                expected,
                ModuleOutputs.of(trained.session()),
                rounding);
    }

    /// A base whose matrices are all bfloat16 is kept so, where the engine can still be given what
    /// they are rounded to.
    private Predictor.Base kept(Predictor.Base given) {
        PeftAdapter adapter = PeftAdapter.read(place);
        String path = given.base() == null ? adapter.base() : given.base();
        try (PretrainedModel headers = PretrainedModel.load(path, Map.of(), given.followLinks())) {
            boolean exact =
                    engine instanceof EngineChoice.Jvm
                            && headers.body().parameters().stream()
                                    .filter(spec -> spec.kind() == ParameterSpec.Kind.MATRIX)
                                    .allMatch(spec -> isBfloat16(headers, spec, adapter));
            return new Predictor.Base(
                    given.base(),
                    given.other(),
                    given.followLinks(),
                    exact ? DataType.BFLOAT16 : DataType.FLOAT32);
        }
    }

    /// Whether a matrix is, and no module that the adapter saved takes its place.
    private static boolean isBfloat16(
            PretrainedModel headers, ParameterSpec spec, PeftAdapter adapter) {
        String dtype = headers.weights().dtype(headers.tensorOf(spec));
        return dtype.equals(FloatFormat.BF16.name()) && !adapter.shapes().containsKey(spec.name());
    }

    /// A model that writes texts, or one that tells classes.
    private LoadedModel open(Path folder, Predictor.Base base, Problems notes) {
        Optional<WritingPredictor> writing =
                WritingPredictor.open(folder, base, engine, notes, WritingPredictor.Options.GREEDY);
        if (writing.isPresent()) {
            return writing.get();
        }
        Optional<TaggingPredictor> tagging = TaggingPredictor.open(folder, base, engine, notes);
        return tagging.isPresent() ? tagging.get() : Predictor.open(folder, base, engine, notes);
    }

    private Path shiftPlace() {
        if (request.shift() != null) {
            return request.shift();
        }
        Path ofRun = request.adapter().resolve(BASE_SHIFT);
        return Files.isDirectory(ofRun) ? ofRun : null;
    }

    private static void requireFree(Path target) {
        boolean free = !Files.exists(target, LinkOption.NOFOLLOW_LINKS);
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            try (var files = Files.list(target)) {
                free = files.findAny().isEmpty();
            } catch (IOException e) {
                throw disk(target, e);
            }
        }
        if (!free || target.getFileName() == null) {
            throw new CgloraException(
                    ErrorCode.K_EXISTS,
                    target.toString(),
                    "is there and not an empty folder",
                    "name another folder; nothing is written over");
        }
    }

    private static CgloraException disk(Path target, IOException e) {
        return new CgloraException(
                ErrorCode.K_DISK,
                target.toString(),
                "cannot be written: " + e,
                "make room, or name a folder on another disk",
                e);
    }

    private static void mergeInto(LoadedModel trained, PeftAdapter shift, Path where) {
        Session session = trained.session();
        var weights = new MergedWeights(trained, List.of(shift), FloatFormat.F32);
        Map<String, LinearModule> modules = modules(session);
        shift.layers()
                .forEach(
                        (name, layer) -> {
                            LinearModule module = modules.get(name);
                            if (module == null
                                    || module.in() != layer.in()
                                    || module.out() != layer.out()) {
                                throw new CgloraException(
                                        ErrorCode.A_TENSOR,
                                        where.toString(),
                                        "layer '"
                                                + name
                                                + "' is not in this model, or has another shape",
                                        "name the shift that belongs to the adapter");
                            }
                            String weight = module.weight();
                            session.fill(weight, parts(weights, weight));
                        });
    }

    private static Map<String, LinearModule> modules(Session session) {
        var modules = new HashMap<String, LinearModule>();
        session.task().linearModules().forEach(m -> modules.put(m.name(), m));
        return modules;
    }

    private static Engine.PartFiller parts(MergedWeights weights, String name) {
        return (first, count, target, offset) -> weights.read(name, first, count, target, offset);
    }

    /// That of the base's first layer, or float32.
    private FloatFormat format(LoadedModel trained) {
        var checkpoint = trained.checkpoint();
        String tensor = checkpoint.tensorOf(checkpoint.body().parameters().getFirst());
        return request.rounds() && tensor != null
                ? FloatFormat.of(checkpoint.weights().dtype(tensor))
                : FloatFormat.F32;
    }

    private static List<ParameterSpec> parameters(Session session) {
        var specs = new ArrayList<ParameterSpec>(session.task().bodyParameters());
        specs.addAll(session.task().headParameters());
        return specs;
    }

    /// The session's own weights become the merged ones, and its adapters do nothing any more.
    private static void mergeInto(LoadedModel trained, MergedWeights weights) {
        Session session = trained.session();
        for (ParameterSpec spec : parameters(session)) {
            session.fill(spec.name(), parts(weights, spec.name()));
        }
        for (LoraLayer layer : session.adapters().values()) {
            session.write(layer.loraB(), new float[layer.module().out() * layer.r()]);
        }
    }

    /// What rounding has done to the logits.
    private static String said(FloatFormat format, double difference, float[][] adapted) {
        return "%s moves the logits by %.1e of %.1f;  "
                .formatted(format.torchName(), difference, scale(adapted));
    }

    /// The largest logit, at least 1.
    private static double scale(float[][] logits) {
        double scale = 1;
        for (float[] of : logits) {
            for (float logit : of) {
                scale = Math.max(scale, Math.abs(logit));
            }
        }
        return scale;
    }

    private void writeModel(
            LoadedModel trained, MergedWeights weights, FloatFormat format, Path folder)
            throws IOException {
        Session session = trained.session();
        var shapes = new TreeMap<String, int[]>();
        List<ParameterSpec> specs = parameters(session);
        specs.forEach(spec -> shapes.put(spec.name(), spec.extents()));
        long bytes = format.bytes() * specs.stream().mapToLong(ParameterSpec::size).sum();
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < bytes) {
            throw new CgloraException(
                    ErrorCode.K_DISK,
                    folder.toString(),
                    "%d bytes are to be written, the disk has %d".formatted(bytes, free),
                    "make room, or name a folder on another disk");
        }
        Files.writeString(folder.resolve("config.json"), trained.config(format));
        String tokenizer = AdapterMetadata.of(trained.adapter()).tokenizer();
        trained.checkpoint().tokenizerFiles(tokenizer).copyTo(folder);
        if (trained instanceof WritingPredictor) {
            trained.checkpoint().copyGeneration(folder);
        }
        ModelFiles.write(folder, request.shardBytes(), format, shapes, weights);
    }

    /// One adapter that does what both do: `[A; A₀]`, `[B, (s₀/s) B₀]`, layers of only one as they
    /// are.
    static PeftAdapter together(PeftAdapter adapter, PeftAdapter shift) {
        var layers = new TreeMap<>(adapter.layers());
        shift.layers().forEach((name, other) -> layers.merge(name, other, Merger::together));
        return new PeftAdapter(
                layers, adapter.saved(), adapter.shapes(), adapter.base(), adapter.metadata());
    }

    private static PeftAdapter.Layer together(PeftAdapter.Layer one, PeftAdapter.Layer other) {
        int r = one.r() + other.r();
        float[] a = Arrays.copyOf(one.loraA(), r * one.in());
        System.arraycopy(other.loraA(), 0, a, one.r() * one.in(), other.loraA().length);
        float[] b = new float[one.out() * r];
        float scale = (float) (other.scaling() / one.scaling());
        for (int i = 0; i < one.out(); i++) {
            System.arraycopy(one.loraB(), i * one.r(), b, i * r, one.r());
            for (int j = 0; j < other.r(); j++) {
                b[i * r + one.r() + j] = scale * other.loraB()[i * other.r() + j];
            }
        }
        return new PeftAdapter.Layer(one.in(), one.out(), r, one.scaling(), one.rslora(), a, b);
    }

    /// Reads the files back; what does not agree keeps the name `.rejected`.
    double compare(Draft draft, Path target) throws IOException {
        double difference;
        String where = "";
        var choice =
                new Predictor.Base(
                        request.base().base() == null ? draft.base() : request.base().base(),
                        request.base().other(),
                        request.base().followLinks(),
                        draft.frozen());
        try (LoadedModel again = open(draft.folder().path(), choice, new Problems())) {
            float[][] found = new MergeProbe(again).logits(again);
            difference = MergeProbe.difference(draft.expected(), found);
            if (!holds(difference, draft.expected())) {
                where = draft.modules().farthestFrom(ModuleOutputs.of(again.session()));
            }
        }
        if (!holds(difference, draft.expected())) {
            throw new CgloraException(
                    ErrorCode.A_VERIFY,
                    draft.folder().reject(target).toString(),
                    "what was written, read back, gives logits that differ by %.3g; %s"
                            .formatted(difference, where),
                    "please report it; the files are kept for a look");
        }
        return difference;
    }

    private static boolean holds(double difference, float[][] logits) {
        return difference <= Verification.TOLERANCE * scale(logits);
    }
}
