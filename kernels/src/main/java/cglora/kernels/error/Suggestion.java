package cglora.kernels.error;

import java.util.Collection;
import java.util.Locale;

/// "Did you mean": the known name nearest to a misspelt one.
public final class Suggestion {
    private Suggestion() {}

    /// The nearest of `known` at edit distance at most 2, or one that shares its first five letters
    /// or contains the
    /// other; the empty string when nothing is near.
    public static String nearest(String name, Collection<String> known) {
        String best = "";
        int bestDistance = 3;
        String lower = name.toLowerCase(Locale.ROOT);
        for (String candidate : known) {
            String other = candidate.toLowerCase(Locale.ROOT);
            int distance = lower.equals(other) ? 0 : distance(lower, other);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        if (!best.isEmpty()) {
            return best;
        }
        for (String candidate : known) {
            String other = candidate.toLowerCase(Locale.ROOT);
            boolean sharesStem =
                    lower.length() >= 5
                            && other.length() >= 5
                            && lower.regionMatches(0, other, 0, 5);
            if (sharesStem
                    || (lower.length() >= 3
                            && (other.contains(lower)
                                    || lower.contains(other) && other.length() >= 3))) {
                return candidate;
            }
        }
        return "";
    }

    /// Levenshtein distance.
    private static int distance(String a, String b) {
        if (Math.abs(a.length() - b.length()) > 2) {
            return 3;
        }
        int[] previous = new int[b.length() + 1];
        int[] current = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitution, Math.min(previous[j], current[j - 1]) + 1);
            }
            int[] swap = previous;
            previous = current;
            current = swap;
        }
        return previous[b.length()];
    }
}
