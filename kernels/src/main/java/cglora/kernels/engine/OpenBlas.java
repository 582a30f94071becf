package cglora.kernels.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// BLAS and LAPACK of the OpenBLAS native library, called on heap arrays without a copy.
///
/// The library runs one thread per call: our own threads split large products
/// ([JvmEngine]). Array bounds are checked here, since the library checks none. A call holds back
/// the garbage collector, so single calls stay well under a second.
@SuppressWarnings("restricted") // native calls are what this class is for
public final class OpenBlas {
    private static final int ROW_MAJOR = 101;
    private static final int COLUMN_MAJOR = 102;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;

    private final MethodHandle sgemm;
    private final MethodHandle dgemm;
    private final MethodHandle dsyevd;
    private final MethodHandle sgesdd;
    private final String description;

    private OpenBlas(SymbolLookup library) throws Throwable {
        Linker linker = Linker.nativeLinker();
        this.sgemm = gemmHandle(linker, library, "cblas_sgemm", JAVA_FLOAT);
        this.dgemm = gemmHandle(linker, library, "cblas_dgemm", JAVA_DOUBLE);
        this.dsyevd =
                linker.downcallHandle(
                        library.findOrThrow("LAPACKE_dsyevd_work"),
                        FunctionDescriptor.of(
                                JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_BYTE, JAVA_INT, ADDRESS,
                                JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT),
                        Linker.Option.critical(true));
        this.sgesdd =
                linker.downcallHandle(
                        library.findOrThrow("LAPACKE_sgesdd_work"),
                        FunctionDescriptor.of(
                                JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_INT, JAVA_INT, ADDRESS,
                                JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS,
                                JAVA_INT, ADDRESS),
                        Linker.Option.critical(true));
        MethodHandle setThreads =
                linker.downcallHandle(
                        library.findOrThrow("openblas_set_num_threads"),
                        FunctionDescriptor.ofVoid(JAVA_INT));
        setThreads.invokeExact(1);
        this.description = text(linker, library, "openblas_get_config");
    }

    /// The library, loaded on first use.
    ///
    /// @throws CgloraException V-LIBRARY when the platform's library is not on the class path or
    ///     cannot be loaded
    public static OpenBlas get() {
        return Holder.get();
    }

    /// What the library says of itself: version, build and the processor's kernels it chose.
    public String description() {
        return description;
    }

    /// `C = alpha · op(A) · op(B) + beta · C`, float32, row-major; `op(A)` is [m, k] and `op(B)`
    /// [k, n]. Offsets and leading dimensions count elements.
    public void sgemm(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            float alpha,
            float[] a,
            int aAt,
            int lda,
            float[] b,
            int bAt,
            int ldb,
            float beta,
            float[] c,
            int cAt,
            int ldc) {
        if (m == 0 || n == 0) {
            return;
        }
        checkMatrix("A", transposeA ? k : m, transposeA ? m : k, aAt, lda, a.length);
        checkMatrix("B", transposeB ? n : k, transposeB ? k : n, bAt, ldb, b.length);
        checkMatrix("C", m, n, cAt, ldc, c.length);
        try {
            sgemm.invokeExact(
                    ROW_MAJOR,
                    transposeA ? TRANSPOSE : NO_TRANSPOSE,
                    transposeB ? TRANSPOSE : NO_TRANSPOSE,
                    m,
                    n,
                    k,
                    alpha,
                    slice(a, aAt),
                    lda,
                    slice(b, bAt),
                    ldb,
                    beta,
                    slice(c, cAt),
                    ldc);
        } catch (Throwable failure) {
            throw new IllegalStateException("cblas_sgemm", failure);
        }
    }

    /// The same in float64.
    public void dgemm(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            double alpha,
            double[] a,
            int lda,
            double[] b,
            int ldb,
            double beta,
            double[] c,
            int ldc) {
        if (m == 0 || n == 0) {
            return;
        }
        checkMatrix("A", transposeA ? k : m, transposeA ? m : k, 0, lda, a.length);
        checkMatrix("B", transposeB ? n : k, transposeB ? k : n, 0, ldb, b.length);
        checkMatrix("C", m, n, 0, ldc, c.length);
        try {
            dgemm.invokeExact(
                    ROW_MAJOR,
                    transposeA ? TRANSPOSE : NO_TRANSPOSE,
                    transposeB ? TRANSPOSE : NO_TRANSPOSE,
                    m,
                    n,
                    k,
                    alpha,
                    MemorySegment.ofArray(a),
                    lda,
                    MemorySegment.ofArray(b),
                    ldb,
                    beta,
                    MemorySegment.ofArray(c),
                    ldc);
        } catch (Throwable failure) {
            throw new IllegalStateException("cblas_dgemm", failure);
        }
    }

    /// Eigenvalues, ascending, and eigenvectors of the symmetric matrix `a` [n, n], float64, of
    /// which the lower triangle is read. Row `j` of `a` is the `j`-th eigenvector afterwards. Takes
    /// [#dsyevdBytes] of native memory for the time of the call.
    ///
    /// @throws CgloraException N-STATISTICS when the iteration does not converge
    public void dsyevd(int n, double[] a, double[] eigenvalues) {
        checkMatrix("A", n, n, 0, n, a.length);
        checkMatrix("eigenvalues", 1, n, 0, n, eigenvalues.length);
        if (n == 0) {
            return;
        }
        int info;
        try (var arena = Arena.ofConfined()) {
            // LAPACK has columns for rows: nothing is transposed, the lower triangle is its upper
            info =
                    (int)
                            dsyevd.invokeExact(
                                    COLUMN_MAJOR,
                                    (byte) 'V',
                                    (byte) 'U',
                                    n,
                                    MemorySegment.ofArray(a),
                                    n,
                                    MemorySegment.ofArray(eigenvalues),
                                    arena.allocate(JAVA_DOUBLE, dsyevdDoubles(n)),
                                    Math.toIntExact(dsyevdDoubles(n)),
                                    arena.allocate(JAVA_INT, dsyevdInts(n)),
                                    Math.toIntExact(dsyevdInts(n)));
        } catch (Throwable failure) {
            throw new IllegalStateException("LAPACKE_dsyevd_work", failure);
        }
        if (info != 0) {
            throw new CgloraException(
                    ErrorCode.N_STATISTICS,
                    "",
                    "the eigenvalues of a "
                            + n
                            + " × "
                            + n
                            + " factor were not found (dsyevd info "
                            + info
                            + ")",
                    "look for infinities in the calibration data, or raise the damping");
        }
    }

    /// The thin singular value decomposition of a row-major matrix, float32.
    ///
    /// @param a        [rows, columns]; of no use afterwards
    /// @param singular [min], descending; `min` the smaller of rows and columns
    /// @param u        [rows, min], a left vector a column
    /// @param v        [min, columns], a right vector a row
    /// @throws CgloraException N-STATISTICS when the iteration does not converge
    public void sgesdd(int rows, int columns, float[] a, float[] singular, float[] u, float[] v) {
        int min = Math.min(rows, columns);
        checkMatrix("A", rows, columns, 0, columns, a.length);
        checkMatrix("singular values", 1, min, 0, min, singular.length);
        checkMatrix("U", rows, min, 0, min, u.length);
        checkMatrix("V", min, columns, 0, columns, v.length);
        if (min == 0) {
            return;
        }
        int info;
        try (var arena = Arena.ofConfined()) {
            MemorySegment integers = arena.allocate(JAVA_INT, 8L * min);
            MemorySegment asked = arena.allocate(JAVA_FLOAT);
            // LAPACK has columns for rows: it decomposes the transpose, so U and V change places
            info = sgesdd(rows, columns, a, singular, u, v, asked, -1, integers);
            if (info == 0) {
                int length = (int) Math.ceil(asked.get(JAVA_FLOAT, 0)) + 64;
                MemorySegment work = arena.allocate(JAVA_FLOAT, length);
                info = sgesdd(rows, columns, a, singular, u, v, work, length, integers);
            }
        } catch (Throwable failure) {
            throw new IllegalStateException("LAPACKE_sgesdd_work", failure);
        }
        if (info != 0) {
            throw new CgloraException(
                    ErrorCode.N_STATISTICS,
                    "",
                    "the singular values of a %d × %d matrix were not found (sgesdd info %d)"
                            .formatted(rows, columns, info),
                    "look for infinities in the calibration data");
        }
    }

    private int sgesdd(
            int rows,
            int columns,
            float[] a,
            float[] singular,
            float[] u,
            float[] v,
            MemorySegment work,
            int length,
            MemorySegment integers)
            throws Throwable {
        return (int)
                sgesdd.invokeExact(
                        COLUMN_MAJOR,
                        (byte) 'S',
                        columns,
                        rows,
                        MemorySegment.ofArray(a),
                        columns,
                        MemorySegment.ofArray(singular),
                        MemorySegment.ofArray(v),
                        columns,
                        MemorySegment.ofArray(u),
                        Math.min(rows, columns),
                        work,
                        length,
                        integers);
    }

    private static long dsyevdDoubles(int n) {
        return 1 + 6L * n + 2L * n * n;
    }

    private static long dsyevdInts(int n) {
        return 3 + 5L * n;
    }

    /// Bytes that [#dsyevd] takes beside its arguments.
    public static long dsyevdBytes(int n) {
        return Double.BYTES * dsyevdDoubles(n) + Integer.BYTES * dsyevdInts(n);
    }

    private static MemorySegment slice(float[] array, int offset) {
        return MemorySegment.ofArray(array).asSlice((long) offset * Float.BYTES);
    }

    private static void checkMatrix(
            String name, int rows, int columns, int offset, int leading, int length) {
        if (rows < 0 || columns < 0 || leading < Math.max(1, columns) || offset < 0) {
            throw new IllegalArgumentException(
                    "matrix %s: %d × %d, leading dimension %d, offset %d"
                            .formatted(name, rows, columns, leading, offset));
        }
        long end = rows == 0 || columns == 0 ? 0 : offset + (rows - 1L) * leading + columns;
        if (end > length) {
            throw new IllegalArgumentException(
                    "matrix %s: %d × %d at %d (leading dimension %d) ends at %d of %d elements"
                            .formatted(name, rows, columns, offset, leading, end, length));
        }
    }

    private static MethodHandle gemmHandle(
            Linker linker, SymbolLookup library, String symbol, MemoryLayout scalar) {
        return linker.downcallHandle(
                library.findOrThrow(symbol),
                FunctionDescriptor.ofVoid(
                        JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, scalar, ADDRESS,
                        JAVA_INT, ADDRESS, JAVA_INT, scalar, ADDRESS, JAVA_INT),
                Linker.Option.critical(true));
    }

    private static String text(Linker linker, SymbolLookup library, String symbol)
            throws Throwable {
        MethodHandle handle =
                linker.downcallHandle(library.findOrThrow(symbol), FunctionDescriptor.of(ADDRESS));
        MemorySegment address = (MemorySegment) handle.invokeExact();
        return address.reinterpret(256).getString(0);
    }

    /// What came of loading the library; a class whose initialisation failed could say it only
    /// once.
    private static final class Holder {
        private static final OpenBlas INSTANCE;
        private static final CgloraException FAILURE;

        static {
            OpenBlas loaded = null;
            CgloraException problem = null;
            try {
                loaded = load();
            } catch (CgloraException e) {
                problem = e;
            }
            INSTANCE = loaded;
            FAILURE = problem;
        }

        static OpenBlas get() {
            if (FAILURE != null) {
                throw FAILURE;
            }
            return INSTANCE;
        }

        private static OpenBlas load() {
            OpenBlasFiles files = OpenBlasFiles.ofPlatform();
            try {
                Path library = files.unpack();
                return new OpenBlas(SymbolLookup.libraryLookup(library, Arena.global()));
            } catch (CgloraException e) {
                throw e;
            } catch (Throwable failure) {
                throw new CgloraException(
                        ErrorCode.V_LIBRARY,
                        files.folder(),
                        "the OpenBLAS library could not be loaded: " + failure.getMessage(),
                        "check that the temporary folder allows executable files",
                        failure);
            }
        }
    }
}
