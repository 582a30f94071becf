package cglora.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A kernel: a public static method over primitive arrays, and which of them it reads and writes.
///
/// Every kernel has the same outline, in this order:
///
/// - `int first, int count`: the part of its outermost range that this call covers;
/// - its operands, `float[]` or `int[]`; several may be the same array (an arena);
/// - `int[] at, int o`: where the operands begin, `at[o]`, `at[o + 1]`, … in their order, then the
///   dimensions named by [#packs] (a launch takes at most 15 arguments on a device);
/// - its dimensions and scalars, `int` or `float`.
///
/// The body is ordinary Java without allocation, objects or exceptions, so that a test calls it
/// directly, [cglora.kernels.engine.JvmEngine] from many threads, and TornadoVM can compile it.
public final class Kernel {
    /// What a kernel does with an operand.
    public enum Role {
        READ,
        /// Every element of the output's range is written, none is read.
        WRITE,
        /// Read and written.
        UPDATE
    }

    /// One operand: its name in the method, its array type and what happens to it.
    public record Operand(String name, Class<?> type, Role role) {
        public boolean isInt() {
            return type == int[].class;
        }
    }

    /// The most arguments that one launch may have (TornadoVM's API).
    public static final int MAX_ARGUMENTS = 15;

    private final Method method;
    private final MethodHandle handle;
    private final List<Operand> operands;
    private final List<String> packed;
    private final List<Class<?>> scalars;

    private Kernel(Method method, Map<String, Role> roles, List<String> packed) {
        this.method = method;
        this.packed = List.copyOf(packed);
        var parameters = method.getParameters();
        var found = new ArrayList<Operand>();
        int index = 2;
        while (index < parameters.length && !parameters[index].getName().equals("at")) {
            var parameter = parameters[index++];
            Role role = roles.get(parameter.getName());
            found.add(new Operand(parameter.getName(), parameter.getType(), role));
        }
        this.operands = List.copyOf(found);
        var rest = new ArrayList<Class<?>>();
        for (index += 2; index < parameters.length; index++) {
            rest.add(parameters[index].getType());
        }
        this.scalars = List.copyOf(rest);
        try {
            this.handle = MethodHandles.publicLookup().unreflect(method);
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException("kernel " + name() + " is not public", e);
        }
    }

    /// The kernel that is the only public static method `name` of `holder`.
    public static Builder of(Class<?> holder, String name) {
        List<Method> methods =
                Arrays.stream(holder.getDeclaredMethods())
                        .filter(m -> m.getName().equals(name))
                        .filter(m -> Modifier.isPublic(m.getModifiers()))
                        .toList();
        if (methods.size() != 1) {
            throw new IllegalArgumentException(
                    "%s has %d public methods named %s, expected 1"
                            .formatted(holder.getSimpleName(), methods.size(), name));
        }
        return new Builder(methods.getFirst());
    }

    /// The method's name, `matmulNT`.
    public String name() {
        return method.getName();
    }

    /// The family of kernels it belongs to: the last part of its package, `matmul`.
    public String family() {
        String packageName = method.getDeclaringClass().getPackageName();
        return packageName.substring(packageName.lastIndexOf('.') + 1);
    }

    public Method method() {
        return method;
    }

    /// The method itself, unbound.
    public MethodHandle handle() {
        return handle;
    }

    public List<Operand> operands() {
        return operands;
    }

    /// Names of the dimensions that follow the offsets in the table `at`.
    public List<String> packed() {
        return packed;
    }

    /// Types of the arguments behind `at` and `o`: `int` or `float`.
    public List<Class<?>> scalars() {
        return scalars;
    }

    @Override
    public String toString() {
        return name();
    }

    /// Names the roles of the operands; the last call makes the kernel.
    public static final class Builder {
        private final Method method;
        private final Map<String, Role> roles = new TreeMap<>();
        private List<String> packed = List.of();

        private Builder(Method method) {
            this.method = method;
        }

        public Builder reads(String... names) {
            return put(Role.READ, names);
        }

        public Builder updates(String... names) {
            return put(Role.UPDATE, names);
        }

        /// Dimensions passed in the table behind the offsets.
        public Builder packs(String... names) {
            packed = List.of(names);
            return this;
        }

        public Builder writes(String... names) {
            return put(Role.WRITE, names);
        }

        private Builder put(Role role, String... names) {
            for (String name : names) {
                if (roles.put(name, role) != null) {
                    throw new IllegalArgumentException(
                            "kernel " + method.getName() + ": operand " + name + " has two roles");
                }
            }
            return this;
        }

        /// Checks the method's outline against the roles.
        public Kernel build() {
            var parameters = method.getParameters();
            String kernel = "kernel " + method.getName();
            if (parameters.length > MAX_ARGUMENTS) {
                throw new IllegalArgumentException(
                        kernel
                                + " has "
                                + parameters.length
                                + " arguments, at most "
                                + MAX_ARGUMENTS
                                + " can be launched");
            }
            var names = new ArrayList<String>();
            for (var parameter : parameters) {
                names.add(parameter.getName());
            }
            int at = names.indexOf("at");
            if (at < 2
                    || !names.get(0).equals("first")
                    || !names.get(1).equals("count")
                    || at + 1 >= names.size()
                    || !names.get(at + 1).equals("o")) {
                throw new IllegalArgumentException(
                        kernel + " must take (first, count, operands …, at, o, scalars …)");
            }
            for (int i = 2; i < at; i++) {
                Class<?> type = parameters[i].getType();
                if (type != float[].class && type != int[].class) {
                    throw new IllegalArgumentException(
                            kernel + ": operand " + names.get(i) + " is a " + type.getSimpleName());
                }
                if (!roles.containsKey(names.get(i))) {
                    throw new IllegalArgumentException(
                            kernel + ": operand " + names.get(i) + " has no role");
                }
            }
            for (int i = at + 2; i < names.size(); i++) {
                Class<?> type = parameters[i].getType();
                if (type != int.class && type != float.class) {
                    throw new IllegalArgumentException(
                            kernel + ": scalar " + names.get(i) + " is a " + type.getSimpleName());
                }
            }
            if (roles.size() != at - 2) {
                throw new IllegalArgumentException(
                        kernel + ": roles " + roles.keySet() + " do not match its operands");
            }
            return new Kernel(method, roles, packed);
        }
    }
}
