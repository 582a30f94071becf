package cglora.pipeline.bench;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Records set side by side: a column a device of a record, a row a test. Nothing is averaged over
/// tests.
public record Comparison(List<Column> columns, List<Row> rows) {
    /// One device of one record.
    ///
    /// @param title distinct from all others
    public record Column(String title, BenchRecord record, DeviceRecord device) {
        /// Whether the device was measured to its end and all its kernels are right: others have no
        /// rank.
        boolean isSound() {
            return device.wrong().isEmpty() && device.failure().isEmpty();
        }

        /// The title, and why the column has no rank where it has none.
        String heading() {
            if (isSound()) {
                return title;
            }
            return title + (device.failure().isEmpty() ? " (wrong kernels)" : " (failed)");
        }
    }

    /// One test.
    ///
    /// @param results one a column; null where the test was not run
    /// @param sound   of every column, whether it is ranked
    public record Row(
            Suite suite, String test, Unit unit, List<Result> results, List<Boolean> sound) {
        /// Whether there are two sound columns or more and each has a time, so that one of them is
        /// the best.
        boolean isRanked() {
            int ranked = 0;
            for (int c = 0; c < results.size(); c++) {
                if (sound.get(c)) {
                    if (!isTimed(c)) {
                        return false;
                    }
                    ranked++;
                }
            }
            return ranked > 1;
        }

        private boolean isTimed(int column) {
            return results.get(column) != null && !results.get(column).hasFailed();
        }

        /// The sound column of the best median; -1 where the row is not ranked.
        int best() {
            int best = isRanked() ? sound.indexOf(true) : -1;
            for (int c = best + 1; c < results.size() && best >= 0; c++) {
                if (sound.get(c)
                        && unit.gain(results.get(c).median(), results.get(best).median()) > 1) {
                    best = c;
                }
            }
            return best;
        }

        /// How many times as good a column is as the first; NaN where one of them has no time or no
        /// rank, or is zero.
        double gain(int column) {
            if (!isTimed(0) || !isTimed(column) || !sound.getFirst() || !sound.get(column)) {
                return Double.NaN;
            }
            Result first = results.getFirst();
            Result other = results.get(column);
            double gain = unit.gain(other.median(), first.median());
            return Double.isFinite(gain) ? gain : Double.NaN;
        }
    }

    public Comparison {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }

    private record Test(Suite suite, String name) {}

    /// Sets records side by side.
    ///
    /// @param records by the name that tells them apart
    /// @throws CgloraException O-CONFLICT for records that do not measure the same
    public static Comparison of(Map<String, BenchRecord> records) {
        requireSameVersion(records);
        List<Column> columns = columns(records);
        Map<Test, Result[]> tests = new LinkedHashMap<>();
        for (Suite suite : Suite.values()) {
            for (int c = 0; c < columns.size(); c++) {
                for (Result result : columns.get(c).device().results()) {
                    if (result.suite() == suite) {
                        tests.computeIfAbsent(
                                                new Test(suite, result.test()),
                                                _ -> new Result[columns.size()])[c] =
                                result;
                    }
                }
            }
            requireCommonTests(suite, columns, tests);
        }
        var rows = new ArrayList<Row>();
        tests.forEach((test, results) -> rows.add(row(test, results, columns)));
        return new Comparison(columns, rows);
    }

    private static void requireSameVersion(Map<String, BenchRecord> records) {
        Map.Entry<String, BenchRecord> first = records.entrySet().iterator().next();
        for (var other : records.entrySet()) {
            if (other.getValue().suiteVersion() != first.getValue().suiteVersion()) {
                throw new CgloraException(
                        ErrorCode.O_CONFLICT,
                        other.getKey(),
                        "was measured with suite version %d, %s with %d"
                                .formatted(
                                        other.getValue().suiteVersion(),
                                        first.getKey(),
                                        first.getValue().suiteVersion()),
                        "measure both with the same cglora");
            }
        }
    }

    private static List<Column> columns(Map<String, BenchRecord> records) {
        var columns = new ArrayList<Column>();
        var titles = new HashSet<String>();
        records.forEach(
                (name, record) -> {
                    for (DeviceRecord device : record.devices()) {
                        String title = records.size() == 1 ? device.id() : name + " " + device.id();
                        String distinct = title;
                        for (int i = 2; !titles.add(distinct); i++) {
                            distinct = title + " (" + i + ")";
                        }
                        columns.add(new Column(distinct, record, device));
                    }
                });
        return columns;
    }

    /// Two devices that ran a suite and share none of its tests ran other shapes.
    private static void requireCommonTests(
            Suite suite, List<Column> columns, Map<Test, Result[]> tests) {
        int first = -1;
        for (int c = 0; c < columns.size(); c++) {
            Set<String> names = tests(columns.get(c), suite);
            if (names.isEmpty()) {
                continue;
            }
            if (first < 0) {
                first = c;
                continue;
            }
            int a = first;
            int b = c;
            boolean shared =
                    tests.entrySet().stream()
                            .filter(e -> e.getKey().suite() == suite)
                            .anyMatch(e -> e.getValue()[a] != null && e.getValue()[b] != null);
            if (!shared) {
                throw new CgloraException(
                        ErrorCode.O_CONFLICT,
                        "suite " + suite,
                        "%s and %s have no test in common: '%s' is not '%s'"
                                .formatted(
                                        columns.get(a).title(),
                                        columns.get(b).title(),
                                        tests(columns.get(a), suite).iterator().next(),
                                        names.iterator().next()),
                        "measure the same shapes on both");
            }
        }
    }

    /// Of what has a time: a suite that failed as a whole shares no test with any.
    private static Set<String> tests(Column column, Suite suite) {
        var names = new java.util.LinkedHashSet<String>();
        column.device().results().stream()
                .filter(result -> result.suite() == suite && !result.hasFailed())
                .forEach(result -> names.add(result.test()));
        return names;
    }

    private static Row row(Test test, Result[] results, List<Column> columns) {
        Unit unit = null;
        String from = "";
        for (int c = 0; c < results.length; c++) {
            if (results[c] == null) {
                continue;
            }
            if (unit != null && results[c].unit() != unit) {
                throw new CgloraException(
                        ErrorCode.O_CONFLICT,
                        test.name(),
                        "is given in %s by %s and in %s by %s"
                                .formatted(unit, from, results[c].unit(), columns.get(c).title()),
                        "measure both with the same cglora");
            }
            unit = results[c].unit();
            from = columns.get(c).title();
        }
        return new Row(
                test.suite(),
                test.name(),
                Objects.requireNonNull(unit),
                java.util.Collections.unmodifiableList(java.util.Arrays.asList(results)),
                columns.stream().map(Column::isSound).toList());
    }
}
