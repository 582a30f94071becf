package cglora.pipeline.cli;

import cglora.kernels.device.DeviceId;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.device.EngineRequest;
import cglora.pipeline.device.Engines;
import cglora.pipeline.device.Launch;
import cglora.pipeline.spec.EngineSpec;
import cglora.pipeline.spec.JsonText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// What computes: for every verb that does.
public final class EngineOptions {
    /// An engine by its name in pipelines.
    static final class Engine implements ITypeConverter<EngineSpec.Type> {
        @Override
        public EngineSpec.Type convert(String text) {
            return Arrays.stream(EngineSpec.Type.values())
                    .filter(type -> type.jsonName().equals(text.toLowerCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new TypeConversionException(
                                            "no engine '"
                                                    + text
                                                    + "', expected auto, jvm or tornado"));
        }
    }

    @Option(
            names = "--engine",
            paramLabel = "ENGINE",
            converter = Engine.class,
            description = "auto, jvm (this processor) or tornado (a device by TornadoVM).")
    private EngineSpec.Type type;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "A device as cglora devices lists it, such as opencl:0; or jvm.")
    private String device;

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            description = "Name or file of a device profile, instead of the one that matches.")
    private String profile;

    @Option(
            names = "--show-command",
            description = "Print the java command of this call, and do nothing.")
    private boolean showCommand;

    /// The options as settings of a pipeline. A device decides the engine where that is not named.
    List<String> settings() {
        var settings = new ArrayList<String>();
        if (type != null || device != null) {
            EngineSpec.Type engine = type == null ? EngineSpec.Type.AUTO : type;
            settings.add("engine.type=" + engine.jsonName());
        }
        if (device != null) {
            settings.add("engine.device=" + JsonText.write(device).strip());
        } else if (type != null) {
            settings.add("engine.device=null");
        }
        return settings;
    }

    /// The engine that the options ask for, without a pipeline.
    EngineSpec spec() {
        return Engines.spec(type, device);
    }

    /// As it was given; null where it was not.
    String device() {
        return device;
    }

    /// The options again, for another process and one device. A profile is for devices of
    /// TornadoVM.
    ///
    /// @param one its name, or `auto`
    List<String> arguments(String one) {
        var arguments = new ArrayList<String>();
        if (type != null) {
            arguments.addAll(List.of("--engine", type.jsonName()));
        }
        if (!one.equals(EngineSpec.Type.AUTO.jsonName())) {
            arguments.addAll(List.of("--device", one));
        }
        if (profile != null && !one.equals(DeviceId.JVM.toString())) {
            arguments.addAll(List.of("--profile", profile));
        }
        return arguments;
    }

    EngineChoice choose(EngineSpec spec) {
        return Engines.choose(EngineRequest.of(spec, profile));
    }

    /// Whether the call is done with this: it only was to say how it would be carried out.
    boolean isAnswered(EngineChoice choice, Console console) {
        if (Launch.isQuestion()) {
            Launch.answer(choice, console.out());
            return true;
        }
        Engines.replaced(choice).ifPresent(problem -> console.warnings(List.of(problem)));
        if (showCommand) {
            ProcessHandle.Info process = ProcessHandle.current().info();
            console.out().println(process.commandLine().orElse("the system does not tell"));
        }
        return showCommand;
    }
}
