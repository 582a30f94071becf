package cglora.models.whitening;

/// Why an engine cannot compute the whitening of a layer. The host does it then.
final class UnservedException extends Exception {
    private static final long serialVersionUID = 1L;

    UnservedException(String reason) {
        super(reason);
    }
}
