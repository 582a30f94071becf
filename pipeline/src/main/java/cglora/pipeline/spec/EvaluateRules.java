package cglora.pipeline.spec;

/// What must hold between an evaluate stage and the stages before it.
final class EvaluateRules {
    private EvaluateRules() {}

    static void check(EvaluateSpec stage, StagesBefore before, StageProblems here) {
        StagesBefore.requireSplit(
                stage, before.requireData(stage.data().stage(), here), stage.data().split(), here);
        if (stage.metrics() != null && here.isSure("metrics")) {
            stage.metrics().forEach(name -> MetricNames.require(name, "metrics", before, here));
        }
    }
}
