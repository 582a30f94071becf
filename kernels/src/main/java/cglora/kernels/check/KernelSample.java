package cglora.kernels.check;

import cglora.kernels.Kernel;
import cglora.kernels.Kernel.Role;
import java.util.List;

/// Arguments of one call of a kernel, and what it must give.
///
/// @param name     the sizes, and what is special
/// @param seed     what the operands were made from
/// @param count    length of the whole range
/// @param grain    a range is split at multiples of this
/// @param operands `float[]` or `int[]`, exactly as long as the kernel needs; the contents of an
///     operand that is written only are ignored
/// @param packed   dimensions that follow the offsets in the table
/// @param scalars  `Integer` or `Float`
/// @param expected one for every operand that is written
public record KernelSample(
        Kernel kernel,
        String name,
        long seed,
        int count,
        int grain,
        List<Object> operands,
        List<Integer> packed,
        List<Object> scalars,
        List<Expected> expected) {
    /// What an operand must hold afterwards, and how far each element may be off.
    public record Expected(String operand, double[] values, double[] bounds) {}

    public KernelSample {
        operands = List.copyOf(operands);
        packed = List.copyOf(packed);
        scalars = List.copyOf(scalars);
        expected = List.copyOf(expected);
        if (operands.size() != kernel.operands().size()
                || scalars.size() != kernel.scalars().size()
                || packed.size() != kernel.packed().size()) {
            throw new IllegalArgumentException(kernel + " " + name + ": arguments do not fit");
        }
        for (int i = 0; i < operands.size(); i++) {
            Kernel.Operand operand = kernel.operands().get(i);
            Class<?> given = operands.get(i).getClass();
            long references =
                    expected.stream().filter(e -> e.operand().equals(operand.name())).count();
            if (given != operand.type() || references != (operand.role() == Role.READ ? 0 : 1)) {
                throw new IllegalArgumentException(
                        "%s %s: operand %s is a %s and has %d references"
                                .formatted(
                                        kernel,
                                        name,
                                        operand.name(),
                                        given.getSimpleName(),
                                        references));
            }
        }
    }

    /// Index of the operand that has this name.
    public int indexOf(String operand) {
        for (int i = 0; i < operands.size(); i++) {
            if (kernel.operands().get(i).name().equals(operand)) {
                return i;
            }
        }
        throw new IllegalArgumentException(kernel + " has no operand " + operand);
    }

    @Override
    public String toString() {
        return kernel + " " + name;
    }
}
