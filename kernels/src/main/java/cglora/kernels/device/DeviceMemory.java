package cglora.kernels.device;

/// What helps where a device has too little memory.
public final class DeviceMemory {
    /// Each works alone; in the order in which they are tried.
    public static final String ADVICE =
            "take a smaller batch (train.per_device_batch_size, with"
                    + " train.gradient_accumulation_steps for the same step), a shorter"
                    + " data.max_length, train.gradient_checkpointing, frozen weights in half"
                    + " (\"dtype\": \"bfloat16\" in the model stage), another device, or --engine"
                    + " jvm";

    private DeviceMemory() {}
}
