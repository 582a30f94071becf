package cglora.models.block;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Region;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Parameters by name, and where they are. Those that are trained together stand side by side in
/// one buffer, so that the optimiser needs one launch for all of them.
public final class Parameters {
    /// A parameter's shape and place.
    public record Parameter(ParameterSpec spec, Buffer buffer) {}

    private final Map<String, Parameter> byName = new LinkedHashMap<>();
    private final Map<Buffer, List<ParameterSpec>> groups = new LinkedHashMap<>();

    /// Places frozen parameters one by one.
    public void addFrozen(Layout layout, List<ParameterSpec> specs) {
        addFrozen(layout, specs, DataType.FLOAT32);
    }

    /// @param ofMatrices how matrices are kept; vectors are float32
    public void addFrozen(Layout layout, List<ParameterSpec> specs, DataType ofMatrices) {
        for (ParameterSpec spec : specs) {
            boolean matrix = spec.kind() == ParameterSpec.Kind.MATRIX;
            add(
                    spec,
                    layout.allocate(
                            Region.WEIGHTS,
                            spec.name(),
                            spec.shape().size(),
                            matrix ? ofMatrices : DataType.FLOAT32));
        }
    }

    /// Places parameters side by side in one buffer of [Region#PARAMETERS].
    ///
    /// @return the buffer that holds them all, in the order of `specs`
    public Buffer addGroup(Layout layout, String name, List<ParameterSpec> specs) {
        long length = specs.stream().mapToLong(spec -> spec.shape().size()).sum();
        Buffer whole = layout.allocate(Region.PARAMETERS, name, length);
        views(whole, specs).forEach(this::add);
        groups.put(whole, List.copyOf(specs));
        return whole;
    }

    /// The parts of `other`, laid out as `group` is, by the parameters that they belong to.
    public Map<ParameterSpec, Buffer> counterparts(Buffer group, Buffer other) {
        return views(other, groups.get(group));
    }

    /// One view a spec, side by side in `whole`.
    public static Map<ParameterSpec, Buffer> views(Buffer whole, List<ParameterSpec> specs) {
        var views = new LinkedHashMap<ParameterSpec, Buffer>();
        int start = 0;
        for (ParameterSpec spec : specs) {
            int length = Math.toIntExact(spec.shape().size());
            views.put(spec, whole.view(spec.name(), start, length));
            start += length;
        }
        return views;
    }

    /// Takes a parameter of others: both see the same elements.
    ///
    /// @throws IllegalArgumentException where they have none of that name and shape
    public void share(Parameters others, ParameterSpec spec) {
        if (!others.holds(spec)) {
            throw new IllegalArgumentException(spec + " is not there");
        }
        add(spec, others.get(spec.name()).buffer());
    }

    /// Whether there is a parameter of this name and shape.
    public boolean holds(ParameterSpec spec) {
        return contains(spec.name()) && get(spec.name()).spec().shape().equals(spec.shape());
    }

    private void add(ParameterSpec spec, Buffer buffer) {
        if (byName.put(spec.name(), new Parameter(spec, buffer)) != null) {
            throw new IllegalArgumentException("parameter " + spec.name() + " twice");
        }
    }

    public boolean contains(String name) {
        return byName.containsKey(name);
    }

    /// @throws IllegalArgumentException when there is none of that name
    public Parameter get(String name) {
        Parameter parameter = byName.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter " + name);
        }
        return parameter;
    }

    public List<String> names() {
        return List.copyOf(byName.keySet());
    }
}
