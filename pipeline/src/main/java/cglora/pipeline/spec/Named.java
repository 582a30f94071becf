package cglora.pipeline.spec;

/// A choice that has a name in the pipeline file; implemented by enums only.
public interface Named {
    String jsonName();
}
