package cglora.models.block;

import cglora.models.graph.Tensor;
import java.util.List;

/// The body of a model that reads one sequence and writes another, with its head over the
/// vocabulary.
public interface EncoderDecoder extends Body {
    /// Hugging Face's class of this body with its head.
    String generationClass();

    /// The token that every sequence of the decoder begins with; it is not part of the answer.
    int startTokenId();

    /// The token that ends an answer.
    int endTokenId();

    /// Appends the encoder; gives its last hidden states [batch · width, hidden].
    Tensor encode(ModelBuilder builder, Sequences source);

    /// Appends the decoder over all positions at once; gives its last hidden states
    /// [batch · target width, hidden].
    ///
    /// @param states what [#encode] gave for `source`
    Tensor decode(ModelBuilder builder, Sequences target, Tensor states, Sequences source);

    /// Appends the head: logits [rows, vocabulary].
    ///
    /// @param hidden [rows, hidden] of [#decode]
    Tensor logits(ModelBuilder builder, Tensor hidden);

    /// Values of a token that a decoder layer keeps for later positions, the keys' and as many of
    /// the values'.
    int cacheSize();

    /// Layers of the decoder.
    int decoderLayers();

    /// Appends what a layer's attention over the source needs of it: keys and values
    /// [batch · width, cacheSize] of each layer.
    ///
    /// @param states what [#encode] gave
    List<KeyValues> sourceKeys(ModelBuilder builder, Tensor states);

    /// Appends the decoder for one new position of each sequence; gives its last hidden state
    /// [batch, hidden].
    ///
    /// @param words     [batch], int
    /// @param step      which position it is, and what is kept of those before
    /// @param sourceOf  keys and values of the source, one a layer
    /// @param source    lengths of the sources
    Tensor decodeStep(
            ModelBuilder builder,
            Tensor words,
            DecoderStep step,
            List<KeyValues> sourceOf,
            Tensor source);

    /// The bucket of the bias at each key's distance from the position `position`.
    ///
    /// @return [positions]
    int[] stepBuckets(int position, int positions);

    /// Keys and values of one layer, for every position of every sequence.
    record KeyValues(Tensor keys, Tensor values) {}

    /// One step of a decoder with a memory.
    ///
    /// @param starts   [batch], int: the place of the new token
    /// @param lengths  [batch], int: `starts + 1`
    /// @param ones     [batch], int: 1
    /// @param buckets  [positions], int, of [#stepBuckets]
    /// @param caches   keys and values of the positions so far, one a layer, which the step adds to
    record DecoderStep(
            Tensor starts, Tensor lengths, Tensor ones, Tensor buckets, List<KeyValues> caches) {}
}
