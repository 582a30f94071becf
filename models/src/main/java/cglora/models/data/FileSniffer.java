package cglora.models.data;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// What a data file is, by its name and its first bytes.
final class FileSniffer {
    /// The bytes that tell what a file is.
    static final int SAMPLE = 4096;

    private static final List<String> CONLL = List.of(".conll", ".conll2003", ".bio", ".iob");

    private final Path path;

    FileSniffer(Path path) {
        this.path = path;
    }

    /// `tsv`, `csv`, `jsonl`, `conll` or `parquet`.
    ///
    /// @throws CgloraException D-FORMAT where the name does not tell
    String type(DataFormat format) {
        if (!format.type().equals("auto")) {
            return format.type();
        }
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        for (String packed : new String[] {".gz", ".zst", ".zstd"}) {
            name =
                    name.endsWith(packed)
                            ? name.substring(0, name.length() - packed.length())
                            : name;
        }
        if (name.endsWith(".parquet")) {
            return "parquet";
        }
        if (name.endsWith(".csv")) {
            return "csv";
        }
        if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
            return "jsonl";
        }
        if (CONLL.stream().anyMatch(name::endsWith)) {
            return "conll";
        }
        if (name.endsWith(".tsv") || name.endsWith(".txt")) {
            return "tsv";
        }
        throw error(
                ErrorCode.D_FORMAT,
                "",
                "the name does not tell the format",
                "\"format\": {\"type\": \"tsv\"}, \"csv\", \"jsonl\", \"conll\" or \"parquet\"");
    }

    /// Whether these are the first bytes of a Parquet file.
    static boolean isParquet(byte[] sample) {
        return new String(sample, 0, Math.min(4, sample.length), StandardCharsets.ISO_8859_1)
                .equals("PAR1");
    }

    /// Refuses what is not the text that it should be.
    ///
    /// @param sample the first bytes, unpacked
    /// @param type   what the file is read as
    /// @throws CgloraException D-FORMAT or D-ENCODING
    void refuseOthers(byte[] sample, String type, Charset charset) {
        if (charset.equals(StandardCharsets.UTF_8)) {
            refuseNoText(sample);
        }
        String text = new String(sample, charset).replace("\uFEFF", "");
        if (!type.equals("jsonl") && text.stripLeading().startsWith("{\"")) {
            throw error(
                    ErrorCode.D_FORMAT,
                    ":1",
                    "looks like JSON, not " + type.toUpperCase(Locale.ROOT),
                    "\"format\": {\"type\": \"jsonl\"}");
        }
    }

    /// Refuses formats that are recognised only to say what they are.
    ///
    /// @param bytes the first ones, unpacked
    /// @throws CgloraException D-FORMAT
    void refuseKnown(byte[] bytes) {
        String start = new String(bytes, 0, Math.min(4, bytes.length), StandardCharsets.ISO_8859_1);
        String looks =
                switch (start) {
                    case "PK\u0003\u0004" -> "a zip archive, or a spreadsheet";
                    default -> null;
                };
        if (looks != null) {
            throw error(
                    ErrorCode.D_FORMAT,
                    "",
                    "looks like " + looks,
                    "save the rows as TSV, CSV, JSONL or Parquet");
        }
    }

    /// What another encoding or no text at all shows: zeros beside the letters, and control
    /// characters among them.
    private void refuseNoText(byte[] bytes) {
        int length = Math.min(bytes.length, SAMPLE);
        int[] zeros = new int[2]; // at even and odd places
        int controls = 0;
        for (int i = 0; i < length; i++) {
            zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
            boolean space = bytes[i] >= '\t' && bytes[i] <= '\r' || bytes[i] == 0x1b;
            controls += bytes[i] >= 0 && bytes[i] < ' ' && !space ? 1 : 0;
        }
        boolean marked =
                length >= 2
                        && ((bytes[0] & 0xff) == 0xff && (bytes[1] & 0xff) == 0xfe
                                || (bytes[0] & 0xff) == 0xfe && (bytes[1] & 0xff) == 0xff);
        int most = Math.max(zeros[0], zeros[1]);
        int least = Math.min(zeros[0], zeros[1]);
        if (marked || length >= 16 && most > length / 4 && least < most / 8) {
            throw error(
                    ErrorCode.D_ENCODING,
                    ":1",
                    "looks like UTF-16",
                    "save the file as UTF-8, or set \"format\": {\"encoding\": \"%s\"}"
                            .formatted(
                                    marked
                                            ? "UTF-16"
                                            : zeros[0] > zeros[1] ? "UTF-16BE" : "UTF-16LE"));
        }
        if (length >= 64 && controls > length / 20) {
            throw error(
                    ErrorCode.D_FORMAT,
                    "",
                    "looks like a binary file: %d of its first %d bytes are control characters"
                            .formatted(controls, length),
                    "save the rows as TSV, CSV, JSONL or Parquet");
        }
    }

    private CgloraException error(ErrorCode code, String place, String what, String fix) {
        return new CgloraException(code, path + place, what, fix);
    }
}
