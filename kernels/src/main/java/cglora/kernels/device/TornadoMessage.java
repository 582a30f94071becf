package cglora.kernels.device;

import java.util.regex.Pattern;

/// What TornadoVM says, on one line, without its colours and the traces that it puts into messages.
public final class TornadoMessage {
    private static final Pattern COLORS = Pattern.compile("\u001b\\[[0-9;]*m");
    private static final Pattern TRACE = Pattern.compile("Stacktrace:\\s*\\[.*", Pattern.DOTALL);
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private TornadoMessage() {}

    /// The failure behind all others.
    public static Throwable root(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    /// The message of a failure; its type where it has none.
    public static String of(Throwable failure) {
        String text = failure.getMessage();
        if (text == null) {
            return failure.getClass().getSimpleName();
        }
        String plain = TRACE.matcher(COLORS.matcher(text).replaceAll("")).replaceAll("");
        return BLANKS.matcher(plain).replaceAll(" ").strip();
    }
}
