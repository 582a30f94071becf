package cglora.pipeline.cli;

import static java.util.stream.Collectors.groupingBy;

import cglora.kernels.check.KernelCheck;
import cglora.kernels.device.DeviceDiscovery.Found;
import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.error.ErrorKind;
import cglora.kernels.error.Problem;
import cglora.models.data.TokenCache;
import cglora.pipeline.device.DeviceCheck;
import cglora.pipeline.device.DeviceCheck.Outcome;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.device.EngineRequest;
import cglora.pipeline.device.Engines;
import cglora.pipeline.device.Launch;
import cglora.pipeline.device.TornadoProcess;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Proves that devices compute what they should.
@Command(
        name = "doctor",
        description = "Run every kernel on each device and compare it with float64.")
final class DoctorCommand implements Callable<Integer> {
    @Option(
            names = "--device",
            split = ",",
            paramLabel = "DEVICE",
            description = "Devices to check, as cglora devices lists them; else all of them.")
    private List<String> devices = new ArrayList<>();

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            description = "Name or file of a device profile, instead of the one that matches.")
    private String profile;

    @Option(names = "--json", description = "One JSON object on standard output.")
    private boolean json;

    @Option(names = "--in-this-process", hidden = true)
    private boolean inThisProcess;

    /// Why the TornadoVM that is there is of no use; null where it is, or there is none.
    private String unusable;

    /// What to do then.
    private String remedy;

    /// Whether nothing else is checked than this processor.
    private boolean onlyJvm;

    private final Console console;

    DoctorCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (inThisProcess) {
            DeviceCheck.print(choose(devices.getFirst()), console.out());
            return 0;
        }
        var entries = new ArrayList<Object>();
        List<String> asked = asked();
        onlyJvm = asked.equals(List.of(DeviceId.JVM.toString()));
        boolean agrees = unusable == null;
        for (String device : asked) {
            EngineChoice choice = choose(device);
            Outcome outcome = DeviceCheck.run(command(choice), DeviceId.parse(choice.device()));
            agrees &= outcome.agrees();
            entries.add(entry(choice, outcome));
            if (!json) {
                print(choice, outcome);
            }
        }
        if (unusable != null && !json) {
            console.out().println("not ok: TornadoVM cannot be used: " + unusable);
            console.out().println("  fix: " + remedy);
        }
        var cache = new TokenCache(TokenCache.userFolder());
        long[] usage = cache.usage();
        if (!json) {
            console.out()
                    .printf(
                            "token cache  %s  %d files, %d MiB%s%n",
                            cache.folder(),
                            usage[0],
                            usage[1] >> 20,
                            cache.isWritable()
                                    ? ""
                                    : "; cannot be written: data.cache.folder names another");
        }
        if (json) {
            var report = new LinkedHashMap<String, Object>();
            report.put("ok", agrees);
            report.put(
                    "token_cache",
                    Map.of(
                            "folder",
                            cache.folder().toString(),
                            "files",
                            usage[0],
                            "bytes",
                            usage[1],
                            "writable",
                            cache.isWritable()));
            report.put("tornadovm_failure", unusable);
            report.put("devices", entries);
            console.exact().print(JsonText.write(report));
        }
        return agrees ? 0 : ErrorKind.ENGINE.exitStatus();
    }

    /// A profile holds for the devices of TornadoVM among those that are checked.
    private EngineChoice choose(String device) {
        boolean plain = device.equals(DeviceId.JVM.toString()) && !onlyJvm;
        return Engines.choose(EngineRequest.of(Engines.spec(null, device), plain ? null : profile));
    }

    /// What was named; else this processor and all devices of TornadoVM.
    private List<String> asked() {
        if (!devices.isEmpty()) {
            return devices;
        }
        var all = new ArrayList<String>(List.of("jvm"));
        var process = TornadoProcess.current();
        if (process.problem().isPresent()) {
            Problem problem = process.problem().get();
            console.note("no device of TornadoVM: " + problem.what() + "\n  fix: " + problem.fix());
            unusable = TornadoProcess.isInstalled() ? problem.what() : null;
            remedy = problem.fix();
            return all;
        }
        Found found = process.devices().get();
        unusable = found.devices().isEmpty() ? "it finds no device" : null;
        remedy = TornadoProcess.HOW_TO_GET_A_DEVICE;
        found.failures().forEach(failure -> console.note("not asked: " + failure));
        found.devices().forEach(device -> all.add(device.id().toString()));
        return all;
    }

    private List<String> command(EngineChoice choice) {
        var arguments = new ArrayList<String>(List.of("doctor", "--in-this-process"));
        arguments.addAll(List.of("--device", choice.device()));
        if (profile != null && choice instanceof EngineChoice.Tornado) {
            arguments.addAll(List.of("--profile", profile));
        }
        List<String> options =
                switch (choice) {
                    case EngineChoice.Jvm _ -> List.of();
                    case EngineChoice.Tornado(DeviceInfo info, var used, _) ->
                            Launch.options(info, used);
                };
        return Launch.again(Main.class, options, arguments);
    }

    private void print(EngineChoice choice, Outcome outcome) {
        console.out().println(describe(choice));
        Map<String, List<KernelCheck>> families = families(outcome);
        families.forEach(
                (family, checks) -> {
                    long agreeing = checks.stream().filter(KernelCheck::agrees).count();
                    console.out()
                            .printf(
                                    "  %-14s %d/%d kernels agree%n",
                                    family, agreeing, checks.size());
                    checks.stream()
                            .filter(check -> !check.agrees())
                            .forEach(
                                    check ->
                                            console.out()
                                                    .println(
                                                            "    "
                                                                    + check.kernel()
                                                                    + ": "
                                                                    + check.failure()
                                                                    + "\n    fix: "
                                                                    + Remedy.of(choice, check)));
                });
        if (!outcome.failure().isEmpty()) {
            console.out().println("  " + outcome.failure());
            console.out().println("  fix: " + Remedy.of(choice, outcome.failure()));
        }
        long whole =
                families.values().stream()
                        .filter(checks -> checks.stream().allMatch(KernelCheck::agrees))
                        .count();
        console.out()
                .printf(
                        "%s: %d/%d kernel families agree with float64 on %s%n",
                        outcome.agrees() ? "ok" : "not ok",
                        whole,
                        families.size(),
                        choice.device());
    }

    private static String describe(EngineChoice choice) {
        return switch (choice) {
            case EngineChoice.Jvm(int threads, _) -> "jvm  " + threads + " threads";
            case EngineChoice.Tornado(DeviceInfo info, var used, _) ->
                    info
                            + (info.driver().isEmpty() ? "" : "  driver " + info.driver())
                            + "  profile "
                            + used.name();
        };
    }

    private static Map<String, List<KernelCheck>> families(Outcome outcome) {
        return outcome.checks().stream()
                .collect(
                        groupingBy(
                                KernelCheck::family,
                                TreeMap::new,
                                java.util.stream.Collectors.toList()));
    }

    private static Map<String, Object> entry(EngineChoice choice, Outcome outcome) {
        var entry = new LinkedHashMap<String, Object>();
        entry.put("id", choice.device());
        entry.put("description", describe(choice));
        entry.put("ok", outcome.agrees());
        entry.put("failure", outcome.failure().isEmpty() ? null : outcome.failure());
        var kernels = new ArrayList<Object>();
        for (KernelCheck check : outcome.checks()) {
            var kernel = new LinkedHashMap<String, Object>();
            kernel.put("family", check.family());
            kernel.put("kernel", check.kernel());
            kernel.put("ok", check.agrees());
            kernel.put("failure", check.agrees() ? null : check.failure());
            kernels.add(kernel);
        }
        entry.put("kernels", kernels);
        return entry;
    }
}
