package cglora.pipeline.cli;

import cglora.kernels.device.DeviceDiscovery.Found;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.device.Support;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.error.Problem;
import cglora.pipeline.device.DeviceProfiles;
import cglora.pipeline.device.ProfileFile;
import cglora.pipeline.device.TornadoProcess;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Lists what can compute.
@Command(name = "devices", description = "List the devices of this machine; --device takes them.")
final class DevicesCommand implements Callable<Integer> {
    @Option(names = "--json", description = "One JSON object on standard output.")
    private boolean json;

    private static final int COLUMNS = 11;

    private final Console console;

    DevicesCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        return list(TornadoProcess.current());
    }

    /// @param process what there is of TornadoVM
    int list(TornadoProcess process) {
        var profiles = DeviceProfiles.load(System.getenv());
        Found found =
                process.problem().isPresent()
                        ? new Found(List.of(), List.of())
                        : process.devices().get();
        if (json) {
            console.exact().print(JsonText.write(report(process, profiles, found)));
        } else {
            print(process, profiles, found);
        }
        return 0;
    }

    private void print(TornadoProcess process, DeviceProfiles profiles, Found found) {
        var rows = new ArrayList<List<String>>();
        rows.add(
                List.of(
                        "id",
                        "name",
                        "vendor",
                        "driver",
                        "memory",
                        "max buffer",
                        "group",
                        "fp64",
                        "fp16",
                        "profile",
                        "verdict"));
        boolean hasGpu = found.devices().stream().anyMatch(d -> d.kind() == DeviceKind.GPU);
        rows.add(
                List.of(
                        "jvm",
                        threads(),
                        "-",
                        "Java " + Runtime.version().feature(),
                        gibibytes(physicalMemory()),
                        "-",
                        "-",
                        "yes",
                        "no",
                        "-",
                        hasGpu ? "ready" : "ready (auto picks this)"));
        boolean first = true;
        for (DeviceInfo device : found.devices()) {
            boolean picked = first && device.kind() == DeviceKind.GPU;
            first &= !picked;
            rows.add(
                    List.of(
                            device.id().toString(),
                            device.name(),
                            device.vendor().isEmpty() ? "-" : device.vendor(),
                            device.driver().isEmpty() ? "-" : device.driver(),
                            gibibytes(device.globalMemory()),
                            gibibytes(device.maxAllocation()),
                            device.maxWorkGroup() <= 0 ? "-" : "" + device.maxWorkGroup(),
                            text(device.fp64()),
                            text(device.fp16()),
                            profiles.choose(device).name(),
                            DeviceVerdict.of(device, profiles.choose(device), picked)));
        }
        absent(process, found).forEach((id, verdict) -> rows.add(unavailable(id, verdict)));
        table(rows);
        process.problem().ifPresent(problem -> console.out().println(line(problem)));
        if (process.problem().isEmpty() && found.devices().isEmpty()) {
            console.out().println("no device of TornadoVM");
            console.out().println("  fix: " + TornadoProcess.HOW_TO_GET_A_DEVICE);
        }
        found.failures().forEach(failure -> console.out().println("not asked: " + failure));
        if (!found.devices().isEmpty()) {
            console.note("next: cglora doctor --device " + found.devices().getFirst().id());
        }
    }

    private static String line(Problem problem) {
        return "no device of TornadoVM: "
                + problem.what().replaceFirst("^no TornadoVM: ", "")
                + "\n  fix: "
                + problem.fix();
    }

    /// The backends of which there is no device, and why.
    private static Map<String, String> absent(TornadoProcess process, Found found) {
        var absent = new LinkedHashMap<String, String>();
        if (process.problem().isPresent() || process.backends().isEmpty()) {
            return absent;
        }
        for (ProfileFile.Backend backend : ProfileFile.Backend.values()) {
            String name = backend.jsonName();
            if (process.lacks(name)) {
                absent.put(
                        name,
                        "unavailable: no %s backend in this SDK"
                                .formatted(name.toUpperCase(Locale.ROOT)));
            } else if (found.devices().stream().noneMatch(d -> d.id().backend().equals(name))) {
                absent.put(name, "unavailable: no driver shows it a device");
            }
        }
        return absent;
    }

    private static List<String> unavailable(String id, String verdict) {
        var row = new ArrayList<>(List.of(id));
        row.addAll(Collections.nCopies(COLUMNS - 2, "-"));
        row.add(verdict);
        return row;
    }

    private static String text(Support support) {
        return switch (support) {
            case YES -> "yes";
            case NO -> "no";
            case UNKNOWN -> "-";
        };
    }

    private static String threads() {
        return Runtime.getRuntime().availableProcessors()
                + " threads, "
                + System.getProperty("os.arch");
    }

    private static long physicalMemory() {
        return java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    private static String gibibytes(long bytes) {
        return bytes <= 0 ? "-" : String.format(Locale.ROOT, "%.1f GiB", bytes / 1073741824.0);
    }

    private void table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int c = 0; c < columns; c++) {
                widths[c] = Math.max(widths[c], row.get(c).length());
            }
        }
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                line.append(row.get(c)).append(" ".repeat(widths[c] + 2 - row.get(c).length()));
            }
            console.out().println(line.toString().stripTrailing());
        }
    }

    private static Map<String, Object> report(
            TornadoProcess process, DeviceProfiles profiles, Found found) {
        var report = new LinkedHashMap<String, Object>();
        report.put("tornadovm", process.problem().isEmpty());
        report.put("tornadovm_version", TornadoStatus.version());
        report.put("problem", process.problem().map(Problem::what).orElse(null));
        report.put("failures", found.failures());
        var devices = new ArrayList<Object>();
        var jvm = new LinkedHashMap<String, Object>();
        jvm.put("id", "jvm");
        jvm.put("threads", Runtime.getRuntime().availableProcessors());
        jvm.put("memory_bytes", physicalMemory());
        devices.add(jvm);
        found.devices().forEach(device -> devices.add(entry(device, profiles.choose(device))));
        report.put("devices", devices);
        report.put("unavailable", absent(process, found));
        return report;
    }

    private static Map<String, Object> entry(DeviceInfo device, DeviceProfile profile) {
        var entry = new LinkedHashMap<String, Object>();
        entry.put("id", device.id().toString());
        entry.put("kind", device.kind().name().toLowerCase(Locale.ROOT));
        entry.put("name", device.name());
        entry.put("platform", device.platform());
        entry.put("vendor", device.vendor());
        entry.put("driver", device.driver());
        entry.put("language", device.languageVersion());
        entry.put("memory_bytes", device.globalMemory());
        entry.put("max_allocation_bytes", device.maxAllocation());
        entry.put("local_memory_bytes", device.localMemory());
        entry.put("max_work_group", device.maxWorkGroup());
        entry.put("max_work_items", device.maxWorkItems());
        entry.put("compute_units", device.computeUnits());
        entry.put("fp64", known(device.fp64()));
        entry.put("fp16", known(device.fp16()));
        entry.put("profile", profile.name());
        entry.put("verdict", DeviceVerdict.of(device, profile, false));
        return entry;
    }

    /// True, false, or null where the driver does not tell.
    private static Boolean known(Support support) {
        return switch (support) {
            case YES -> true;
            case NO -> false;
            case UNKNOWN -> null;
        };
    }
}
