package cglora.kernels.testing;

import cglora.kernels.Kernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// All kernels, found in the folder of the product's classes.
public final class KernelFamilies {
    private KernelFamilies() {}

    /// The families of kernels: the product's classes named `…Kernels`, in the order of names.
    public static List<Class<?>> families() {
        try {
            Path root =
                    Path.of(
                            Kernel.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            try (Stream<Path> files = Files.walk(root)) {
                List<String> names =
                        files.map(file -> root.relativize(file).toString())
                                .filter(name -> name.endsWith("Kernels.class"))
                                .map(name -> name.substring(0, name.length() - 6))
                                .map(name -> name.replace('/', '.').replace('\\', '.'))
                                .sorted()
                                .toList();
                var classes = new ArrayList<Class<?>>();
                for (String name : names) {
                    classes.add(Class.forName(name));
                }
                return classes;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException | ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /// All constants of type [Kernel] in the families.
    public static List<Kernel> kernels() {
        return families().stream()
                .flatMap(family -> Arrays.stream(family.getDeclaredFields()))
                .filter(field -> field.getType() == Kernel.class)
                .filter(field -> Modifier.isStatic(field.getModifiers()))
                .map(
                        field -> {
                            try {
                                return (Kernel) field.get(null);
                            } catch (IllegalAccessException e) {
                                throw new IllegalStateException(field + " is not public", e);
                            }
                        })
                .toList();
    }
}
