package cglora.pipeline.device;

import static java.util.stream.Collectors.joining;

import cglora.kernels.device.DeviceDiscovery.Found;
import cglora.kernels.device.DeviceId;
import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceKind;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problem;
import cglora.pipeline.spec.EngineSpec;
import java.util.Optional;
import java.util.function.Supplier;

/// Chooses the engine of a run.
public final class Engines {
    /// TornadoVM may be told of a whole memory in rounded units.
    private static final double WHOLE = 0.99;

    private static final String ASKED = "asked for";

    private final TornadoProcess tornado;
    private final Supplier<DeviceProfiles> profiles;

    Engines(TornadoProcess tornado, Supplier<DeviceProfiles> profiles) {
        this.tornado = tornado;
        this.profiles = profiles;
    }

    /// Chooses with what this process has.
    ///
    /// @throws CgloraException V-ENGINE or V-DEVICE when what was asked for is not there
    public static EngineChoice choose(EngineRequest request) {
        return new Engines(TornadoProcess.current(), () -> DeviceProfiles.load(System.getenv()))
                .of(request);
    }

    EngineChoice of(EngineRequest request) {
        EngineChoice choice = choice(request);
        if (choice instanceof EngineChoice.Jvm jvm && request.profile().isPresent()) {
            String name = request.profile().get();
            profiles.get().require(name);
            throw new CgloraException(
                    ErrorCode.O_CONFLICT,
                    "--profile " + name,
                    "profiles are for devices of TornadoVM, and the engine is jvm: " + jvm.why(),
                    "leave --profile out, or name a device, as in --device opencl:0");
        }
        return choice;
    }

    private EngineChoice choice(EngineRequest request) {
        Optional<DeviceId> device = request.device();
        boolean asksForJvm = device.isPresent() && device.get().isJvm();
        return switch (request.type()) {
            case JVM -> {
                if (device.isPresent() && !asksForJvm) {
                    throw conflict("jvm", device.get());
                }
                yield new EngineChoice.Jvm(request.threads(), ASKED);
            }
            case TORNADO -> {
                if (asksForJvm) {
                    throw conflict("tornado", device.get());
                }
                yield tornado(request, ASKED);
            }
            case AUTO ->
                    asksForJvm
                            ? new EngineChoice.Jvm(request.threads(), ASKED)
                            : device.isPresent() ? tornado(request, ASKED) : automatic(request);
        };
    }

    private static CgloraException conflict(String engine, DeviceId device) {
        return new CgloraException(
                ErrorCode.O_CONFLICT,
                "engine.device",
                "the engine is " + engine + " and the device " + device,
                device.isJvm()
                        ? "--device opencl:0, or --engine jvm"
                        : "--engine tornado, or --device jvm");
    }

    /// TornadoVM where it has a GPU: its CPU devices are slower than this process itself.
    private EngineChoice automatic(EngineRequest request) {
        if (tornado.problem().isPresent()) {
            return new EngineChoice.Jvm(request.threads(), tornado.problem().get().what());
        }
        Found found = tornado.devices().get();
        Optional<DeviceInfo> gpu = gpu(found);
        if (gpu.isEmpty()) {
            return new EngineChoice.Jvm(
                    request.threads(), "TornadoVM has no GPU, only " + list(found));
        }
        return new EngineChoice.Tornado(
                gpu.get(), profile(request, gpu.get()), "the first GPU of TornadoVM");
    }

    private static Optional<DeviceInfo> gpu(Found found) {
        return found.devices().stream().filter(d -> d.kind() == DeviceKind.GPU).findFirst();
    }

    private static String list(Found found) {
        String devices = found.devices().stream().map(DeviceInfo::toString).collect(joining(", "));
        String failures = String.join("; ", found.failures());
        if (found.devices().isEmpty()) {
            return failures.isEmpty() ? "nothing" : "nothing (" + failures + ")";
        }
        return failures.isEmpty() ? devices : devices + " (" + failures + ")";
    }

    private EngineChoice tornado(EngineRequest request, String why) {
        tornado.problem()
                .ifPresent(
                        problem -> {
                            throw new CgloraException(
                                    problem.code(), problem.where(), problem.what(), problem.fix());
                        });
        request.device().ifPresent(this::requireBackend);
        Found found = tornado.devices().get();
        if (found.devices().isEmpty()) {
            throw new CgloraException(
                    ErrorCode.V_DEVICE,
                    "",
                    "TornadoVM finds " + list(found),
                    TornadoProcess.HOW_TO_GET_A_DEVICE);
        }
        if (request.device().isEmpty()) {
            DeviceInfo first = gpu(found).orElse(found.devices().getFirst());
            return new EngineChoice.Tornado(first, profile(request, first), why);
        }
        DeviceId asked = request.device().get();
        DeviceInfo device =
                found.device(asked)
                        .orElseThrow(
                                () ->
                                        new CgloraException(
                                                ErrorCode.V_DEVICE,
                                                "engine.device",
                                                "no device "
                                                        + asked
                                                        + "; TornadoVM has "
                                                        + list(found),
                                                "take one of these, or --engine jvm"));
        return new EngineChoice.Tornado(device, profile(request, device), why);
    }

    private void requireBackend(DeviceId device) {
        if (tornado.lacks(device.backend())) {
            throw new CgloraException(
                    ErrorCode.V_DEVICE,
                    "engine.device",
                    "no device " + device + ": " + tornado.lack(device.backend()),
                    TornadoProcess.HOW_TO_GET_A_BACKEND
                            + "; or another device, as cglora devices lists them, or --engine jvm");
        }
    }

    private DeviceProfile profile(EngineRequest request, DeviceInfo device) {
        DeviceProfiles known = profiles.get();
        DeviceProfile profile =
                request.profile().isPresent()
                        ? known.named(request.profile().get(), device)
                        : known.choose(device);
        if (request.memoryFraction().isPresent()) {
            profile = profile.withMemoryFraction(request.memoryFraction().get());
        }
        double ceiling = (double) tornado.ceiling() / Math.max(1, device.globalMemory());
        if (ceiling >= profile.memoryFraction()) {
            return profile;
        }
        return ceiling >= WHOLE
                ? profile.withMemoryFraction(ceiling, profile.memoryLimiter())
                : profile.withMemoryFraction(ceiling, "raise -Dtornado.device.memory");
    }

    /// What an automatic choice has to say aloud: a TornadoVM is there that cannot be used. Empty
    /// where there is none, or where this processor was asked for.
    public static Optional<Problem> replaced(EngineChoice choice) {
        return TornadoProcess.isInstalled()
                ? replaced(choice, TornadoProcess.current())
                : Optional.empty();
    }

    static Optional<Problem> replaced(EngineChoice choice, TornadoProcess installed) {
        return choice instanceof EngineChoice.Jvm jvm && !jvm.why().equals(ASKED)
                ? installed
                        .problem()
                        .map(
                                problem ->
                                        new Problem(
                                                problem.code(),
                                                problem.where(),
                                                problem.what()
                                                        + "; engine jvm computes in its place",
                                                problem.fix()))
                : Optional.empty();
    }

    /// The engine that a person who gave no pipeline asks for.
    ///
    /// @param type   null for auto
    /// @param device null for any
    public static EngineSpec spec(EngineSpec.Type type, String device) {
        return new EngineSpec(type == null ? EngineSpec.Type.AUTO : type, device, null, null);
    }
}
