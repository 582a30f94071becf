package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// Ranks of all layers for a number of parameters, where the whitened spectra pay most.
///
/// Along CG-LoRA's direction `D = −Ŝ^{-p_s} U Σ Vᵀ Â^{-p_a}` the loss falls by `η ⟨−G, D⟩ = η Σ σ²`
/// to first order, whatever the exponents, and η is one for all layers: a component's gain is its
/// `σ²`, its cost the `in + out` parameters of a row of `A` and a column of `B`. Components are
/// taken by gain for the cost, those of one layer in their order. As spectra descend, no other
/// choice at the cost of what is taken gains more; at the end, components that the rest of the
/// budget is too small for are passed over. A component of no gain is never taken beyond `least`.
///
/// @param budget parameters of all factors together
/// @param least  rank of every layer, at least 1
/// @param most   rank that no layer exceeds, beside its own smaller side
public record RankAllocation(long budget, int least, int most) {
    /// A layer to be given a rank.
    ///
    /// @param singularValues of its whitened gradient, descending
    public record Layer(String module, int in, int out, double[] singularValues) {
        int cost() {
            return in + out;
        }

        /// Share of the first components' squares, of those that are known; 1 where all are zero.
        public double kept(int rank) {
            double all = sum(singularValues.length);
            return all > 0 ? sum(rank) / all : 1;
        }

        /// `Σ σ²` of the first components: the fall of the loss by one unit of η.
        public double sum(int rank) {
            return Arrays.stream(singularValues, 0, Math.min(rank, singularValues.length))
                    .map(s -> s * s)
                    .sum();
        }
    }

    private record Candidate(int layer, int rank, double gain) {}

    public RankAllocation {
        if (least < 1 || most < least) {
            throw new CgloraException(
                    ErrorCode.O_RANGE,
                    "",
                    "ranks from %d to %d, expected 1 ≤ least ≤ most".formatted(least, most),
                    "set adapter.cg.min_rank and adapter.cg.max_rank");
        }
    }

    /// The largest rank that a layer may get.
    public int limit(int in, int out) {
        return Math.min(most, Math.min(in, out));
    }

    /// @throws CgloraException O-CONFLICT where the budget does not give every layer `least`
    public void requireEnough(long costOfRankOne) {
        if (budget < least * costOfRankOne) {
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    "adapter.cg",
                    "rank %d everywhere takes %d parameters, the budget is %d"
                            .formatted(least, least * costOfRankOne, budget),
                    "raise rank_budget (or r), or lower min_rank");
        }
    }

    /// A rank a layer, in their order.
    ///
    /// @throws CgloraException O-CONFLICT as [#requireEnough]
    public int[] ranks(List<Layer> layers) {
        requireEnough(layers.stream().mapToLong(Layer::cost).sum());
        int[] ranks = new int[layers.size()];
        long left = budget;
        var open =
                new PriorityQueue<Candidate>(
                        Comparator.comparingDouble(Candidate::gain)
                                .reversed()
                                .thenComparingInt(Candidate::layer));
        for (int i = 0; i < ranks.length; i++) {
            Layer layer = layers.get(i);
            ranks[i] = Math.min(least, limit(layer.in(), layer.out()));
            left -= (long) ranks[i] * layer.cost();
            offer(open, layer, i, ranks[i] + 1);
        }
        while (!open.isEmpty()) {
            Candidate best = open.poll();
            Layer layer = layers.get(best.layer());
            if (layer.cost() > left) {
                continue; // nor do its later components fit
            }
            left -= layer.cost();
            ranks[best.layer()] = best.rank();
            offer(open, layer, best.layer(), best.rank() + 1);
        }
        return ranks;
    }

    private void offer(PriorityQueue<Candidate> open, Layer layer, int index, int rank) {
        if (rank > limit(layer.in(), layer.out()) || rank > layer.singularValues().length) {
            return;
        }
        double s = layer.singularValues()[rank - 1];
        if (s > 0) {
            open.add(new Candidate(index, rank, s * s / layer.cost()));
        }
    }
}
