package cglora.pipeline.report;

import java.util.ArrayList;
import java.util.List;

/// Fewer points of a curve: of each part of its length the lowest and the highest, so that no peak
/// is lost.
final class Thinned {
    private Thinned() {}

    /// @param points in their order
    /// @param parts  of the curve's length; at most twice as many points are kept
    static List<LineChart.Point> of(List<LineChart.Point> points, int parts) {
        if (points.size() <= 2 * parts) {
            return points;
        }
        var kept = new ArrayList<LineChart.Point>();
        for (int part = 0; part < parts; part++) {
            int from = (int) ((long) part * points.size() / parts);
            int to = (int) ((long) (part + 1) * points.size() / parts);
            int low = from;
            int high = from;
            for (int i = from; i < to; i++) {
                low = points.get(i).value() < points.get(low).value() ? i : low;
                high = points.get(i).value() > points.get(high).value() ? i : high;
            }
            kept.add(points.get(Math.min(low, high)));
            if (low != high) {
                kept.add(points.get(Math.max(low, high)));
            }
        }
        return kept;
    }
}
