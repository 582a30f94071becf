package cglora.pipeline.spec;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Problems;
import cglora.kernels.error.Suggestion;
import cglora.pipeline.spec.JsonValue.ArrayValue;
import cglora.pipeline.spec.JsonValue.BooleanValue;
import cglora.pipeline.spec.JsonValue.Member;
import cglora.pipeline.spec.JsonValue.NullValue;
import cglora.pipeline.spec.JsonValue.NumberValue;
import cglora.pipeline.spec.JsonValue.ObjectValue;
import cglora.pipeline.spec.JsonValue.StringValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/// Reads strict JSON with `//` and `/* */` comments into values that know their line and column.
/// Malformed text ends the reading; repeated keys are all reported.
final class JsonSource {
    static final int MAX_DEPTH = 64;
    static final int MAX_BYTES = 16 << 20;

    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_DEPTH)
                                    .maxStringLength(MAX_BYTES)
                                    .maxNameLength(10_000)
                                    .maxNumberLength(400)
                                    .build())
                    .build();

    private final Origin start;
    private final String text;
    private final Problems problems;

    private JsonSource(Origin start, String text, Problems problems) {
        this.start = start;
        this.text = text;
        this.problems = problems;
    }

    /// The value in a file.
    static JsonValue read(Path file, Problems problems) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        var start = new Origin(file.toString(), folder, 1, 1, "", "");
        return new JsonSource(start, decode(file, bytes(file)), problems).parse();
    }

    /// The value in a text that is no file, such as that of an option.
    static JsonValue parse(Origin start, String text, Problems problems) {
        return new JsonSource(start, text, problems).parse();
    }

    private static byte[] bytes(Path file) {
        if (Files.isDirectory(file)) {
            throw new CgloraException(
                    ErrorCode.P_FILE,
                    file.toString(),
                    "is a directory, expected a pipeline file",
                    near(file, file));
        }
        if (!Files.exists(file)) {
            Path folder = file.toAbsolutePath().getParent();
            throw new CgloraException(
                    ErrorCode.P_FILE,
                    file.toString(),
                    folder != null && Files.isDirectory(folder)
                            ? "no such file"
                            : "no such file, and no such folder",
                    folder == null ? "" : near(folder, file));
        }
        byte[] bytes;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new CgloraException(
                        ErrorCode.P_JSON,
                        file.toString(),
                        Files.size(file) + " bytes, expected at most " + MAX_BYTES,
                        "is this a pipeline file?");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new CgloraException(
                    ErrorCode.P_FILE,
                    file.toString(),
                    "cannot be read (" + e + ")",
                    "check the file's permissions",
                    e);
        }
        if (new String(bytes, StandardCharsets.ISO_8859_1).isBlank()) {
            throw new CgloraException(
                    ErrorCode.P_FILE,
                    file.toString(),
                    "the file is empty, expected a JSON object",
                    "start with { \"cglora\": 1, \"stages\": [ ... ] }");
        }
        return bytes;
    }

    /// A hint at JSON files in the folder: the one of nearly the same name, else the first few.
    private static String near(Path folder, Path wanted) {
        List<String> names;
        try (Stream<Path> files = Files.list(folder)) {
            names =
                    files.filter(Files::isRegularFile)
                            .map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith(".json") || name.endsWith(".jsonc"))
                            .sorted()
                            .limit(1000)
                            .toList();
        } catch (IOException _) {
            // The hint is a courtesy: a folder that cannot be listed leaves the message without it.
            return "";
        }
        Path last = wanted.getFileName();
        String nearest = last == null ? "" : Suggestion.nearest(last.toString(), names);
        if (!nearest.isEmpty()) {
            return "did you mean '" + folderOf(wanted, folder).resolve(nearest) + "'?";
        }
        return names.isEmpty()
                ? "there is no .json file in " + folder
                : "that folder has "
                        + String.join(", ", names.subList(0, Math.min(5, names.size())));
    }

    private static Path folderOf(Path wanted, Path folder) {
        if (wanted.equals(folder)) {
            return wanted;
        }
        return wanted.getParent() == null ? Path.of("") : wanted.getParent();
    }

    private static String decode(Path file, byte[] bytes) {
        int skip =
                bytes.length >= 3
                                && bytes[0] == (byte) 0xEF
                                && bytes[1] == (byte) 0xBB
                                && bytes[2] == (byte) 0xBF
                        ? 3
                        : 0;
        var input = ByteBuffer.wrap(bytes, skip, bytes.length - skip);
        var output = CharBuffer.allocate(bytes.length + 1);
        CoderResult result =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .decode(input, output, true);
        if (result.isError()) {
            int offset = input.position();
            int line = 1;
            for (int i = 0; i < offset; i++) {
                line += bytes[i] == '\n' ? 1 : 0;
            }
            throw new CgloraException(
                    ErrorCode.P_JSON,
                    file + ":" + line,
                    String.format(
                            "not UTF-8: byte 0x%02x at offset %d", bytes[offset] & 0xFF, offset),
                    "save the file as UTF-8");
        }
        return output.flip().toString();
    }

    private JsonValue parse() {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() == null) {
                throw new CgloraException(
                        ErrorCode.P_JSON, start.position(), "no value, expected JSON", "");
            }
            JsonValue value = value(parser, "");
            if (parser.nextToken() != null) {
                TokenStreamLocation place = parser.currentTokenLocation();
                throw malformed(
                        place.getLineNr(),
                        place.getColumnNr(),
                        "text after the end of the JSON value",
                        "remove it");
            }
            return value;
        } catch (StreamConstraintsException e) {
            TokenStreamLocation place = e.getLocation();
            throw new CgloraException(
                    ErrorCode.P_JSON,
                    place == null
                            ? start.position()
                            : origin(place.getLineNr(), place.getColumnNr(), "").position(),
                    "beyond a limit of pipeline files: " + firstLine(e.getOriginalMessage()),
                    "at most " + MAX_DEPTH + " levels, numbers of at most 400 digits",
                    e);
        } catch (JacksonException e) {
            throw malformed(e);
        }
    }

    private CgloraException malformed(JacksonException e) {
        String message = firstLine(e.getOriginalMessage());
        TokenStreamLocation place = e.getLocation();
        List<String> lines = text.lines().toList();
        int line = Math.clamp(place == null ? 1 : place.getLineNr(), 1, Math.max(1, lines.size()));
        String shown = lines.isEmpty() ? "" : lines.get(line - 1);
        int column = Math.clamp(place == null ? 1 : place.getColumnNr(), 1, shown.length() + 1);
        if (message.startsWith("Unexpected end-of-input")) {
            message = "the text ends before the JSON does";
        } else if (message.contains("Non-standard token")) {
            message = message.replaceFirst(": enable .*", "");
        }
        char culprit = column <= shown.length() ? shown.charAt(column - 1) : ' ';
        String fix = "";
        if (message.startsWith("Non-standard token")) {
            fix = "JSON has no NaN and no infinity";
        } else if (culprit == '\'') {
            fix = "JSON strings and keys take double quotes";
        } else if (message.contains("a colon")) {
            fix = "a colon is missing after the key";
        } else if (culprit == ']' || culprit == '}') {
            fix = "remove the comma before it, or close the brackets in order";
        } else if (message.contains("comma to separate")) {
            fix = "a comma is missing before this place";
        } else if (message.contains("character escape")) {
            fix = "a backslash itself is written \\\\";
        } else if (message.contains("CTRL-CHAR")) {
            fix = "a string ends on its line; a line break in it is written \\n";
        }
        return malformed(line, column, message, fix);
    }

    private CgloraException malformed(int line, int column, String message, String fix) {
        String shown = text.lines().skip(line - 1L).findFirst().orElse("");
        // A minified file would flood the screen: show the surroundings of the place only.
        int from = Math.max(0, column - 60);
        int to = Math.min(shown.length(), from + 100);
        String cut = shown.substring(Math.min(from, to), to).replace('\t', ' ');
        return new CgloraException(
                ErrorCode.P_JSON,
                origin(line, column, "").position(),
                "malformed JSON: "
                        + message
                        + "\n  "
                        + cut
                        + "\n  "
                        + " ".repeat(Math.max(0, column - 1 - from))
                        + "^",
                fix);
    }

    private static String firstLine(String message) {
        String line = message.lines().findFirst().orElse("");
        // Jackson names classes and option constants in brackets; they mean nothing to a reader.
        return line.replaceAll(" \\(for [^)]*\\)| \\(start marker at .*|: maximum .*from.*$", "")
                .replace(" (`StreamReadConstraints.getMaxNestingDepth()`)", "")
                .replaceAll(", from `StreamReadConstraints[^`]*`", "");
    }

    private Origin origin(int line, int column, String pointer) {
        return start.line() == 0 ? start : start.at(line, column, pointer);
    }

    private Origin here(JsonParser parser, String pointer) {
        TokenStreamLocation place = parser.currentTokenLocation();
        return origin(place.getLineNr(), place.getColumnNr(), pointer);
    }

    private JsonValue value(JsonParser parser, String pointer) {
        Origin origin = here(parser, pointer);
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser, origin, pointer);
            case START_ARRAY -> {
                var items = new ArrayList<JsonValue>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    items.add(value(parser, pointer + "/" + items.size()));
                }
                yield new ArrayValue(origin, items);
            }
            case VALUE_STRING -> new StringValue(origin, parser.getString());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
                    new NumberValue(origin, parser.getString());
            case VALUE_TRUE -> new BooleanValue(origin, true);
            case VALUE_FALSE -> new BooleanValue(origin, false);
            case VALUE_NULL -> new NullValue(origin);
            case END_OBJECT, END_ARRAY, PROPERTY_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
                    throw new IllegalStateException("token " + parser.currentToken());
        };
    }

    private ObjectValue object(JsonParser parser, Origin origin, String pointer) {
        Map<String, Member> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            String memberPointer = pointer + "/" + name.replace("~", "~0").replace("/", "~1");
            Origin nameOrigin = here(parser, memberPointer);
            parser.nextToken();
            JsonValue value = value(parser, memberPointer);
            Member first = members.putIfAbsent(name, new Member(nameOrigin, value));
            if (first != null) {
                problems.error(
                        ErrorCode.P_DUPLICATE,
                        nameOrigin.toString(),
                        "the key '"
                                + name
                                + "' is given twice, in lines "
                                + first.nameOrigin().line()
                                + " and "
                                + nameOrigin.line(),
                        "keep one of them");
            }
        }
        return new ObjectValue(origin, members);
    }
}
