package cglora.models.adapter;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.models.curvature.CurvatureStatistics;
import cglora.models.curvature.FactoredKfac;
import cglora.models.curvature.SketchedKfac;
import cglora.models.curvature.ThinKfac;
import cglora.models.curvature.TokenGram;
import cglora.models.linalg.Matrix;
import cglora.models.weights.Safetensors;
import cglora.models.weights.SafetensorsWriter;
import cglora.models.weights.SafetensorsWriter.TensorData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/// The statistics of a calibration in a folder, a safetensors file a layer, rounded to float32: `A`
/// [in, in], `S` [out, out] and `G` [out, in], or the products that a sketch has of them. They hold
/// for every rank, method and damping on the same model, head and examples.
public final class KeptStatistics {
    private static final String SUFFIX = ".safetensors";
    private static final String A = "A";
    private static final String S = "S";
    private static final String G = "G";
    private static final String A_OMEGA = "A_Omega";
    private static final String S_PSI = "S_Psi";
    private static final String G_LEFT = "G_left";
    private static final String G_RIGHT = "G_right";
    private static final String OMEGA = "Omega";
    private static final String PSI = "Psi";
    private static final String TRACE_A = "trace_A";
    private static final String TRACE_S = "trace_S";

    private KeptStatistics() {}

    /// The same source; each layer is written as it is handed out, and none is held longer for it.
    ///
    /// @param folder which must exist
    /// @throws CgloraException K-DISK where it cannot be written, O-CONFLICT for the implicit form,
    ///     which keeps tokens
    public static StatisticsSource writing(StatisticsSource source, Path folder) {
        return new StatisticsSource() {
            @Override
            public Set<String> modules() {
                return source.modules();
            }

            @Override
            public boolean isImplicit() {
                return source.isImplicit();
            }

            @Override
            public LayerStatistics take(String module) {
                LayerStatistics taken = source.take(module);
                write(folder.resolve(module + SUFFIX), taken);
                return taken;
            }

            @Override
            public Supplier<StatisticsSource> keep() {
                return source.keep();
            }
        };
    }

    private static void write(Path file, LayerStatistics statistics) {
        var tensors = new TreeMap<String, TensorData>();
        var numbers = new TreeMap<String, String>();
        switch (statistics.curvature().orElse(null)) {
            case null -> {
                statistics.gradient().ifPresent(M -> put(tensors, G, M));
                statistics.inputFactor().ifPresent(M -> put(tensors, A, M));
            }
            case FactoredKfac factors -> {
                put(tensors, A, factors.A());
                put(tensors, S, factors.S());
                put(tensors, G, factors.G());
            }
            case SketchedKfac sketch -> {
                put(tensors, A_OMEGA, sketch.AOmega());
                put(tensors, S_PSI, sketch.SPsi());
                put(tensors, G, sketch.G());
                put(tensors, OMEGA, sketch.Omega());
                put(tensors, PSI, sketch.Psi());
                numbers.put(TRACE_A, Double.toString(sketch.traceA()));
                numbers.put(TRACE_S, Double.toString(sketch.traceS()));
            }
            case ThinKfac sketch -> {
                put(tensors, A_OMEGA, sketch.AOmega());
                put(tensors, S_PSI, sketch.SPsi());
                put(tensors, G_LEFT, sketch.left());
                put(tensors, G_RIGHT, sketch.right());
                put(tensors, OMEGA, sketch.Omega());
                put(tensors, PSI, sketch.Psi());
                numbers.put(TRACE_A, Double.toString(sketch.traceA()));
                numbers.put(TRACE_S, Double.toString(sketch.traceS()));
            }
            case TokenGram _ ->
                    throw new CgloraException(
                            ErrorCode.O_CONFLICT,
                            statistics.module(),
                            "the implicit form keeps tokens, which are not written",
                            "\"form\": \"factored\" or \"sketched\"");
        }
        try {
            SafetensorsWriter.write(file, tensors, numbers);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.K_DISK,
                    file.toString(),
                    "cannot be written: " + e.getMessage(),
                    "make room, or keep no statistics",
                    e);
        }
    }

    private static void put(Map<String, TensorData> tensors, String name, Matrix M) {
        tensors.put(name, new TensorData(new int[] {M.rows(), M.columns()}, M.toFloats()));
    }

    /// The layers that a folder has statistics of.
    ///
    /// @throws CgloraException M-PATH where it cannot be read
    public static Set<String> modules(Path folder) {
        var modules = new TreeSet<String>();
        try (var files = Files.list(folder)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(SUFFIX))
                    .forEach(
                            name ->
                                    modules.add(
                                            name.substring(0, name.length() - SUFFIX.length())));
        } catch (IOException | UncheckedIOException e) {
            throw new CgloraException(
                    ErrorCode.M_PATH,
                    folder.toString(),
                    "cannot be read: " + e,
                    "give the folder of a run whose calibrate stage has \"keep\": true",
                    e);
        }
        return modules;
    }

    /// What an initializer with these needs would miss in a layer's file; empty for nothing.
    ///
    /// @throws CgloraException one of the S codes
    public static Set<String> missing(Path folder, String module, Set<Need> needs) {
        try (var file = new Safetensors(folder.resolve(module + SUFFIX))) {
            var missing = new TreeSet<String>();
            if (file.names().contains(A_OMEGA)) {
                missing.addAll(Set.of(A_OMEGA, S_PSI, OMEGA, PSI));
                missing.addAll(file.names().contains(G_LEFT) ? Set.of(G_LEFT, G_RIGHT) : Set.of(G));
                if (!needs.equals(Need.FACTORS)) {
                    missing.addAll(parts(needs));
                }
            } else {
                missing.addAll(parts(needs));
            }
            missing.removeAll(file.names());
            return missing;
        }
    }

    private static Set<String> parts(Set<Need> needs) {
        var parts = new TreeSet<String>();
        for (Need need : needs) {
            switch (need) {
                case GRADIENT -> parts.add(G);
                case INPUT_FACTOR -> parts.add(A);
                case OUTPUT_FACTOR -> parts.add(S);
                case WEIGHT, TOKENS -> {}
            }
        }
        return parts;
    }

    /// Hands out what a folder has; a layer is read when it is taken.
    ///
    /// @param modules of the layers that are wanted
    /// @param needs   of the initializer
    public static StatisticsSource read(Path folder, Set<String> modules, Set<Need> needs) {
        var left = new TreeSet<>(modules);
        return new StatisticsSource() {
            @Override
            public synchronized Set<String> modules() {
                return Set.copyOf(left);
            }

            @Override
            public boolean isImplicit() {
                return false;
            }

            @Override
            public LayerStatistics take(String module) {
                synchronized (this) {
                    StatisticsSource.taken(module, left.remove(module) ? module : null);
                }
                return read(folder.resolve(module + SUFFIX), module, needs);
            }

            @Override
            public synchronized Supplier<StatisticsSource> keep() {
                Set<String> now = Set.copyOf(left);
                return () -> KeptStatistics.read(folder, now, needs);
            }
        };
    }

    private static LayerStatistics read(Path path, String module, Set<Need> needs) {
        try (var file = new Safetensors(path)) {
            if (!needs.equals(Need.FACTORS)) {
                return LayerStatistics.of(
                        module,
                        needs.contains(Need.GRADIENT) ? matrix(file, G) : null,
                        needs.contains(Need.INPUT_FACTOR) ? matrix(file, A) : null);
            }
            return LayerStatistics.of(module, curvature(file));
        } catch (IllegalArgumentException e) {
            throw damaged(path, e.getMessage(), e);
        }
    }

    private static CurvatureStatistics curvature(Safetensors file) {
        if (file.names().contains(G_LEFT)) {
            return new ThinKfac(
                    matrix(file, A_OMEGA),
                    matrix(file, S_PSI),
                    matrix(file, G_LEFT),
                    matrix(file, G_RIGHT),
                    number(file, TRACE_A),
                    number(file, TRACE_S),
                    matrix(file, OMEGA),
                    matrix(file, PSI));
        }
        return file.names().contains(A_OMEGA)
                ? new SketchedKfac(
                        matrix(file, A_OMEGA),
                        matrix(file, S_PSI),
                        matrix(file, G),
                        number(file, TRACE_A),
                        number(file, TRACE_S),
                        matrix(file, OMEGA),
                        matrix(file, PSI))
                : FactoredKfac.givenUp(matrix(file, A), matrix(file, S), matrix(file, G));
    }

    private static double number(Safetensors file, String name) {
        return Optional.ofNullable(file.metadata().get(name))
                .map(Double::valueOf)
                .orElseThrow(() -> damaged(Path.of(file.description()), "says no " + name, null));
    }

    private static Matrix matrix(Safetensors file, String name) {
        long[] shape = file.names().contains(name) ? file.shape(name) : new long[0];
        if (shape.length != 2) {
            throw damaged(Path.of(file.description()), "has no matrix " + name, null);
        }
        return Matrix.of(Math.toIntExact(shape[0]), Math.toIntExact(shape[1]), file.read(name));
    }

    private static CgloraException damaged(Path file, String what, Exception cause) {
        return new CgloraException(
                ErrorCode.R_DAMAGED,
                file.toString(),
                "is no layer's statistics: " + what,
                "calibrate again",
                cause);
    }
}
