package cglora.kernels.error;

/// What went wrong, seen from the person at the keyboard; decides the exit status of the command.
public enum ErrorKind {
    /// The command line or the pipeline file is wrong.
    USAGE(2),
    /// A model, tokenizer, data, adapter or checkpoint file holds something that cannot be used.
    CONTENT(3),
    /// An engine, a device, a driver, the launcher or Java itself.
    ENGINE(4),
    /// Memory, disk, permissions or a lock.
    RESOURCE(5),
    /// A computation did not stay finite.
    NUMERICAL(6),
    /// A check that was asked for did not hold.
    CHECK(7);

    private final int exitStatus;

    ErrorKind(int exitStatus) {
        this.exitStatus = exitStatus;
    }

    public int exitStatus() {
        return exitStatus;
    }
}
