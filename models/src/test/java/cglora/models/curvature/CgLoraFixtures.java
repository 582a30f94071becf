package cglora.models.curvature;

import cglora.models.linalg.Matrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The reference vectors of the method, which an independent program made: every JSON file
/// below the folder of the system property `cglora.fixtures` that has the format of a case or
/// of the alignment metrics.
public final class CgLoraFixtures {
    public record Fixture(String name, JsonNode json) {}

    private CgLoraFixtures() {}

    public static Path folder() {
        return Path.of(
                System.getProperty(
                        "cglora.fixtures",
                        System.getProperty("cglora.root", "..") + "/../shared/fixtures"));
    }

    public static List<Fixture> cases() {
        return having("X", "Gamma", "GammaCurvature", "mask", "modes");
    }

    static List<Fixture> alignments() {
        return having("pretrained", "reference", "adapted", "relative_distance_h");
    }

    private static List<Fixture> having(String... keys) {
        List<Fixture> found = new ArrayList<>();
        if (!Files.isDirectory(folder())) {
            return found;
        }
        try (Stream<Path> files = Files.walk(folder())) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                JsonNode json = JsonMapper.shared().readTree(Files.readString(file));
                if (json.isObject() && Stream.of(keys).allMatch(json::has)) {
                    found.add(new Fixture(folder().relativize(file).toString(), json));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    /// A matrix, or the positions of a padded batch: the last dimension becomes the columns.
    public static Matrix matrix(JsonNode node) {
        List<double[]> rows = new ArrayList<>();
        collect(node, rows);
        return Matrix.of(rows.toArray(double[][]::new));
    }

    private static void collect(JsonNode node, List<double[]> rows) {
        if (node.get(0).isNumber()) {
            rows.add(vector(node));
        } else {
            for (JsonNode child : node) {
                collect(child, rows);
            }
        }
    }

    static double[] vector(JsonNode node) {
        double[] values = new double[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = node.get(i).doubleValue();
        }
        return values;
    }

    static TokenStatistics tokens(JsonNode json) {
        JsonNode mask = json.get("mask");
        int width = mask.get(0).size();
        int[] kept = new int[mask.size() * width];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = mask.get(i / width).get(i % width).intValue();
        }
        return TokenStatistics.of(
                matrix(json.get("X")),
                matrix(json.get("Gamma")),
                matrix(json.get("GammaCurvature")),
                kept,
                width);
    }

    static Damping damping(JsonNode variant) {
        double lambda = variant.get("lambda").doubleValue();
        String type = variant.get("damping").stringValue();
        return switch (type) {
            case "relative" -> Damping.relative(lambda);
            case "pi" -> Damping.pi(lambda);
            case "absolute" -> Damping.absolute(lambda);
            default -> throw new IllegalArgumentException("damping " + type);
        };
    }
}
