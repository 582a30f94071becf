package cglora.pipeline.spec;

import static cglora.kernels.error.ErrorCode.O_CONFLICT;
import static cglora.kernels.error.ErrorCode.P_STAGE;

import java.util.Objects;

/// What must hold between the settings of an adapter stage, and between it and the stages before
/// it.
final class AdapterRules {
    private AdapterRules() {}

    static void check(AdapterSpec stage, StagesBefore before, StageProblems here) {
        if (before.writes() && !(stage.headWarmup() instanceof HeadWarmup.Auto)) {
            here.error(O_CONFLICT, "head_warmup", before.notThere("'head_warmup'"), "take it out");
        }
        checkKept(stage, here);
        if (here.isSure("method", "from", "start")
                && stage.method().isCalibrated()
                && stage.start() == null
                && !before.has("calibrate")) {
            here.errorOfStage(
                    P_STAGE,
                    "method '"
                            + stage.method().jsonName()
                            + "' needs the statistics of a stage 'calibrate' before it",
                    "add {\"stage\": \"calibrate\"} before it, or set \"method\": \"lora\"");
        }
        if (before.has(AlignSpec.STAGE)) {
            here.errorOfStage(
                    P_STAGE,
                    "stage 'align' measures the start of the adapter, and stands before it",
                    "move 'align' between 'adapter' and 'train'");
        }
        if (stage.cg().rankAllocation() == CgSpec.RankAllocation.CURVATURE) {
            if (!stage.rankPattern().isEmpty()) {
                here.error(
                        O_CONFLICT,
                        "rank_pattern",
                        "rank_pattern gives ranks that rank_allocation 'curvature' chooses itself",
                        "keep one of them");
            }
            Integer most = stage.cg().maxRank();
            if (most != null && most < stage.cg().minRank()) {
                here.error(
                        O_CONFLICT,
                        "cg",
                        "max_rank %d is below min_rank %d".formatted(most, stage.cg().minRank()),
                        "raise max_rank");
            }
        }
        if (!here.isSure("cg", "method")) {
            return;
        }
        checkCoordinates(stage, here);
        boolean stable =
                stage.scale() == AdapterSpec.Scale.STABLE
                        || stage.cg().scale() == CgSpec.Scale.STABLE;
        if (here.isSure("scale")
                && stable
                && stage.method() == AdapterSpec.Method.CG_LORA
                && !stage.cg().shift()) {
            here.error(
                    O_CONFLICT,
                    stage.scale() == AdapterSpec.Scale.STABLE ? "scale" : "cg",
                    "the stable scale without shift would start far from the pretrained model",
                    "add \"cg\": {\"shift\": true}, or keep the step's own scale");
        }
        boolean fixed = stage.cg().step() == CgSpec.Step.FIXED;
        if (fixed != (stage.cg().stepSize() != null)) {
            here.error(
                    O_CONFLICT,
                    "cg",
                    fixed
                            ? "step 'fixed' needs step_size"
                            : "step_size is used by step 'fixed' only, found step '"
                                    + stage.cg().step().jsonName()
                                    + "'",
                    fixed ? "add \"step_size\": 1.0" : "add \"step\": \"fixed\"");
        }
    }

    /// What is kept, or taken, of an adapter's start.
    private static void checkKept(AdapterSpec stage, StageProblems here) {
        if (stage.start() != null && stage.from() != null) {
            here.conflict("start", "from", "keep one of them");
        }
        if (stage.keep() && (stage.from() != null || stage.start() != null)) {
            here.conflict(
                    "keep",
                    stage.from() != null ? "from" : "start",
                    "what is taken is kept already");
        }
        boolean full = here.isSure("method") && stage.method() == AdapterSpec.Method.FULL;
        if (full && (stage.keep() || stage.start() != null)) {
            here.error(
                    O_CONFLICT,
                    stage.keep() ? "keep" : "start",
                    "method 'full' has no adapter whose start could be kept or taken",
                    "take it out");
        }
    }

    /// What an earlier adapter decides cannot be asked for.
    static void checkTaken(AdapterSpec given, AdapterSpec taken, StageProblems here) {
        for (SettingComponent component : RecordType.of(AdapterSpec.class).components()) {
            boolean differs = !Objects.equals(component.get(given), component.get(taken));
            if (differs && here.isGiven(component.key()) && here.isSure(component.key())) {
                here.conflict(
                        component.key(),
                        "from",
                        "take it out: the adapter of \"from\" has its own");
            }
        }
    }

    /// What is said of coordinates that are not used is said to be so.
    private static void checkCoordinates(AdapterSpec stage, StageProblems here) {
        CgSpec cg = stage.cg();
        boolean plain = cg.coordinates() == CgSpec.Coordinates.PLAIN;
        boolean rooted =
                cg.whiteningRank() != null || cg.whiteningPA() != null || cg.whiteningPS() != null;
        if (rooted && plain || !plain && cg.shift()) {
            here.warning(
                    O_CONFLICT,
                    "cg",
                    cg.shift()
                            ? "with shift the coordinates are plain: whitened ones are not used"
                            : "coordinates are plain: whitening_rank, whitening_p_a and"
                                    + " whitening_p_s are not used");
        }
    }
}
