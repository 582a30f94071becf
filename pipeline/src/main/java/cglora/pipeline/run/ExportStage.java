package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.adapter.LoraFactors;
import cglora.models.adapter.PeftAdapter;
import cglora.models.block.LoraLayer;
import cglora.models.data.Labels;
import cglora.models.training.AdapterFactors;
import cglora.models.training.BodyCheck;
import cglora.models.training.Session;
import cglora.pipeline.spec.ExportSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Writes the adapter, reads it back and compares; a model whose own weights were trained is
/// written as a whole.
final class ExportStage {
    static final String ADAPTER = "adapter";

    private final RunState run;
    private final Inputs inputs;

    ExportStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// What has been trained, on the original base.
    ///
    /// @return what the run shows of it
    String run(ExportSpec export) {
        if (export.from() != null && !run.states.has(export.from())) {
            return "nothing: stage '" + export.from() + "' did not come to its end";
        }
        return run.states.with(export.from(), () -> write(export));
    }

    private String write(ExportSpec export) {
        String folder = folder(export);
        if (inputs.isFull()) {
            return new ModelExport(run).write(folder + ModelExport.FOLDER, export.verify());
        }
        return write(
                folder + ADAPTER,
                AdapterFactors.effective(run.session, run.start.shifted()),
                head(),
                export.verify() ? Map.of() : null);
    }

    /// The last export is what the run has learnt; those before it are beside.
    private String folder(ExportSpec export) {
        ExportSpec last =
                inputs.stages().stream()
                        .filter(ExportSpec.class::isInstance)
                        .map(ExportSpec.class::cast)
                        .reduce(export, (_, later) -> later);
        return export == last || !inputs.stages().contains(export)
                ? ""
                : RunFolder.EXPORTS + "/" + name(export) + "/";
    }

    private static String name(ExportSpec export) {
        return export.id().replaceAll("[^A-Za-z0-9_-]+", "_");
    }

    /// Where a run has what an export before the last has written.
    static Path place(Path run, ExportSpec export) {
        return run.resolve(RunFolder.EXPORTS).resolve(name(export));
    }

    /// The adapter as it starts, to be trained elsewhere. Where the method takes the start off the
    /// base, the other half is an adapter, too: `base_shift`, to be merged into the base first.
    ///
    /// @return what the run shows of it
    String runStart() {
        Map<String, LoraFactors> shifted = run.start.shifted();
        var shift = new TreeMap<String, LoraFactors>();
        shifted.forEach((name, f) -> shift.put(name, negated(f)));
        String shown = "";
        if (!shift.isEmpty()) {
            shown = write("base_shift", shift, Map.of(), null) + ", merge it into the base;  ";
        }
        return shown
                + write(ADAPTER, AdapterFactors.effective(run.session, Map.of()), head(), shift);
    }

    private static LoraFactors negated(LoraFactors f) {
        float[] loraB = new float[f.loraB().length];
        for (int i = 0; i < loraB.length; i++) {
            loraB[i] = -f.loraB()[i];
        }
        return new LoraFactors(f.loraA(), loraB, f.base());
    }

    private Map<String, float[]> head() {
        var head = new TreeMap<String, float[]>();
        for (var parameter : run.session.task().headParameters()) {
            head.put(parameter.name(), run.session.read(parameter.name()));
        }
        return head;
    }

    /// @param merged what the base gets before the adapter is read back and compared; null for no
    ///     comparison
    private String write(
            String name,
            Map<String, LoraFactors> factors,
            Map<String, float[]> saved,
            Map<String, LoraFactors> merged) {
        var layers = new TreeMap<String, PeftAdapter.Layer>();
        for (LoraLayer layer : run.session.adapters().values()) {
            LoraFactors f = factors.get(layer.module().name());
            if (f == null) {
                continue;
            }
            int r = f.loraA().length / layer.module().in();
            layers.put(
                    layer.module().name(),
                    new PeftAdapter.Layer(
                            layer.module().in(),
                            layer.module().out(),
                            r,
                            layer.scaling(),
                            inputs.adapterSpec().useRslora(),
                            f.loraA(),
                            f.loraB()));
        }
        requireFinite(layers, saved);
        inputs.stamps().requireUnchanged();
        var shapes = new TreeMap<String, int[]>();
        for (var parameter : run.session.task().headParameters()) {
            if (saved.containsKey(parameter.name())) {
                shapes.put(parameter.name(), parameter.extents());
            }
        }
        var adapter =
                new PeftAdapter(
                        layers,
                        saved,
                        shapes,
                        inputs.checkpoint().description(),
                        AdapterMetadata.of(inputs));
        Path target = run.folder.resolve(name);
        Path temporary = run.folder.resolve(name + ".tmp");
        try {
            Files.createDirectories(temporary);
            adapter.write(temporary, inputs.adapterSpec().loraDropout());
            String verified = merged == null ? "" : "  " + verify(temporary, target, merged);
            run.folder.replace(temporary, target);
            run.adapterPath = target;
            return RunReport.relative(target) + verified;
        } catch (IOException e) {
            RunFolder.delete(temporary);
            throw run.folder.diskError(e);
        }
    }

    /// Never writes a broken adapter.
    ///
    /// @throws CgloraException A-VERIFY
    static void requireFinite(Map<String, PeftAdapter.Layer> layers, Map<String, float[]> saved) {
        var all = new LinkedHashMap<String, float[]>(saved);
        layers.forEach(
                (name, layer) -> {
                    all.put(name + ".lora_A", layer.loraA());
                    all.put(name + ".lora_B", layer.loraB());
                });
        all.forEach(
                (name, values) -> {
                    for (float value : values) {
                        if (!Float.isFinite(value)) {
                            throw new CgloraException(
                                    ErrorCode.A_VERIFY,
                                    name,
                                    "the trained adapter holds NaN or infinity; nothing is written",
                                    "lower train.learning_rate");
                        }
                    }
                });
    }

    /// The classes are those of the training, by name and in order.
    private void requireLabels(PeftAdapter adapter, Path written) {
        List<String> expected = inputs.writes() ? null : inputs.examples().labels().names();
        List<String> found = AdapterMetadata.of(adapter).labels().map(Labels::names).orElse(null);
        if (!Objects.equals(expected, found)) {
            throw new CgloraException(
                    ErrorCode.A_VERIFY,
                    written.toString(),
                    "its classes, read back, are %s, not %s".formatted(found, expected),
                    "please report it");
        }
    }

    /// Reads the files back on the original base and compares the logits. The base is that of the
    /// session, once its weights are seen to be those of the checkpoint's files; only where they
    /// are not, as where a start was taken off on another machine, there is a second model.
    private String verify(Path written, Path target, Map<String, LoraFactors> merged)
            throws IOException {
        PeftAdapter adapter = PeftAdapter.read(written);
        requireLabels(adapter, written);
        var verification = new Verification(run);
        Map<String, LoraFactors> shifted = run.start.shifted();
        var body = new BodyCheck(run.session, shifted);
        boolean held = body.isOf(inputs.checkpoint());
        var undone = new AtomicBoolean(held && merged.isEmpty() && !shifted.isEmpty());
        if (undone.get()) {
            body.undoShift(inputs.checkpoint());
        }
        Runnable restore =
                () -> {
                    if (undone.getAndSet(false)) {
                        body.shift();
                    }
                };
        try (Session fresh = held ? beside() : another()) {
            inputs.checkpoint().weights().release();
            AdapterLoading.load(fresh, adapter, written.toString());
            if (!held) {
                AdapterFactors.merge(fresh, merged);
            }
            return "verified: reloaded on the %s base, logits differ by %.1e"
                    .formatted(
                            merged.isEmpty() ? "original" : "merged",
                            verification.compare(fresh, written, target, restore));
        } finally {
            restore.run();
        }
    }

    private Session beside() {
        return run.session.beside(run.session.task(), inputs.checkpoint());
    }

    private Session another() {
        return new Session(
                run.engine.open(), run.session.task(), inputs.checkpoint(), inputs.dtype());
    }
}
