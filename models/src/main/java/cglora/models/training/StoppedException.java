package cglora.models.training;

/// Somebody asked to stop while something long was computed, which is lost; what was there before
/// is whole.
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public StoppedException() {
        super("asked to stop", null, false, false);
    }
}
