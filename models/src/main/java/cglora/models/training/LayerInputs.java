package cglora.models.training;

import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.data.BatchShape;
import cglora.models.data.TokenStream;
import cglora.models.graph.Graph;
import cglora.models.graph.Tensor;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where the inputs of linear layers come from: whose tokens are their rows, and which layers have
/// the same.
final class LayerInputs {
    /// Sizes of a batch that no program runs with: they tell the streams of tokens apart.
    private static final BatchShape PROBE = new BatchShape(2, 3, 5);

    /// @param first  the first layer that has this input
    /// @param stream whose tokens are its rows
    private record Source(String first, TokenStream stream) {}

    private final Map<String, Source> sources;

    private LayerInputs(Map<String, Source> sources) {
        this.sources = sources;
    }

    /// A graph of any shape tells which layers share their input, and its rows whose tokens these
    /// are.
    static LayerInputs of(Session session, List<LinearModule> modules) {
        var builder =
                new ModelBuilder(
                        new Graph("probe"), session.parameters(), session.adapters(), null);
        session.task().graph(builder, PROBE);
        var first = new IdentityHashMap<Tensor, String>();
        var sources = new LinkedHashMap<String, Source>();
        for (LinearModule module : modules) {
            Tensor x = builder.taps().get(module.name()).x();
            String name = first.computeIfAbsent(x, _ -> module.name());
            sources.put(module.name(), new Source(name, stream(x.shape().rows())));
        }
        return new LayerInputs(sources);
    }

    private static TokenStream stream(int rows) {
        if (rows == PROBE.rows()) {
            return TokenStream.EXAMPLES;
        }
        return rows == PROBE.rows() * PROBE.width() ? TokenStream.SOURCE : TokenStream.TARGET;
    }

    /// The first layer that has the same input.
    String first(LinearModule module) {
        return sources.get(module.name()).first();
    }

    /// Whose tokens are the rows of a layer's input.
    TokenStream stream(LinearModule module) {
        return sources.get(module.name()).stream();
    }
}
