package cglora.pipeline.run;

import cglora.kernels.device.TornadoStatus;
import cglora.kernels.engine.OpenBlas;
import cglora.models.data.Dataset;
import cglora.models.data.Labels;
import cglora.models.data.Rows;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.EvaluateSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// Loads the model onto the engine, with the head that the data asks for.
final class DataStage {
    private final RunState run;
    private final Inputs inputs;

    DataStage(RunState run) {
        this.run = run;
        this.inputs = run.inputs;
    }

    /// @return what the run shows of it
    String run() {
        run.session = inputs.session(run.engine.open());
        run.session.stopWhen(run::isStopping);
        inputs.checkpoint().weights().release();
        run.folder.writeJson("run.json", record());
        Labels labels = inputs.examples().labels();
        run.folder.event("data", splits(labels));
        return describe(inputs);
    }

    /// What a run shows of a data stage.
    static String describe(Inputs inputs) {
        return "train %d  validation %d  test %d examples, %s, longest %d tokens%s"
                .formatted(
                        inputs.train().size(),
                        inputs.validation().size(),
                        inputs.test().size(),
                        described(inputs.examples().labels()),
                        longest(inputs),
                        origins(inputs));
    }

    /// Of the training examples, where there are any.
    private static int longest(Inputs inputs) {
        return inputs.train().size() > 0
                ? inputs.train().longest()
                : Math.max(inputs.validation().longest(), inputs.test().longest());
    }

    /// Where the tokens of large splits are.
    private static String origins(Inputs inputs) {
        var origins = new LinkedHashSet<String>();
        for (var split : EvaluateSpec.Split.values()) {
            inputs.examples().split(split).rows().origin().ifPresent(origins::add);
        }
        return origins.isEmpty() ? "" : "; tokens " + String.join(", ", origins);
    }

    private static String described(Labels labels) {
        if (labels.text()) {
            return "texts to write";
        }
        return labels.regression()
                ? "regression"
                : labels.names().size() + (labels.tags() ? " tags" : " classes");
    }

    /// Of each split: examples, how many were cut, the longest in tokens, and the classes' counts.
    private Map<String, Object> splits(Labels labels) {
        var splits = new LinkedHashMap<String, Object>();
        for (var split : EvaluateSpec.Split.values()) {
            Dataset data = inputs.split(split);
            if (data.size() == 0) {
                continue;
            }
            var of = new LinkedHashMap<String, Object>();
            of.put("examples", data.size());
            int most = inputs.dataSpec().maxLength();
            int longest = 0;
            int cut = 0;
            for (int i = 0; i < data.size(); i++) {
                int length = data.tokens().fullLength(i);
                longest = Math.max(longest, length);
                cut += length > most ? 1 : 0;
            }
            of.put("truncated", cut);
            of.put("longest", longest);
            Rows rows = inputs.examples().split(split).rows();
            rows.origin().ifPresent(origin -> of.put("tokens", origin));
            if (labels.classes()) {
                long[] counts = new long[labels.names().size()];
                data.classes().forEach(label -> counts[label]++);
                of.put("labels", counts);
            }
            splits.put(split.jsonName(), of);
        }
        return splits;
    }

    /// As seen from the current folder, unless it is in a jar.
    private static String place(String model) {
        return model.startsWith("classpath:") ? model : RunReport.relative(Path.of(model));
    }

    private Map<String, Object> record() {
        var record = new LinkedHashMap<String, Object>();
        record.put("cglora", 1);
        record.put("version", ProductVersion.get());
        record.put("argv", run.arguments);
        if (run.resumption != null) {
            run.resumption.recordTo(record, run.folder);
        }
        String commit = System.getProperty("cglora.commit", "");
        if (!commit.isEmpty()) {
            record.put("commit", commit);
        }
        record.put("java", System.getProperty("java.vm.version"));
        record.put("engine", run.session.engine().description());
        record.put("engine_asked", inputs.spec().engine().type().jsonName());
        record.put("engine_why", run.engine.why());
        record.put("device", run.engine.device());
        switch (run.engine) {
            case EngineChoice.Jvm jvm -> {
                record.put("threads", jvm.threads());
                record.put("openblas", OpenBlas.get().description());
            }
            case EngineChoice.Tornado tornado -> {
                record.put("device_profile", tornado.profile().name());
                record.put("device_driver", tornado.info().driver());
                record.put("tornadovm", TornadoStatus.version());
            }
        }
        record.put("seed", inputs.spec().seed());
        record.put("pipeline", run.file.getFileName().toString());
        record.put("model", place(inputs.checkpoint().description()));
        record.put("sha256", inputs.stamps().sha256());
        List<Map<String, Object>> taken = EarlierRun.taken(inputs);
        if (!taken.isEmpty()) {
            record.put("taken", taken);
        }
        record.put("labels", inputs.examples().labels().names());
        return record;
    }
}
