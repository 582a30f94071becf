package cglora.models.weights;

import cglora.kernels.math.Bfloat16;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// How a tensor of floating-point numbers is stored in a safetensors file.
public enum FloatFormat {
    /// IEEE 754 single precision.
    F32("float32", 4),
    /// IEEE 754 half precision: up to 65,504.
    F16("float16", 2),
    /// The upper half of single precision.
    BF16("bfloat16", 2);

    private final String torchName;
    private final int bytes;

    FloatFormat(String torchName, int bytes) {
        this.torchName = torchName;
        this.bytes = bytes;
    }

    /// The format of this name in a safetensors file; F32 for all others, which are widened or
    /// narrowed to it when they are read.
    public static FloatFormat of(String dtype) {
        return Arrays.stream(values())
                .filter(format -> format.name().equals(dtype))
                .findFirst()
                .orElse(F32);
    }

    /// What PyTorch and Hugging Face's `torch_dtype` call it.
    public String torchName() {
        return torchName;
    }

    /// Bytes of an element.
    public int bytes() {
        return bytes;
    }

    /// The nearest number of this format; of two, the one whose last bit is 0.
    public float round(float value) {
        return switch (this) {
            case F32 -> value;
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> Bfloat16.value(Bfloat16.bits(value));
        };
    }

    void put(ByteBuffer target, float value) {
        switch (this) {
            case F32 -> target.putFloat(value);
            case F16 -> target.putShort(Float.floatToFloat16(value));
            case BF16 -> target.putShort((short) Bfloat16.bits(value));
        }
    }
}
