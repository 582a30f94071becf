package cglora.pipeline.run;

import cglora.models.adapter.RankAllocation;
import cglora.models.block.LoraLayer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The ranks that were chosen by curvature, and the spectra that they were chosen from.
final class RankTable {
    private final List<RankAllocation.Layer> spectra;
    private final List<LoraLayer> layers;
    private final List<LoraLayer> asked;
    private final long budget;

    /// @param spectra of all layers, as long as the largest rank that was looked at
    /// @param layers  with the ranks that were chosen, in the same order
    /// @param asked   with the ranks of the settings, likewise
    RankTable(
            List<RankAllocation.Layer> spectra,
            List<LoraLayer> layers,
            List<LoraLayer> asked,
            long budget) {
        this.spectra = spectra;
        this.layers = layers;
        this.asked = asked;
        this.budget = budget;
    }

    /// `sum` is the fall of the loss by one unit of the step's length, to first order.
    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(
                String.format(
                        Locale.ROOT,
                        "      ranks by curvature: %d of %d parameters; first-order gain %.4g, at the"
                                + " ranks of the settings %.4g",
                        parameters(layers),
                        budget,
                        gain(layers),
                        gain(asked)));
        int width = spectra.stream().mapToInt(s -> s.module().length()).max().orElse(0);
        lines.add(
                String.format(
                        Locale.ROOT,
                        "      %-"
                                + width
                                + "s  rank  gain     of %d  sigma first  kept     dropped",
                        "module",
                        spectra.stream().mapToInt(s -> s.singularValues().length).max().orElse(0)));
        for (int i = 0; i < spectra.size(); i++) {
            RankAllocation.Layer s = spectra.get(i);
            int r = layers.get(i).r();
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "      %-" + width + "s  %4d  %-7.3g  %3.0f %%  %-11.3g  %-7.3g  %s",
                            s.module(),
                            r,
                            s.sum(r),
                            100 * s.kept(r),
                            s.singularValues()[0],
                            s.singularValues()[r - 1],
                            r < s.singularValues().length
                                    ? String.format(Locale.ROOT, "%.3g", s.singularValues()[r])
                                    : "-"));
        }
        return lines;
    }

    /// For the run's record: every rank with the whole spectrum.
    Map<String, Object> record() {
        var modules = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < spectra.size(); i++) {
            RankAllocation.Layer s = spectra.get(i);
            var module = new LinkedHashMap<String, Object>();
            module.put("module", s.module());
            module.put("in", s.in());
            module.put("out", s.out());
            module.put("rank", layers.get(i).r());
            module.put("scale", layers.get(i).scaling());
            module.put("singular_values", Arrays.stream(s.singularValues()).boxed().toList());
            modules.add(module);
        }
        var record = new LinkedHashMap<String, Object>();
        record.put("budget", budget);
        record.put("parameters", parameters(layers));
        record.put("gain", gain(layers));
        record.put("gain_of_settings", gain(asked));
        record.put("modules", modules);
        return record;
    }

    private double gain(List<LoraLayer> ranks) {
        double sum = 0;
        for (int i = 0; i < spectra.size(); i++) {
            sum += spectra.get(i).sum(ranks.get(i).r());
        }
        return sum;
    }

    static long parameters(List<LoraLayer> layers) {
        return layers.stream()
                .mapToLong(l -> (long) l.r() * (l.module().in() + l.module().out()))
                .sum();
    }
}
