package cglora.kernels.error;

import java.util.ArrayList;
import java.util.List;

/// Collects everything that is wrong with one input, so that a person sees it all at once.
public final class Problems {
    private final List<Problem> errors = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();

    public void error(ErrorCode code, String where, String what, String fix) {
        add(new Problem(code, where, what, fix));
    }

    public void error(CgloraException exception) {
        exception.problems().forEach(this::add);
    }

    /// The same is told once, however often it is found.
    private void add(Problem problem) {
        if (!errors.contains(problem)) {
            errors.add(problem);
        }
    }

    /// Runs a check; an error that it ends in is told, and what comes behind it goes on.
    public void attempt(Runnable check) {
        try {
            check.run();
        } catch (CgloraException e) {
            error(e);
        }
    }

    public void warning(ErrorCode code, String where, String what, String fix) {
        warnings.add(new Problem(code, where, what, fix));
    }

    public List<Problem> errors() {
        return List.copyOf(errors);
    }

    public List<Problem> warnings() {
        return List.copyOf(warnings);
    }

    public boolean hasErrors() {
        return !errors.isEmpty();
    }

    /// Throws all errors as one exception; does nothing when there are none.
    public void throwIfAny() {
        if (hasErrors()) {
            throw new CgloraException(errors, null);
        }
    }
}
