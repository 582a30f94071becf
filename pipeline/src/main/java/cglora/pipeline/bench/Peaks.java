package cglora.pipeline.bench;

import java.util.List;

/// The most that was measured on a device.
///
/// @param bandwidth GB/s of its memory; 0 where it was not measured
/// @param rate      GFLOP/s of products; 0 where none was measured
record Peaks(double bandwidth, double rate) {
    static Peaks of(List<Result> results) {
        double bandwidth = 0;
        double rate = 0;
        for (Result result : results) {
            if (result.hasFailed()) {
                continue;
            }
            boolean isTransfer = result.test().contains("host");
            if (result.unit() == Unit.GB_PER_SECOND && !isTransfer) {
                bandwidth = Math.max(bandwidth, result.median());
            } else if (result.unit() == Unit.GFLOP_PER_SECOND) {
                rate = Math.max(rate, result.median());
            }
        }
        return new Peaks(bandwidth, rate);
    }

    /// The part of its time that a kernel could not do without: the longer of moving its bytes at
    /// full bandwidth and doing its operations at full rate (the roofline model).
    ///
    /// @return null where the peaks are not known
    Double part(double bytes, double operations, double seconds) {
        if (bandwidth == 0 || (rate == 0 && operations > 0)) {
            return null;
        }
        double moving = bytes * 1e-9 / bandwidth;
        double computing = operations == 0 ? 0 : operations * 1e-9 / rate;
        return Math.max(moving, computing) / seconds;
    }

    /// Products with their part of the highest rate.
    List<Result> mark(List<Result> results) {
        return results.stream()
                .map(
                        result ->
                                result.unit() == Unit.GFLOP_PER_SECOND
                                                && !result.hasFailed()
                                                && result.ofPeak() == null
                                        ? result.withPeak(result.median() / rate)
                                        : result)
                .toList();
    }
}
