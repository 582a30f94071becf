package cglora.pipeline.run;

import cglora.pipeline.spec.PipelineReading;
import java.io.PrintStream;

/// What a run would take: parameters, steps and the exact memory of its arrays. Reads
/// configuration, headers and data; trains nothing.
public final class Plan {
    private final PipelineReading reading;
    private final PrintStream out;
    private final PrintStream err;

    public Plan(PipelineReading reading, PrintStream out, PrintStream err) {
        this.reading = reading;
        this.out = out;
        this.err = err;
    }

    public void print() {
        new Runner(reading, out, err, false, () -> false).plan();
    }
}
