package cglora.kernels.program;

import cglora.kernels.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// One execution of a kernel over a range, with its buffers and scalars.
///
/// @param kernel     what runs
/// @param count      length of the range
/// @param grain      the range is only split at multiples of this
/// @param buffers    one an operand
/// @param packed     the dimensions that travel in the table of offsets
/// @param scalars    `Integer` or `Float`, one a scalar of the kernel
/// @param operations floating-point operations of the launch; 0 where nobody counts them
public record Launch(
        Kernel kernel,
        int count,
        int grain,
        List<Buffer> buffers,
        List<Integer> packed,
        List<Object> scalars,
        long operations) {

    public Launch {
        buffers = List.copyOf(buffers);
        packed = List.copyOf(packed);
        scalars = List.copyOf(scalars);
        if (count < 0 || grain < 1) {
            throw new IllegalArgumentException(
                    kernel + ": range of " + count + " in steps of " + grain);
        }
        check(kernel, buffers, packed, scalars);
    }

    /// A launch whose arguments are, in the order of the kernel's parameters, its buffers, its
    /// packed dimensions and its scalars.
    public static Launch of(Kernel kernel, int count, Object... arguments) {
        var buffers = new ArrayList<Buffer>();
        var packed = new ArrayList<Integer>();
        var scalars = new ArrayList<Object>();
        for (Object argument : arguments) {
            if (argument instanceof Buffer buffer) {
                buffers.add(buffer);
            } else if (packed.size() < kernel.packed().size()) {
                packed.add((Integer) argument);
            } else {
                scalars.add(argument);
            }
        }
        return new Launch(kernel, count, 1, buffers, packed, scalars, 0);
    }

    public Launch withGrain(int newGrain) {
        return new Launch(kernel, count, newGrain, buffers, packed, scalars, operations);
    }

    public Launch withOperations(long newOperations) {
        return new Launch(kernel, count, grain, buffers, packed, scalars, newOperations);
    }

    private static void check(
            Kernel kernel, List<Buffer> buffers, List<Integer> packed, List<Object> scalars) {
        if (buffers.size() != kernel.operands().size()
                || packed.size() != kernel.packed().size()
                || scalars.size() != kernel.scalars().size()) {
            throw new IllegalArgumentException(
                    "%s takes %d operands, %d packed dimensions and %d scalars; given %d, %d, %d"
                            .formatted(
                                    kernel,
                                    kernel.operands().size(),
                                    kernel.packed().size(),
                                    kernel.scalars().size(),
                                    buffers.size(),
                                    packed.size(),
                                    scalars.size()));
        }
        for (int i = 0; i < buffers.size(); i++) {
            DataType type = buffers.get(i).type();
            boolean isInt = type == DataType.INT32;
            if (type != DataType.BFLOAT16 && isInt != kernel.operands().get(i).isInt()) {
                throw new IllegalArgumentException(
                        kernel
                                + ": operand "
                                + kernel.operands().get(i).name()
                                + " given "
                                + buffers.get(i)
                                + " of type "
                                + buffers.get(i).type());
            }
        }
        for (int i = 0; i < scalars.size(); i++) {
            Class<?> expected = kernel.scalars().get(i) == int.class ? Integer.class : Float.class;
            if (!expected.isInstance(scalars.get(i))) {
                throw new IllegalArgumentException(
                        "%s: scalar %d is %s, expected %s"
                                .formatted(kernel, i, scalars.get(i), expected.getSimpleName()));
            }
        }
    }

    @Override
    public String toString() {
        return kernel
                + buffers.stream().map(Buffer::toString).collect(Collectors.joining(", ", "(", ")"))
                + " × "
                + count;
    }
}
