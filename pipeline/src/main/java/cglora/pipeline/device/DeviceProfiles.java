package cglora.pipeline.device;

import cglora.kernels.device.DeviceInfo;
import cglora.kernels.device.DeviceProfile;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The device profiles that there are: the files of the distribution's folder `tornado-config`,
/// then those of `CGLORA_DEVICE_PROFILES`. A later profile replaces one of the same name, and is
/// preferred where both fit a device equally well.
public final class DeviceProfiles {
    /// Files and folders, separated as in a class path.
    static final String VARIABLE = "CGLORA_DEVICE_PROFILES";

    static final String FOLDER = "tornado-config";
    static final String SCHEMA = "profile.schema.json";

    private final Map<String, DeviceProfile> profiles;

    private DeviceProfiles(Map<String, DeviceProfile> profiles) {
        this.profiles = profiles;
    }

    /// All profiles of this process.
    ///
    /// @throws CgloraException with everything that is wrong in their files
    public static DeviceProfiles load(Map<String, String> environment) {
        var places = new ArrayList<Path>();
        Path distribution = distribution();
        if (distribution != null) {
            places.add(distribution);
        }
        String more = environment.getOrDefault(VARIABLE, "");
        for (String place : more.split(File.pathSeparator)) {
            if (!place.isBlank()) {
                places.add(existing(place.strip()));
            }
        }
        return read(places);
    }

    private static Path existing(String place) {
        Path path = Path.of(place);
        if (!Files.exists(path)) {
            throw new CgloraException(
                    ErrorCode.P_FILE,
                    VARIABLE,
                    "names " + path.toAbsolutePath() + ", which does not exist",
                    "name files and folders that do, or unset " + VARIABLE);
        }
        return path;
    }

    /// Reads files and folders of files.
    static DeviceProfiles read(List<Path> places) {
        var problems = new Problems();
        var profiles = new LinkedHashMap<String, DeviceProfile>();
        for (Path place : places) {
            var names = new LinkedHashMap<String, Path>();
            for (Path file : files(place)) {
                try {
                    DeviceProfile profile = ProfileFile.read(file);
                    Path other = names.put(profile.name(), file);
                    if (other != null) {
                        problems.error(
                                ErrorCode.P_DUPLICATE,
                                file + " /name",
                                "'" + profile.name() + "' is the name of " + other + ", too",
                                "rename one of them");
                    }
                    profiles.remove(profile.name());
                    profiles.put(profile.name(), profile);
                } catch (CgloraException e) {
                    problems.error(e);
                }
            }
        }
        problems.throwIfAny();
        return new DeviceProfiles(profiles);
    }

    private static List<Path> files(Path place) {
        if (!Files.isDirectory(place)) {
            return List.of(place);
        }
        try (Stream<Path> files = Files.list(place)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .filter(file -> !file.endsWith(SCHEMA))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.P_FILE,
                    place.toString(),
                    "cannot be listed (" + e + ")",
                    "check the folder's permissions",
                    e);
        }
    }

    /// The folder `tornado-config` beside, or above, the classes of this program; null where there
    /// is none.
    private static Path distribution() {
        try {
            Path place =
                    Path.of(
                            DeviceProfiles.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            for (Path folder = place.getParent(); folder != null; folder = folder.getParent()) {
                Path found = folder.resolve(FOLDER);
                if (Files.isRegularFile(found.resolve(SCHEMA))) {
                    return found;
                }
            }
            return null;
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    public Collection<DeviceProfile> all() {
        return profiles.values();
    }

    /// The most specific profile of a device; a generic one where none knows it.
    public DeviceProfile choose(DeviceInfo device) {
        DeviceProfile best = null;
        for (DeviceProfile profile : profiles.values()) {
            if (profile.matches(device)
                    && (best == null || profile.specificity() >= best.specificity())) {
                best = profile;
            }
        }
        return best == null ? DeviceProfile.generic(device) : best;
    }

    /// The profile of that name, or in that file.
    ///
    /// @throws CgloraException V-DEVICE when there is none, or with what is wrong in the file
    public DeviceProfile require(String text) {
        DeviceProfile profile = profiles.get(text);
        if (profile != null) {
            return profile;
        }
        if (!text.endsWith(".json")) {
            String near = Suggestion.nearest(text, profiles.keySet());
            throw new CgloraException(
                    ErrorCode.V_DEVICE,
                    "--profile " + text,
                    "no such profile, expected a .json file or one of "
                            + String.join(", ", profiles.keySet()),
                    near.isEmpty() ? "" : "did you mean '" + near + "'?");
        }
        return ProfileFile.read(Path.of(text));
    }

    /// The profile that a person asked for, by its name or by its file.
    ///
    /// @throws CgloraException V-DEVICE when there is none, or it is of another backend or kind
    public DeviceProfile named(String text, DeviceInfo device) {
        DeviceProfile profile = require(text);
        if (!profile.backend().equals(device.id().backend()) || profile.kind() != device.kind()) {
            throw new CgloraException(
                    ErrorCode.V_DEVICE,
                    "--profile " + text,
                    "is for a %s of %s; %s is a %s"
                            .formatted(profile.kind(), profile.backend(), device, device.kind()),
                    "leave --profile out, or choose another device");
        }
        return profile;
    }
}
