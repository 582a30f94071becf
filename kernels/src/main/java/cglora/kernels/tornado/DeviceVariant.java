package cglora.kernels.tornado;

import cglora.kernels.Kernel;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.program.Launch;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import uk.ac.manchester.tornado.api.KernelContext;

/// What a device of a kind runs instead of a kernel's own method. The method's arguments are the
/// kernel's, but for `int first`, in whose place is a [KernelContext]: a device does the whole
/// range in one launch. Behind them come sizes that suit the device, which are constants of the
/// code that it compiles.
///
/// @param kernel what it stands for
/// @param kind   where it is the better one
/// @param handle the method,
///     `(KernelContext context, int count, operands …, at, o, scalars …, sizes …)`
/// @param sizes  its last arguments
/// @param fits   whether it can do this launch
/// @param grid   the work sizes of a launch that fits
public record DeviceVariant(
        Kernel kernel,
        DeviceKind kind,
        MethodHandle handle,
        List<Integer> sizes,
        Predicate<Launch> fits,
        Function<Launch, Grid> grid) {

    /// @throws IllegalArgumentException when the method's arguments are not the kernel's
    public DeviceVariant {
        sizes = List.copyOf(sizes);
        var own = kernel.handle().type().changeParameterType(0, KernelContext.class);
        var expected = own.appendParameterTypes(Collections.nCopies(sizes.size(), int.class));
        if (!handle.type().equals(expected)) {
            throw new IllegalArgumentException(
                    kernel + ": the variant takes " + handle.type() + ", expected " + expected);
        }
    }

    /// The variant that is the public method of `holder` with the kernel's name.
    static DeviceVariant of(
            Kernel kernel,
            DeviceKind kind,
            Class<?> holder,
            List<Integer> sizes,
            Predicate<Launch> fits,
            Function<Launch, Grid> grid) {
        var method =
                Arrays.stream(holder.getDeclaredMethods())
                        .filter(m -> m.getName().equals(kernel.name()))
                        .filter(m -> Modifier.isPublic(m.getModifiers()))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                holder.getSimpleName() + " has no " + kernel));
        try {
            MethodHandle handle = MethodHandles.publicLookup().unreflect(method);
            return new DeviceVariant(kernel, kind, handle, sizes, fits, grid);
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException(kernel + " of " + holder + " is not public", e);
        }
    }

    @Override
    public String toString() {
        return kernel + " for " + kind;
    }
}
