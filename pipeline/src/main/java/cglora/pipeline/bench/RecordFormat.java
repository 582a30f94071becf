package cglora.pipeline.bench;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/// Records as JSON.
public final class RecordFormat {
    private static final long LARGEST = 64 << 20;

    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .enable(EnumFeature.READ_ENUMS_USING_TO_STRING)
                    .enable(EnumFeature.WRITE_ENUMS_USING_TO_STRING)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                    .build();

    private RecordFormat() {}

    public static String write(BenchRecord record) {
        return JSON.writeValueAsString(record) + "\n";
    }

    /// Reads a record.
    ///
    /// @throws CgloraException P-FILE, P-JSON or P-VERSION for what is no record that this program
    ///     knows
    public static BenchRecord read(Path file) {
        JsonNode tree = tree(file);
        if (!tree.isObject() || !tree.path("cglora_bench").isInt()) {
            throw new CgloraException(
                    ErrorCode.P_JSON,
                    file.toString(),
                    "is no record of a benchmark: it has no number \"cglora_bench\"",
                    "cglora bench -o json writes records");
        }
        int format = tree.path("cglora_bench").intValue();
        if (format != BenchRecord.FORMAT) {
            throw new CgloraException(
                    ErrorCode.P_VERSION,
                    file.toString(),
                    "is a record of format "
                            + format
                            + ", this cglora reads format "
                            + BenchRecord.FORMAT,
                    format > BenchRecord.FORMAT ? "take a newer cglora" : "measure again");
        }
        BenchRecord record = bind(file, tree, BenchRecord.class);
        if (record.devices().isEmpty()) {
            throw malformed(file, "/devices is empty, expected at least one device", null);
        }
        return record;
    }

    /// Writes what one process measured, whole or not at all.
    static void writePart(Path file, DeviceRecord part) {
        Path beside = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.writeString(beside, JSON.writeValueAsString(part));
            Files.move(
                    beside,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.K_OUTPUT, file.toString(), "cannot be written: " + e, "", e);
        }
    }

    static DeviceRecord readPart(Path file) {
        return bind(file, tree(file), DeviceRecord.class);
    }

    private static JsonNode tree(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new CgloraException(ErrorCode.P_FILE, file.toString(), "no such file", "");
            }
            if (Files.size(file) > LARGEST) {
                throw new CgloraException(
                        ErrorCode.P_JSON,
                        file.toString(),
                        Files.size(file) + " bytes, expected at most " + LARGEST,
                        "is this a record of a benchmark?");
            }
            return JSON.readTree(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw malformed(file, "it is no text in UTF-8, expected JSON", e);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.P_FILE, file.toString(), "cannot be read: " + e, "", e);
        } catch (JacksonException e) {
            throw malformed(file, reason(e), e);
        }
    }

    private static <T> T bind(Path file, JsonNode tree, Class<T> type) {
        String problem = RecordShape.problem(tree, type);
        if (!problem.isEmpty()) {
            throw malformed(file, problem, null);
        }
        try {
            return JSON.treeToValue(tree, type);
        } catch (JacksonException e) {
            throw malformed(file, reason(e), e);
        }
    }

    /// Records say themselves which values do not go together.
    private static String reason(JacksonException e) {
        return e.getCause() instanceof IllegalArgumentException own
                ? own.getMessage()
                : e.getOriginalMessage().lines().findFirst().orElse("");
    }

    private static CgloraException malformed(Path file, String what, Exception e) {
        return new CgloraException(
                ErrorCode.P_JSON,
                file.toString(),
                "is no record of a benchmark: " + what,
                "cglora bench -o json writes records",
                e);
    }
}
