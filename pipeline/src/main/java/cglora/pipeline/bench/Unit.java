package cglora.pipeline.bench;

/// What a result counts.
public enum Unit {
    GB_PER_SECOND("GB/s", true),
    GFLOP_PER_SECOND("GFLOP/s", true),
    TOKENS_PER_SECOND("tokens/s", true),
    SECONDS("s", false),
    MICROSECONDS("µs", false),
    MEBIBYTES("MiB", false),
    JOULES("J", false),
    /// Of a loss: its fall.
    NATS("nats", true),
    LAUNCHES("launches", false),
    PERCENT("%", false);

    private final String text;
    private final boolean moreIsBetter;

    Unit(String text, boolean moreIsBetter) {
        this.text = text;
        this.moreIsBetter = moreIsBetter;
    }

    public boolean moreIsBetter() {
        return moreIsBetter;
    }

    /// How many times as good `value` is as `reference`.
    public double gain(double value, double reference) {
        return moreIsBetter ? value / reference : reference / value;
    }

    @Override
    public String toString() {
        return text;
    }
}
