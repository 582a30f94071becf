package cglora.pipeline.device;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.engine.Engine;
import cglora.kernels.engine.JvmEngine;
import cglora.kernels.engine.OpenBlas;
import cglora.kernels.error.CgloraException;
import cglora.kernels.tornado.TornadoEngine;

/// The engine of a run, and why it is this one: chosen once, before anything is computed.
public sealed interface EngineChoice {
    /// In words, for the run's record.
    String why();

    /// `jvm`, or the name of a device.
    String device();

    /// A new engine of this kind.
    Engine open();

    /// Loads the library of products that every engine's host part needs.
    ///
    /// @throws CgloraException V-LIBRARY where it cannot be loaded
    default void requireLibrary() {
        OpenBlas.get();
    }

    /// This processor.
    record Jvm(int threads, String why) implements EngineChoice {
        @Override
        public String device() {
            return "jvm";
        }

        @Override
        public Engine open() {
            return new JvmEngine(threads);
        }
    }

    /// A device of TornadoVM.
    record Tornado(DeviceInfo info, DeviceProfile profile, String why) implements EngineChoice {
        @Override
        public String device() {
            return info.id().toString();
        }

        @Override
        public Engine open() {
            return new TornadoEngine(info, profile);
        }
    }
}
