package cglora.pipeline.bench;

import java.util.ArrayList;
import java.util.List;

/// All that was measured on one device.
///
/// @param id       as `cglora devices` lists it
/// @param name     what the driver or the system calls it
/// @param engine   what ran the programs
/// @param backend  `jvm`, `opencl`, `ptx` …
/// @param platform of the driver; empty for `jvm`
/// @param driver   its version; empty where it is not told
/// @param language as in `OpenCL C 1.2`; empty where there is none
/// @param profile  the device profile; empty for `jvm`
/// @param runtime  version of TornadoVM; empty for `jvm`
/// @param agreeing kernels that agree with float64, in their small samples
/// @param wrong    what is wrong with the others, a line each
/// @param notes    what a reader should know
/// @param failure  why the measurement ended early; empty where it did not
public record DeviceRecord(
        String id,
        String name,
        String engine,
        String backend,
        String platform,
        String driver,
        String language,
        String profile,
        String runtime,
        int agreeing,
        List<String> wrong,
        List<Result> results,
        List<String> notes,
        String failure) {
    public DeviceRecord {
        wrong = List.copyOf(wrong);
        results = List.copyOf(results);
        notes = List.copyOf(notes);
    }

    /// A device of which nothing is known but that it failed.
    static DeviceRecord failed(String id, String failure) {
        return new DeviceRecord(
                id, "", "", "", "", "", "", "", "", 0, List.of(), List.of(), List.of(), failure);
    }

    DeviceRecord withFailure(String why) {
        return new DeviceRecord(
                id, name, engine, backend, platform, driver, language, profile, runtime, agreeing,
                wrong, results, notes, why);
    }

    DeviceRecord withChecks(int agree, List<String> others) {
        return new DeviceRecord(
                id, name, engine, backend, platform, driver, language, profile, runtime, agree,
                others, results, notes, failure);
    }

    DeviceRecord with(List<Result> more, List<String> moreNotes) {
        var allResults = new ArrayList<>(results);
        allResults.addAll(more);
        var allNotes = new ArrayList<>(notes);
        allNotes.addAll(moreNotes);
        return new DeviceRecord(
                id,
                name,
                engine,
                backend,
                platform,
                driver,
                language,
                profile,
                runtime,
                agreeing,
                wrong,
                allResults,
                allNotes,
                failure);
    }

    /// Whether everything was right and measured.
    boolean succeeded() {
        return failure.isEmpty()
                && wrong.isEmpty()
                && results.stream().noneMatch(Result::hasFailed);
    }
}
