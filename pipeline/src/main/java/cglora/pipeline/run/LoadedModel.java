package cglora.pipeline.run;

import cglora.models.adapter.PeftAdapter;
import cglora.models.family.PretrainedModel;
import cglora.models.training.Session;
import cglora.models.weights.FloatFormat;

/// A model with its task on an engine, and the adapter that was put on it: what `merge` takes.
interface LoadedModel extends AutoCloseable {
    PretrainedModel checkpoint();

    Session session();

    /// Null for a model without one.
    PeftAdapter adapter();

    /// `config.json` of the model with its adapter merged.
    ///
    /// @param format of the weights
    String config(FloatFormat format);

    @Override
    void close();
}
