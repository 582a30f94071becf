package cglora.pipeline.bench;

/// The lowest and the highest of what was seen.
final class Range {
    private double lowest = Double.POSITIVE_INFINITY;
    private double highest = Double.NEGATIVE_INFINITY;

    synchronized void add(double value) {
        lowest = Math.min(lowest, value);
        highest = Math.max(highest, value);
    }

    synchronized boolean isEmpty() {
        return lowest > highest;
    }

    /// `1200-3400`, or one number where both are the same; rounded.
    @Override
    public synchronized String toString() {
        long low = Math.round(lowest);
        long high = Math.round(highest);
        return low == high ? Long.toString(low) : low + "-" + high;
    }
}
