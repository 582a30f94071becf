package cglora.models.chat;

/// What a name stands for that nothing was given to.
record Undefined(String name) {
    static final Undefined NAMELESS = new Undefined("");

    TemplateException error(String use) {
        return new TemplateException(
                (name.isEmpty() ? "what is not there" : "'" + name + "' is not defined and") + use);
    }
}
