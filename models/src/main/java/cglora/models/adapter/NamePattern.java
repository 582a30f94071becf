package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A regular expression over the whole name of a module, as Python's `re.fullmatch` takes it. One
/// that would search for ever is stopped.
final class NamePattern {
    private static final int MOST_STEPS = 1_000_000;

    private final String regex;
    private final String setting;
    private final Pattern pattern;

    /// @param setting where the expression stands, for messages
    /// @throws CgloraException A-TARGET for what is no regular expression
    NamePattern(String regex, String setting) {
        this.regex = regex;
        this.setting = setting;
        try {
            this.pattern = Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new CgloraException(
                    ErrorCode.A_TARGET,
                    setting,
                    "'" + regex + "' is no regular expression: " + e.getDescription(),
                    "correct it; a literal bracket is written \\\\(",
                    e);
        }
    }

    /// A key of `rank_pattern` or `alpha_pattern`: it matches whole parts at the end of a path.
    static NamePattern ofKey(String key, String setting) {
        var _ = new NamePattern(key, setting); // alone, so that brackets are balanced in it
        return new NamePattern("(.*\\.)?(" + key + ")", setting);
    }

    /// @throws CgloraException X-LIMIT when the expression takes too many steps
    boolean matches(String name) {
        return pattern.matcher(new Counted(name, 0, name.length(), new int[1])).matches();
    }

    /// A text that counts how often it is looked at.
    private final class Counted implements CharSequence {
        private final String text;
        private final int from;
        private final int to;
        private final int[] steps;

        Counted(String text, int from, int to, int[] steps) {
            this.text = text;
            this.from = from;
            this.to = to;
            this.steps = steps;
        }

        @Override
        public char charAt(int index) {
            if (++steps[0] > MOST_STEPS) {
                throw new CgloraException(
                        ErrorCode.X_LIMIT,
                        setting,
                        "'%s' takes more than %d steps on '%s'".formatted(regex, MOST_STEPS, text),
                        "write it without repetitions inside repetitions");
            }
            return text.charAt(from + index);
        }

        @Override
        public int length() {
            return to - from;
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Counted(text, from + start, from + end, steps);
        }

        @Override
        public String toString() {
            return text.substring(from, to);
        }
    }
}
