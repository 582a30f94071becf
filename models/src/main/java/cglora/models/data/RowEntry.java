package cglora.models.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A row of a token file's index: numbers of a fixed width, little-endian.
///
/// @param start      of its tokens in the file, in bytes
/// @param hash       of its texts
/// @param line       of its file
/// @param file       the place of its file
/// @param length     of its tokens
/// @param fullLength before they were cut
/// @param zeros      how many tokens of type 0 come first; all that follow have type 1
/// @param label      the place of its label, or the bits of its number
/// @param flags      what else is known of it
record RowEntry(
        long start,
        long hash,
        long line,
        int file,
        int length,
        int fullLength,
        int zeros,
        int label,
        int flags) {
    /// Bytes of an entry.
    static final int BYTES = 48;

    /// It holds the text of a special token.
    static final int SPECIAL = 1;

    /// It has two texts.
    static final int PAIR = 2;

    /// Each of its words stands on a line of its own.
    static final int LINES = 4;

    /// The answer behind its tokens has lost its end.
    static final int CUT = 8;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Appends the entry to a little-endian buffer.
    void put(ByteBuffer to) {
        to.putLong(start).putLong(hash).putLong(line);
        to.putInt(file).putInt(length).putInt(fullLength);
        to.putInt(zeros).putInt(label).putInt(flags);
    }

    static long start(MemorySegment file, long at) {
        return file.get(LONG, at);
    }

    static long hash(MemorySegment file, long at) {
        return file.get(LONG, at + 8);
    }

    static long line(MemorySegment file, long at) {
        return file.get(LONG, at + 16);
    }

    static int file(MemorySegment file, long at) {
        return file.get(INT, at + 24);
    }

    static int length(MemorySegment file, long at) {
        return file.get(INT, at + 28);
    }

    static int fullLength(MemorySegment file, long at) {
        return file.get(INT, at + 32);
    }

    static int zeros(MemorySegment file, long at) {
        return file.get(INT, at + 36);
    }

    static int label(MemorySegment file, long at) {
        return file.get(INT, at + 40);
    }

    static int flags(MemorySegment file, long at) {
        return file.get(INT, at + 44);
    }
}
