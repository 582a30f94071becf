package cglora.models.chat;

import java.util.Collection;

/// What a template may take: it is somebody else's program. Steps count evaluations, and the work
/// on texts and lists by their length.
final class Budget {
    static final long STEPS = 20_000_000;

    /// Characters of a text, elements of a list.
    static final int LONGEST = 8_000_000;

    /// Statements, expressions and values within one another.
    static final int DEEPEST = 400;

    private static final int CHARACTERS_A_STEP = 32;

    private long steps = STEPS;
    private int depth;

    void step() {
        steps(1);
    }

    private void steps(long count) {
        steps -= count;
        if (steps < 0) {
            throw new TemplateException("the template takes more than " + STEPS + " steps");
        }
    }

    /// Before a text or a list of so many characters or elements is made.
    void size(long length) {
        if (length > LONGEST) {
            throw new TemplateException(
                    "the template makes more than " + LONGEST + " characters or elements");
        }
        steps(length / CHARACTERS_A_STEP);
    }

    String text(String made) {
        size(made.length());
        return made;
    }

    <T extends Collection<?>> T list(T made) {
        size(made.size() * 4L);
        return made;
    }

    void enter() {
        if (++depth > DEEPEST) {
            throw new TemplateException("more than " + DEEPEST + " things within one another");
        }
    }

    void leave() {
        depth--;
    }
}
