package cglora.pipeline.bench;

import cglora.kernels.device.DeviceId;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The devices that a person names: several, or `all`.
public final class DeviceNames {
    /// What `run` would take.
    public static final String AUTO = "auto";

    private DeviceNames() {}

    /// @param asked   names with commas between them, or `all`; null for [#AUTO]
    /// @param devices the command `cglora devices --json`
    /// @throws CgloraException V-DEVICE for a name that no device can have
    public static List<String> of(String asked, Supplier<List<String>> devices) {
        if (asked == null) {
            return List.of(AUTO);
        }
        List<String> names =
                Arrays.stream(asked.split(",", -1)).map(String::strip).distinct().toList();
        if (names.contains("")) {
            throw new CgloraException(
                    ErrorCode.P_USAGE,
                    "--device",
                    "'" + asked + "' has an empty name",
                    "as in --device jvm,opencl:0:0");
        }
        if (names.contains("all")) {
            return all(devices.get());
        }
        names.forEach(DeviceId::parse); // before the first is measured in vain
        return names;
    }

    private static List<String> all(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            process.getOutputStream().close();
            String text =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw failed("ended with status " + status);
            }
            return ids(text);
        } catch (IOException e) {
            throw failed("did not start: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// Of the object that `cglora devices --json` prints.
    static List<String> ids(String json) {
        try {
            var ids = new ArrayList<String>();
            for (JsonNode device : JsonMapper.shared().readTree(json).path("devices")) {
                ids.add(device.path("id").asString());
            }
            return ids;
        } catch (JacksonException e) {
            throw failed("printed something else than JSON");
        }
    }

    private static CgloraException failed(String how) {
        return new CgloraException(
                ErrorCode.V_DEVICE,
                "--device",
                "cglora devices " + how,
                "name the devices, as in --device jvm,opencl:0:0");
    }
}
