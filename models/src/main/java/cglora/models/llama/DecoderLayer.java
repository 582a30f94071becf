package cglora.models.llama;

import cglora.kernels.attention.AttentionMask;
import cglora.models.block.BatchInputs;
import cglora.models.block.CausalDecoder;
import cglora.models.block.LinearModule;
import cglora.models.block.ModelBuilder;
import cglora.models.block.ParameterSpec;
import cglora.models.graph.AddInto;
import cglora.models.graph.Attention;
import cglora.models.graph.GatedActivation;
import cglora.models.graph.KeepRows;
import cglora.models.graph.RmsNorm;
import cglora.models.graph.Rotary;
import cglora.models.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/// One layer of a decoder (Touvron et al., arXiv 2302.13971): attention and a gated feed-forward
/// block, each over the norm of what it is added to.
///
/// @param prefix path of the model, `model`
/// @param index  which layer it is
/// @param config the model's sizes
/// @param window keys that a query sees at most; 0 for all in front of it
record DecoderLayer(String prefix, int index, DecoderConfig config, int window) {
    /// What all layers of one pass have in common.
    ///
    /// @param cos    table of cosines; `sin` likewise
    /// @param kept   keys and values that are kept; null for none
    /// @param goesOn whether the tokens see what was kept before
    record Pass(
            BatchInputs inputs, Tensor cos, Tensor sin, CausalDecoder.Kept kept, boolean goesOn) {}

    private String name() {
        return prefix + ".layers." + index;
    }

    private LinearModule attention(String part, int in, int out, boolean biased) {
        return new LinearModule(name() + ".self_attn." + part, in, out, biased);
    }

    private int queries() {
        return config.attentionHeads() * config.headSize();
    }

    private int keys() {
        return config.keyValueHeads() * config.headSize();
    }

    private LinearModule query() {
        return attention("q_proj", config.hiddenSize(), queries(), config.queryBias());
    }

    private LinearModule key() {
        return attention("k_proj", config.hiddenSize(), keys(), config.queryBias());
    }

    private LinearModule value() {
        return attention("v_proj", config.hiddenSize(), keys(), config.queryBias());
    }

    private LinearModule attentionOutput() {
        return attention("o_proj", queries(), config.hiddenSize(), config.outputBias());
    }

    private LinearModule feedForward(String part, int in, int out) {
        return new LinearModule(name() + ".mlp." + part, in, out, config.mlpBias());
    }

    private LinearModule gate() {
        return feedForward("gate_proj", config.hiddenSize(), config.intermediateSize());
    }

    private LinearModule up() {
        return feedForward("up_proj", config.hiddenSize(), config.intermediateSize());
    }

    private LinearModule down() {
        return feedForward("down_proj", config.intermediateSize(), config.hiddenSize());
    }

    private String inputNorm() {
        return name() + ".input_layernorm.weight";
    }

    private String innerNorm() {
        return name() + ".post_attention_layernorm.weight";
    }

    private String headNorm(String part) {
        return name() + ".self_attn." + part + "_norm.weight";
    }

    /// In the order of the forward pass.
    List<LinearModule> modules() {
        return List.of(query(), key(), value(), attentionOutput(), gate(), up(), down());
    }

    List<ParameterSpec> parameters() {
        var specs = new ArrayList<ParameterSpec>();
        modules().forEach(module -> specs.addAll(module.parameters()));
        specs.add(ParameterSpec.vector(inputNorm(), config.hiddenSize()));
        specs.add(ParameterSpec.vector(innerNorm(), config.hiddenSize()));
        if (config.headNorms()) {
            specs.add(ParameterSpec.vector(headNorm("q"), config.headSize()));
            specs.add(ParameterSpec.vector(headNorm("k"), config.headSize()));
        }
        return specs;
    }

    /// [batch · width, hidden].
    ///
    /// @param x the same shape
    Tensor build(ModelBuilder builder, Tensor x, Pass pass) {
        Tensor normed = norm(builder, x, inputNorm());
        Tensor q =
                turned(
                        builder,
                        builder.linear(query(), normed),
                        "q",
                        config.attentionHeads(),
                        pass);
        Tensor k =
                turned(builder, builder.linear(key(), normed), "k", config.keyValueHeads(), pass);
        Tensor v = builder.linear(value(), normed);
        Tensor context = builder.graph().apply(attention(builder, q, k, v, pass));
        Tensor attended = added(builder, x, builder.linear(attentionOutput(), context));
        Tensor inner = norm(builder, attended, innerNorm());
        Tensor gated =
                builder.graph()
                        .apply(
                                new GatedActivation(
                                        builder.linear(gate(), inner),
                                        builder.linear(up(), inner),
                                        config.form()));
        return added(builder, attended, builder.linear(down(), gated));
    }

    /// Attention over the keys and values of these tokens or, where they go on, over all that is
    /// kept.
    private Attention attention(ModelBuilder builder, Tensor q, Tensor k, Tensor v, Pass pass) {
        Tensor keys = k;
        Tensor values = v;
        var mask = AttentionMask.causal(window);
        if (pass.kept() != null) {
            Tensor starts = pass.kept().starts();
            Tensor allKeys = kept(builder, k, starts, pass.kept().keys());
            Tensor allValues = kept(builder, v, starts, pass.kept().values());
            keys = pass.goesOn() ? allKeys : k;
            values = pass.goesOn() ? allValues : v;
            mask = pass.goesOn() ? mask.last() : mask;
        }
        Tensor starts = pass.inputs().starts();
        return new Attention(
                q,
                keys,
                values,
                starts == null ? pass.inputs().lengths() : starts,
                config.attentionHeads(),
                (float) (1 / Math.sqrt(config.headSize())),
                starts == null ? mask : mask.inPackedRows());
    }

    private Tensor kept(ModelBuilder builder, Tensor x, Tensor starts, List<Tensor> caches) {
        return builder.graph().apply(new KeepRows(x, starts, caches.get(index)));
    }

    /// Queries or keys, normalised where the family does so, turned by their positions.
    private Tensor turned(ModelBuilder builder, Tensor x, String part, int heads, Pass pass) {
        Tensor normed = config.headNorms() ? norm(builder, x, headNorm(part)) : x;
        return builder.graph()
                .apply(
                        new Rotary(
                                normed,
                                pass.inputs().positions(),
                                pass.cos(),
                                pass.sin(),
                                heads,
                                false));
    }

    private Tensor norm(ModelBuilder builder, Tensor x, String gain) {
        return builder.graph().apply(new RmsNorm(x, builder.parameter(gain), config.eps()));
    }

    /// `residual + x`, in the memory of `x`.
    private static Tensor added(ModelBuilder builder, Tensor residual, Tensor x) {
        return builder.graph().apply(new AddInto(residual, x));
    }
}
