package cglora.pipeline.run;

import cglora.models.training.CgLoraStart.Arithmetic;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.CgSpec;

/// Who computes the whitening of a curvature-guided start, decided here and nowhere else.
///
/// @param why in words, for the run's record
public record WhiteningChoice(Arithmetic arithmetic, String why) {
    public static WhiteningChoice of(CgSpec.Arithmetic asked, EngineChoice engine) {
        return switch (asked) {
            case HOST -> new WhiteningChoice(Arithmetic.HOST, "asked for");
            case ENGINE -> new WhiteningChoice(Arithmetic.ENGINE, "asked for");
            case AUTO ->
                    switch (engine) {
                        case EngineChoice.Jvm _ ->
                                new WhiteningChoice(
                                        Arithmetic.HOST,
                                        "the engine is this processor, which has float64");
                        case EngineChoice.Tornado _ ->
                                new WhiteningChoice(
                                        Arithmetic.ENGINE,
                                        "large products belong on the device " + engine.device());
                    };
        };
    }
}
