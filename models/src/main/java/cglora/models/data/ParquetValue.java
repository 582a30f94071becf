package cglora.models.data;

import dev.hardwood.metadata.LogicalType;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.SchemaNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// What a leaf of a Parquet file holds, by its physical and its logical type, and how it becomes
/// the text of a field.
enum ParquetValue {
    TEXT,
    INT,
    LONG,
    UNSIGNED_INT,
    UNSIGNED_LONG,
    FLOAT,
    DOUBLE,
    BOOLEAN,
    DECIMAL;

    /// Null for what is not read: dates, times, identifiers, raw bytes of a fixed length.
    static ParquetValue of(SchemaNode.PrimitiveNode leaf) {
        return switch (leaf.logicalType()) {
            case null ->
                    switch (leaf.type()) {
                        case BYTE_ARRAY -> TEXT;
                        case INT32 -> INT;
                        case INT64 -> LONG;
                        case FLOAT -> FLOAT;
                        case DOUBLE -> DOUBLE;
                        case BOOLEAN -> BOOLEAN;
                        case INT96, FIXED_LEN_BYTE_ARRAY -> null;
                    };
            case LogicalType.StringType _, LogicalType.EnumType _, LogicalType.JsonType _ -> TEXT;
            case LogicalType.DecimalType _ -> DECIMAL;
            case LogicalType.IntType type when type.bitWidth() > 32 ->
                    type.isSigned() ? LONG : UNSIGNED_LONG;
            case LogicalType.IntType type -> type.isSigned() ? INT : UNSIGNED_INT;
            default -> null;
        };
    }

    /// The type's name, for messages.
    static String name(SchemaNode.PrimitiveNode leaf) {
        return leaf.logicalType() == null
                ? leaf.type().name()
                : leaf.logicalType().getClass().getSimpleName().replaceFirst("Type$", "");
    }

    boolean isText() {
        return this == TEXT;
    }

    /// @throws CharacterCodingException for a text that is not UTF-8
    String read(StructAccessor row, String name) throws CharacterCodingException {
        return switch (this) {
            case TEXT -> text(row.getBinary(name));
            case INT -> String.valueOf(row.getInt(name));
            case LONG -> String.valueOf(row.getLong(name));
            case UNSIGNED_INT -> Integer.toUnsignedString(row.getInt(name));
            case UNSIGNED_LONG -> Long.toUnsignedString(row.getLong(name));
            case FLOAT -> String.valueOf(row.getFloat(name));
            case DOUBLE -> String.valueOf(row.getDouble(name));
            case BOOLEAN -> String.valueOf(row.getBoolean(name));
            case DECIMAL -> row.getDecimal(name).toPlainString();
        };
    }

    /// @throws CharacterCodingException where the bytes are not UTF-8
    static String text(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
}
