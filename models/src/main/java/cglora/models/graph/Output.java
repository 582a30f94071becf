package cglora.models.graph;

/// What an op gives: a new tensor, or one that overwrites another in place.
///
/// @param name      for listings
/// @param shape     its shape
/// @param inPlaceOf the tensor whose memory it takes over; null for a new one
record Output(String name, Shape shape, Tensor inPlaceOf) {
    static Output of(String name, Shape shape) {
        return new Output(name, shape, null);
    }

    /// A sum that goes on in the memory of `sum`, or starts a new tensor where there is none yet.
    static Output into(Tensor sum, String name, Shape shape) {
        if (sum != null && !sum.shape().equals(shape)) {
            throw new IllegalArgumentException(name + shape + " cannot be added to " + sum);
        }
        return new Output(name, shape, sum);
    }
}
