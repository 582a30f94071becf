package cglora.pipeline.run;

import cglora.kernels.engine.PackedParts;
import cglora.models.adapter.LoraFactors;
import cglora.models.block.LinearModule;
import cglora.models.block.ParameterSpec;
import cglora.models.training.AdapterFactors;
import cglora.models.training.Session;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// What each parameter of a model makes of one fixed vector, a layer's weight with its adapter
/// `W x + s B (A x)`: where two models that should be one function differ, this says in which
/// layer.
final class ModuleOutputs {
    private final Map<String, double[]> outputs;

    private ModuleOutputs(Map<String, double[]> outputs) {
        this.outputs = outputs;
    }

    /// Reads all parameters of a session's model, one after the other.
    static ModuleOutputs of(Session session) {
        Map<String, LoraFactors> adapters = AdapterFactors.effective(session, Map.of());
        var modules = new HashMap<String, LinearModule>();
        session.task().linearModules().forEach(m -> modules.put(m.weight(), m));
        var specs = new ArrayList<ParameterSpec>(session.task().bodyParameters());
        specs.addAll(session.task().headParameters());
        var outputs = new TreeMap<String, double[]>();
        for (ParameterSpec spec : specs) {
            double[] output = product(session, spec);
            LinearModule module = modules.get(spec.name());
            LoraFactors factors = module == null ? null : adapters.get(module.name());
            if (factors != null) {
                int in = module.in();
                double[] inner = product(factors.loraA(), in, vector(in));
                double[] added = product(factors.loraB(), inner.length, inner);
                double scaling = session.adapters().get(module.name()).scaling();
                for (int i = 0; i < output.length; i++) {
                    output[i] += scaling * added[i];
                }
            }
            outputs.put(module == null ? spec.name() : module.name(), output);
        }
        return new ModuleOutputs(outputs);
    }

    /// A parameter's rows times the vector; it is read a part at a time.
    private static double[] product(Session session, ParameterSpec spec) {
        int[] extents = spec.extents();
        int columns = extents[extents.length - 1];
        int size = Math.toIntExact(spec.size());
        double[] x = vector(columns);
        double[] product = new double[size / columns];
        float[] part = new float[Math.min(size, PackedParts.PART)];
        for (int first = 0; first < size; first += part.length) {
            int count = Math.min(part.length, size - first);
            session.read(spec.name(), first, count, part, 0);
            for (int i = 0; i < count; i++) {
                product[(first + i) / columns] += part[i] * x[(first + i) % columns];
            }
        }
        return product;
    }

    /// The same one for every model.
    private static double[] vector(int length) {
        return new SplittableRandom(length).doubles(length, -1, 1).toArray();
    }

    /// @param matrix [rows, columns]; a vector is one row of it
    private static double[] product(float[] matrix, int columns, double[] x) {
        double[] product = new double[matrix.length / columns];
        for (int i = 0; i < matrix.length; i++) {
            product[i / columns] += matrix[i] * x[i % columns];
        }
        return product;
    }

    /// The layer, or other parameter, whose outputs differ most from those of another model, by
    /// the largest difference relative to the largest output.
    String farthestFrom(ModuleOutputs other) {
        String farthest = "";
        double largest = -1;
        List<String> both = outputs.keySet().stream().filter(other.outputs::containsKey).toList();
        for (String name : both) {
            double difference = difference(outputs.get(name), other.outputs.get(name));
            if (!(difference <= largest)) {
                largest = difference;
                farthest = name;
            }
        }
        return String.format(Locale.ROOT, "most in '%s', by %.2g of its output", farthest, largest);
    }

    private static double difference(double[] one, double[] other) {
        double scale = Double.MIN_NORMAL;
        double largest = 0;
        for (int i = 0; i < one.length; i++) {
            scale = Math.max(scale, Math.abs(one[i]));
            double difference = Math.abs(one[i] - other[i]);
            largest = Double.isNaN(difference) ? difference : Math.max(largest, difference);
        }
        return largest / scale;
    }
}
