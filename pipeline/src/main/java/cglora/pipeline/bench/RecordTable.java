package cglora.pipeline.bench;

import cglora.pipeline.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// One record as text.
public final class RecordTable {
    private static final int MAX_NOTE = 120;

    private RecordTable() {}

    /// What was measured where, then a line a result.
    public static String markdown(BenchRecord record) {
        var text = new StringBuilder();
        text.append("cglora ")
                .append(record.cglora())
                .append(record.commit().isEmpty() ? "" : ", commit " + record.commit())
                .append(", suite version ")
                .append(record.suiteVersion())
                .append(", ")
                .append(record.date())
                .append(", ")
                .append(record.repetitions())
                .append(" repetitions  \n")
                .append(describe(record.machine()))
                .append("\n\n");
        record.devices().forEach(device -> text.append("- ").append(describe(device)).append('\n'));
        var rows = new ArrayList<List<String>>();
        for (DeviceRecord device : record.devices()) {
            for (Result result : device.results()) {
                rows.add(row(device, result));
            }
            if (!device.failure().isEmpty()) {
                rows.add(List.of(device.id(), "", "", "failed", "", "", "", "see above"));
            }
        }
        List<String> head =
                List.of("device", "suite", "test", "median", "unit", "spread", "of peak", "note");
        return text.append('\n').append(new Table(head, rows).markdown()).toString();
    }

    private static List<String> row(DeviceRecord device, Result result) {
        boolean failed = result.hasFailed();
        boolean single = result.samples().size() < 2;
        return List.of(
                device.id(),
                result.suite().toString(),
                result.test(),
                failed ? "failed" : Figures.three(result.median()),
                result.unit().toString(),
                failed || single ? "" : Figures.percent(result.spread()),
                result.ofPeak() == null ? "" : Figures.percent(result.ofPeak()),
                result.failure());
    }

    /// Every number, a line a result.
    public static String csv(BenchRecord record) {
        var rows = new ArrayList<List<String>>();
        for (DeviceRecord device : record.devices()) {
            for (Result result : device.results()) {
                rows.add(csvRow(record, device, result));
            }
            if (!device.failure().isEmpty()) {
                rows.add(
                        List.of(
                                record.commit(),
                                device.id(),
                                device.name(),
                                device.driver(),
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                device.failure()));
            }
        }
        List<String> head =
                List.of(
                        "commit", "device", "name", "driver", "suite", "test", "unit", "median",
                        "lowest", "highest", "samples", "of_peak", "failure");
        return new Table(head, rows).csv();
    }

    private static List<String> csvRow(BenchRecord record, DeviceRecord device, Result result) {
        boolean failed = result.hasFailed();
        return List.of(
                record.commit(),
                device.id(),
                device.name(),
                device.driver(),
                result.suite().toString(),
                result.test(),
                result.unit().toString(),
                failed ? "" : Double.toString(result.median()),
                failed ? "" : Double.toString(result.lowest()),
                failed ? "" : Double.toString(result.highest()),
                Integer.toString(result.samples().size()),
                result.ofPeak() == null ? "" : result.ofPeak().toString(),
                result.failure());
    }

    static String describe(Machine machine) {
        return String.format(
                Locale.ROOT,
                "%s, %d threads, %.1f GiB, %s, Java %s",
                machine.processor(),
                machine.threads(),
                machine.memoryBytes() / 1073741824.0,
                machine.os(),
                machine.java());
    }

    static String describe(DeviceRecord device) {
        var text = new StringJoiner(", ");
        text.add(device.id() + (device.name().isEmpty() ? "" : ": " + device.name()));
        add(text, "platform ", device.platform());
        add(text, "driver ", device.driver());
        add(text, "", device.language());
        add(text, "TornadoVM ", device.runtime());
        add(text, "profile ", device.profile());
        if (device.agreeing() + device.wrong().size() > 0) {
            text.add(
                    device.agreeing()
                            + " of "
                            + (device.agreeing() + device.wrong().size())
                            + " kernels agree with float64");
        }
        device.wrong().forEach(line -> text.add("wrong: " + line));
        device.notes().forEach(note -> text.add(shortened(note)));
        add(text, "FAILED: ", device.failure());
        return text.toString();
    }

    /// Long notes, such as the tokens that a model wrote, stand whole in the record alone.
    private static String shortened(String note) {
        return note.length() <= MAX_NOTE ? note : note.substring(0, MAX_NOTE) + "…";
    }

    private static void add(StringJoiner text, String label, String value) {
        if (!value.isEmpty()) {
            text.add(label + value);
        }
    }
}
