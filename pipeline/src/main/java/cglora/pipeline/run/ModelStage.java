package cglora.pipeline.run;

/// The model stage: its headers were read by the checks.
final class ModelStage {
    private final Inputs inputs;

    ModelStage(Inputs inputs) {
        this.inputs = inputs;
    }

    /// @return what the run shows of it
    String run() {
        long count =
                inputs.checkpoint().body().parameters().stream().mapToLong(p -> p.size()).sum();
        return "%s  %s, %d linear layers, %.1f M parameters"
                .formatted(
                        inputs.checkpoint().description(),
                        inputs.checkpoint().body().modelType(),
                        inputs.checkpoint().body().linearModules().size(),
                        count / 1e6);
    }
}
