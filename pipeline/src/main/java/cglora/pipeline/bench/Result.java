package cglora.pipeline.bench;

import cglora.kernels.error.CgloraException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What one test gave on one device.
///
/// @param test    its name with all its sizes; results of the same test can be compared
/// @param samples one a repetition, in their order; empty where the test failed
/// @param ofPeak  part of what the device's measured bandwidth and rate allow; null where that has
///     no meaning
/// @param failure why there is no time; empty where there is one
public record Result(
        Suite suite, String test, Unit unit, List<Double> samples, Double ofPeak, String failure) {
    public Result {
        samples = List.copyOf(samples);
        if (samples.isEmpty() == failure.isEmpty()) {
            throw new IllegalArgumentException(test + " needs samples or a failure");
        }
    }

    /// @param work what is counted by the unit, in one execution
    static Result rate(Suite suite, String test, Unit unit, double work, double[] seconds) {
        List<Double> rates = Arrays.stream(seconds).mapToObj(s -> work / s).toList();
        return new Result(suite, test, unit, rates, null, "");
    }

    static Result of(Suite suite, String test, Unit unit, double... values) {
        List<Double> samples = Arrays.stream(values).boxed().toList();
        return new Result(suite, test, unit, samples, null, "");
    }

    static Result failed(Suite suite, String test, Unit unit, String failure) {
        return new Result(suite, test, unit, List.of(), null, failure.replaceAll("\\s+", " "));
    }

    static Result failed(Suite suite, String test, Unit unit, RuntimeException failure) {
        return failed(
                suite,
                test,
                unit,
                failure instanceof CgloraException known
                        ? known.problems().getFirst().what()
                        : failure.toString());
    }

    Result withPeak(double part) {
        return new Result(suite, test, unit, samples, part, failure);
    }

    boolean hasFailed() {
        return samples.isEmpty();
    }

    /// The middle of the samples; the mean of both middles of an even number.
    public double median() {
        var sorted = new ArrayList<>(samples);
        sorted.sort(null);
        int n = sorted.size();
        return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    double lowest() {
        return samples.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    double highest() {
        return samples.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /// From the lowest to the highest sample, as a part of the median.
    double spread() {
        return median() == 0 ? 0 : (highest() - lowest()) / median();
    }
}
