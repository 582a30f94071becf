package cglora.pipeline.run;

import cglora.pipeline.spec.AdapterSpec;
import cglora.pipeline.spec.AlignSpec;
import cglora.pipeline.spec.CalibrateSpec;
import cglora.pipeline.spec.DataSpec;
import cglora.pipeline.spec.EvaluateSpec;
import cglora.pipeline.spec.ModelSpec;
import cglora.pipeline.spec.PipelineSpec;
import cglora.pipeline.spec.StageSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The files and folders that a pipeline reads: a change of theirs during a run is noticed.
final class PipelineFiles {
    private PipelineFiles() {}

    /// Paths, whether something is there or not.
    static List<String> of(PipelineSpec spec) {
        var files = new ArrayList<String>();
        for (StageSpec stage : spec.stages()) {
            if (stage instanceof ModelSpec model) {
                files.add(model.path());
                files.add(model.tokenizer());
            } else if (stage instanceof DataSpec data) {
                files.addAll(DataFileNames.there(data.train()));
                files.addAll(DataFileNames.there(data.validation()));
                files.addAll(DataFileNames.there(data.test()));
            } else if (stage instanceof EvaluateSpec evaluate
                    && evaluate.when()
                    && evaluate.from() != null
                    && evaluate.from().folder() != null) {
                files.add(Predictor.place(Path.of(evaluate.from().folder())).toString());
            } else if (stage instanceof AlignSpec align && align.when()) {
                files.add(Predictor.place(Path.of(align.reference())).toString());
            } else if (stage instanceof CalibrateSpec calibrate
                    && calibrate.when()
                    && calibrate.from() != null) {
                Path place = EarlierStatistics.of(Path.of(calibrate.from())).place();
                files.add(place.toString());
                files.add(place.resolve("layers").toString());
            } else if (stage instanceof AdapterSpec adapter
                    && adapter.when()
                    && adapter.start() != null) {
                files.add(EarlierStart.place(Path.of(adapter.start())).toString());
            } else if (stage instanceof AdapterSpec adapter
                    && adapter.when()
                    && adapter.from() != null) {
                files.add(Predictor.place(Path.of(adapter.from())).toString());
            }
        }
        files.removeIf(Objects::isNull);
        return files;
    }
}
