package cglora.pipeline.run;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.Consumer;

/// What a run shows while it works: a line that is rewritten on a terminal, and plain lines now
/// and then elsewhere.
final class Progress {
    private static final long PLAIN_INTERVAL_NANOS = 10_000_000_000L;
    private static final long LIVE_INTERVAL_NANOS = 200_000_000L;

    private final PrintStream err;
    private final boolean live;
    private final boolean quiet;
    private long lastNanos;
    private int lastLength;
    private Consumer<String> log = _ -> {};
    private boolean brief;
    private String prefix = "";

    Progress(PrintStream err, boolean quiet) {
        this.err = err;
        this.quiet = quiet;
        this.live = System.console() != null && System.console().isTerminal();
        this.lastNanos = System.nanoTime();
    }

    /// Only what is rewritten on a terminal is shown, behind a prefix: the rest is recorded.
    static Progress brief(PrintStream err, boolean quiet, String prefix) {
        var progress = new Progress(err, quiet);
        progress.brief = true;
        progress.prefix = prefix;
        return progress;
    }

    /// A line that stays.
    void note(String format, Object... arguments) {
        String line = String.format(Locale.ROOT, format, arguments);
        log.accept(line);
        if (quiet || brief) {
            return;
        }
        clear();
        err.println(line);
    }

    /// @param lines is given every line from here on, with `--quiet`, too
    void recordTo(Consumer<String> lines) {
        log = lines;
    }

    /// The state of something long; shown only so often.
    void update(boolean always, String format, Object... arguments) {
        long now = System.nanoTime();
        boolean due = now - lastNanos > (live ? LIVE_INTERVAL_NANOS : PLAIN_INTERVAL_NANOS);
        if (!due && !always) {
            return;
        }
        lastNanos = now;
        String line = String.format(Locale.ROOT, format, arguments);
        log.accept(line);
        if (quiet) {
            return;
        }
        if (live) {
            line = prefix + line;
            err.write('\r'); // a byte: what is printed has no control characters
            err.print(line + " ".repeat(Math.max(0, lastLength - line.length())));
            err.flush();
            lastLength = line.length();
        } else if (!brief) {
            err.println(line);
        }
    }

    /// Takes the rewritten line off the terminal.
    void clear() {
        if (live && lastLength > 0) {
            err.write('\r');
            err.print(" ".repeat(lastLength));
            err.write('\r');
            lastLength = 0;
        }
    }

    static String time(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60
                ? String.format(Locale.ROOT, "%.1f s", seconds)
                : String.format(Locale.ROOT, "%dm%02ds", whole / 60, whole % 60);
    }
}
