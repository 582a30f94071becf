package cglora.kernels.testing;

import cglora.kernels.check.Closeness;

/// Assertions on results of kernels.
public final class Assert {
    private Assert() {}

    /// Fails unless `|actual − expected| ≤ bound` for every element.
    ///
    /// @param what   named in the failure
    /// @param seed   printed in the failure; what the operands were made from
    /// @param actual holds the elements from `at` on
    public static void assertClose(
            String what, long seed, float[] actual, int at, double[] expected, double[] bounds) {
        Closeness.difference(actual, at, expected, bounds)
                .ifPresent(
                        difference -> {
                            throw new AssertionError(
                                    what + ": " + difference + " (seed " + seed + ")");
                        });
    }
}
