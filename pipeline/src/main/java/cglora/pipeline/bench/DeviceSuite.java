package cglora.pipeline.bench;

import cglora.kernels.check.Bandwidth;
import cglora.kernels.check.GemmTiming;
import cglora.kernels.check.LaunchTiming;
import cglora.kernels.check.TransferTiming;
import cglora.kernels.engine.Engine;
import cglora.kernels.program.Launch;
import cglora.kernels.tornado.DeviceTransfers;
import cglora.pipeline.device.EngineChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What a device can do at most: transfers, bandwidth, the cost of a launch, large products.
final class DeviceSuite {
    private static final int ELEMENTS = 1 << 24;
    private static final String SIZE = " 64 MiB";
    private static final double GIGA = 1e-9;

    /// Elements of a launch that does next to nothing.
    private static final int FEW = 16;

    private static final int[][] PRODUCTS = {{2048, 1536, 384}, {2048, 768, 768}};

    private final EngineChoice choice;
    private final int repetitions;
    private final Consumer<Result> progress;
    private final List<Result> results = new ArrayList<>();

    DeviceSuite(EngineChoice choice, int repetitions, Consumer<Result> progress) {
        this.choice = choice;
        this.repetitions = repetitions;
        this.progress = progress;
    }

    List<Result> run() {
        transfers();
        if (choice instanceof EngineChoice.Tornado device) {
            profiled(device);
        }
        launch("copy" + SIZE, Unit.GB_PER_SECOND, Bandwidth.copy(ELEMENTS));
        launch("add" + SIZE, Unit.GB_PER_SECOND, Bandwidth.add(ELEMENTS));
        launch("launch", Unit.MICROSECONDS, Bandwidth.copy(FEW));
        for (int[] size : PRODUCTS) {
            for (GemmTiming.Form form : GemmTiming.Form.values()) {
                add(GemmSuite.product(choice, Suite.DEVICE, form, size, repetitions));
            }
        }
        return results;
    }

    private void add(Result result) {
        results.add(result);
        progress.accept(result);
    }

    /// As the engine moves arrays that stay with it.
    private void transfers() {
        String up = "host to device" + SIZE;
        String down = "device to host" + SIZE;
        double work = 4.0 * ELEMENTS * GIGA;
        try (Engine engine = choice.open()) {
            var timing = TransferTiming.of(engine, ELEMENTS, repetitions);
            add(Result.rate(Suite.DEVICE, up, Unit.GB_PER_SECOND, work, timing.up()));
            add(Result.rate(Suite.DEVICE, down, Unit.GB_PER_SECOND, work, timing.down()));
        } catch (RuntimeException e) {
            add(Result.failed(Suite.DEVICE, up, Unit.GB_PER_SECOND, e));
            add(Result.failed(Suite.DEVICE, down, Unit.GB_PER_SECOND, e));
        }
    }

    /// As the driver's events tell of a transfer of TornadoVM.
    private void profiled(EngineChoice.Tornado device) {
        String up = "host to device" + SIZE + ", TornadoVM's profiler";
        String down = "device to host" + SIZE + ", TornadoVM's profiler";
        double work = 4.0 * ELEMENTS * GIGA;
        try {
            var transfers = DeviceTransfers.of(device.info(), ELEMENTS, repetitions);
            add(Result.rate(Suite.DEVICE, up, Unit.GB_PER_SECOND, work, transfers.up()));
            add(Result.rate(Suite.DEVICE, down, Unit.GB_PER_SECOND, work, transfers.down()));
            add(
                    Result.of(
                            Suite.DEVICE,
                            "compile one kernel, TornadoVM's profiler",
                            Unit.SECONDS,
                            transfers.compile()));
        } catch (RuntimeException e) {
            add(Result.failed(Suite.DEVICE, up, Unit.GB_PER_SECOND, e));
            add(Result.failed(Suite.DEVICE, down, Unit.GB_PER_SECOND, e));
        }
    }

    private void launch(String test, Unit unit, Launch launch) {
        var timing = LaunchTiming.of(choice::open, launch, (_, _) -> 0, repetitions);
        if (!timing.failure().isEmpty()) {
            add(Result.failed(Suite.DEVICE, test, unit, timing.failure()));
        } else if (unit == Unit.MICROSECONDS) {
            double[] micros = timing.seconds().clone();
            for (int i = 0; i < micros.length; i++) {
                micros[i] *= 1e6;
            }
            add(Result.of(Suite.DEVICE, test, unit, micros));
        } else {
            double work = LaunchTiming.bytes(launch) * GIGA;
            add(Result.rate(Suite.DEVICE, test, unit, work, timing.seconds()));
        }
    }
}
