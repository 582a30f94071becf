package cglora.kernels.program;

import cglora.kernels.Kernel;
import cglora.kernels.Kernel.Role;
import cglora.kernels.embedding.EmbeddingKernels;
import cglora.kernels.math.Bfloat16;
import cglora.kernels.matmul.ThinKernels;
import cglora.kernels.storage.Bfloat16Kernels;
import cglora.kernels.storage.Bfloat16ThinKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// How launches read weights that are kept as bfloat16: a matrix is widened into scratch memory
/// right before the launch that reads it, and dies with that launch, so that a program needs room
/// for one of them; of an embedding table only the rows that are read are widened, and products of
/// few rows read a matrix as it is kept.
final class Widening {
    /// Kernels that read a table of words as it is kept.
    private static final Map<Kernel, Kernel> TABLES =
            Map.of(
                    EmbeddingKernels.EMBEDDING_SUM, Bfloat16Kernels.BFLOAT16_EMBEDDING_SUM,
                    EmbeddingKernels.EMBEDDING_PAIR, Bfloat16Kernels.BFLOAT16_EMBEDDING_PAIR,
                    EmbeddingKernels.EMBEDDING_ROWS, Bfloat16Kernels.BFLOAT16_EMBEDDING_ROWS);

    /// Which operand of a product is the matrix.
    private static final int MATRIX = 1;

    /// Kernels that read a matrix `b` of an even number of rows as it is kept.
    private static final Map<Kernel, Kernel> PRODUCTS =
            Map.of(
                    ThinKernels.THIN_NT, Bfloat16ThinKernels.BFLOAT16_THIN_NT,
                    ThinKernels.THIN_NT_BIAS, Bfloat16ThinKernels.BFLOAT16_THIN_NT_BIAS);

    private Widening() {}

    /// The same launches over float32.
    ///
    /// @throws IllegalArgumentException when one writes a buffer of bfloat16
    static List<Launch> widened(List<Launch> launches) {
        if (launches.stream().noneMatch(Widening::isNarrow)) {
            return launches;
        }
        var all = new ArrayList<Launch>();
        for (Launch launch : launches) {
            if (isNarrow(launch)) {
                widen(product(table(launch)), all);
            } else {
                all.add(launch);
            }
        }
        return all;
    }

    private static boolean isNarrow(Launch launch) {
        for (int k = 0; k < launch.buffers().size(); k++) {
            if (isNarrow(launch, k)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNarrow(Launch launch, int operand) {
        return launch.buffers().get(operand).type() == DataType.BFLOAT16
                && !launch.kernel().operands().get(operand).isInt();
    }

    /// A launch that reads a table's rows by the kernel that widens them itself.
    private static Launch table(Launch launch) {
        Kernel kernel = TABLES.get(launch.kernel());
        if (kernel == null) {
            return launch;
        }
        for (int k = 0; k < launch.buffers().size(); k++) {
            Buffer buffer = launch.buffers().get(k);
            if (launch.kernel().operands().get(k).name().equals("word")
                    && buffer.type() == DataType.BFLOAT16) {
                var scalars = new ArrayList<>(launch.scalars());
                scalars.add(Bfloat16.words(buffer.length()));
                return new Launch(
                        kernel,
                        launch.count(),
                        launch.grain(),
                        launch.buffers(),
                        launch.packed(),
                        scalars,
                        launch.operations());
            }
        }
        return launch;
    }

    /// A product of few rows by the kernel that widens the matrix itself; its range is half the
    /// matrix's rows.
    private static Launch product(Launch launch) {
        Kernel kernel = PRODUCTS.get(launch.kernel());
        if (kernel == null || !isNarrow(launch, MATRIX) || launch.count() % 2 != 0) {
            return launch;
        }
        return new Launch(
                kernel,
                launch.count() / 2,
                launch.grain(),
                launch.buffers(),
                launch.packed(),
                launch.scalars(),
                launch.operations());
    }

    private static void widen(Launch launch, List<Launch> all) {
        var buffers = new ArrayList<>(launch.buffers());
        for (int k = 0; k < buffers.size(); k++) {
            if (!isNarrow(launch, k)) {
                continue;
            }
            Buffer packed = buffers.get(k);
            if (launch.kernel().operands().get(k).role() != Role.READ) {
                throw new IllegalArgumentException(
                        launch.kernel() + " writes " + packed + ", which is kept as bfloat16");
            }
            Buffer wide = Buffer.scratch(packed.name(), DataType.FLOAT32, packed.length());
            int words = Bfloat16.words(packed.length());
            all.add(
                    Launch.of(
                            Bfloat16Kernels.WIDEN_BFLOAT16,
                            words,
                            packed,
                            wide,
                            packed.length(),
                            words));
            buffers.set(k, wide);
        }
        all.add(
                new Launch(
                        launch.kernel(),
                        launch.count(),
                        launch.grain(),
                        buffers,
                        launch.packed(),
                        launch.scalars(),
                        launch.operations()));
    }
}
