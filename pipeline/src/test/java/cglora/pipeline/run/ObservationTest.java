package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What others see of a run: TensorBoard's files and Java's Flight Recorder.
class ObservationTest {
    @TempDir Path folder;
    private TinyRuns runs;

    private record Scalar(long step, float value) {}

    @BeforeEach
    void write() throws IOException {
        runs = TinyRuns.in(folder);
    }

    @Test
    void tensorBoardGetsEveryStepAndEvaluation() throws IOException {
        runs.run().succeeds();
        Map<String, List<Scalar>> scalars = scalars(runs.latest());
        assertThat(scalars.keySet())
                .contains(
                        "train/loss",
                        "train/learning_rate",
                        "train/grad_norm",
                        "validation/loss",
                        "validation/accuracy",
                        "final validation/accuracy");
        assertThat(scalars.get("train/loss")).hasSize(6);
        for (JsonNode event : events("step")) {
            int step = event.path("step").asInt();
            assertThat(scalars.get("train/loss"))
                    .contains(new Scalar(step, (float) event.path("loss").asDouble()));
            assertThat(scalars.get("train/learning_rate"))
                    .contains(new Scalar(step, (float) event.path("lr").asDouble()));
        }
        assertThat(scalars.get("validation/accuracy").stream().map(Scalar::step))
                .containsExactly(2L, 4L, 6L);
    }

    @Test
    void aRunThatTrainsNothingHasNoFileForIt() throws IOException {
        TinyRuns.execute("init", folder.resolve("p.json").toString()).succeeds();
        try (var files = Files.list(runs.latest())) {
            assertThat(files.filter(f -> f.toString().contains("tfevents"))).isEmpty();
        }
    }

    private List<JsonNode> events(String kind) throws IOException {
        return RunEvents.read(runs.latest()).stream()
                .filter(e -> e.path("event").asString("").equals(kind))
                .toList();
    }

    /// Reads the file with the protocol buffers' own reader, and checks every sum.
    private static Map<String, List<Scalar>> scalars(Path run) throws IOException {
        var scalars = new TreeMap<String, List<Scalar>>();
        List<byte[]> events = records(files(run).getFirst());
        assertThat(new String(events.getFirst(), StandardCharsets.ISO_8859_1))
                .contains("brain.Event:2");
        for (byte[] event : events.subList(1, events.size())) {
            read(event, scalars);
        }
        return scalars;
    }

    private static List<Path> files(Path run) throws IOException {
        try (var files = Files.list(run)) {
            return files.filter(f -> f.toString().contains("tfevents")).sorted().toList();
        }
    }

    private static List<byte[]> records(Path file) throws IOException {
        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        var records = new ArrayList<byte[]>();
        while (bytes.hasRemaining()) {
            byte[] length = take(bytes, 8);
            long size = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
            records.add(take(bytes, (int) size));
        }
        return records;
    }

    /// TensorBoard drops what older files say of steps from that of a `SessionLog.START` on.
    @Test
    void aRunThatGoesOnTakesBackLaterSteps() throws IOException {
        try (var log = new TensorBoardLog(folder)) {
            log.event("step", Map.of("step", 7, "loss", 1.0));
        }
        try (var log = new TensorBoardLog(folder)) {
            log.event("step", Map.of("step", 5, "loss", 2.0));
        }
        assertThat(files(folder)).hasSize(2);
        assertThat(records(files(folder).get(0))).hasSize(2);
        List<byte[]> events = records(files(folder).get(1));
        assertThat(events).hasSize(3);
        CodedInputStream in = CodedInputStream.newInstance(events.get(1));
        var fields = new TreeMap<Integer, Long>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 2 -> fields.put(2, in.readInt64());
                case 7 -> {
                    CodedInputStream session = in.readBytes().newCodedInput();
                    assertThat(session.readTag() >>> 3).isEqualTo(1);
                    fields.put(7, session.readInt64());
                }
                default -> in.skipField(tag);
            }
        }
        assertThat(fields).containsExactly(Map.entry(2, 5L), Map.entry(7, 1L));
    }

    private static byte[] take(ByteBuffer from, int count) {
        byte[] bytes = new byte[count];
        from.get(bytes);
        var sum = new CRC32C();
        sum.update(bytes);
        long c = sum.getValue();
        long masked = ((c >>> 15 | c << 17) & 0xffffffffL) + 0xa282ead8L & 0xffffffffL;
        assertThat(Integer.toUnsignedLong(from.getInt())).isEqualTo(masked);
        return bytes;
    }

    private static void read(byte[] event, Map<String, List<Scalar>> scalars) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(event);
        long step = 0;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 2 -> step = in.readInt64();
                case 5 -> summary(in.readByteArray(), step, scalars);
                default -> in.skipField(tag);
            }
        }
    }

    private static void summary(byte[] summary, long step, Map<String, List<Scalar>> scalars)
            throws IOException {
        CodedInputStream outer = CodedInputStream.newInstance(summary);
        assertThat(WireFormat.getTagFieldNumber(outer.readTag())).isEqualTo(1);
        CodedInputStream in = CodedInputStream.newInstance(outer.readByteArray());
        assertThat(in.readTag() >>> 3).isEqualTo(1);
        String name = in.readString();
        assertThat(in.readTag() >>> 3).isEqualTo(2);
        scalars.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Scalar(step, in.readFloat()));
        assertThat(in.isAtEnd() && outer.isAtEnd()).isTrue();
    }

    @Test
    void flightRecorderSeesEveryStageAndStep() throws IOException {
        Path file = folder.resolve("flight.jfr");
        try (var recording = new Recording()) {
            recording.enable("cglora.Stage");
            recording.enable("cglora.Step");
            recording.start();
            runs.run().succeeds();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> all =
                RecordingFile.readAllEvents(file).stream()
                        .filter(e -> e.getEventType().getName().startsWith("cglora."))
                        .toList();
        List<RecordedEvent> stages =
                all.stream().filter(e -> e.getEventType().getName().endsWith("Stage")).toList();
        assertThat(stages.stream().map(e -> e.getString("stage")))
                .containsExactlyInAnyOrder(
                        "model", "data", "calibrate", "adapter", "train", "evaluate", "export");
        List<RecordedEvent> steps =
                all.stream().filter(e -> e.getEventType().getName().endsWith("Step")).toList();
        assertThat(steps).hasSize(6);
        RecordedEvent train =
                stages.stream()
                        .filter(e -> e.getString("stage").equals("train"))
                        .findFirst()
                        .orElseThrow();
        for (JsonNode event : events("step")) {
            RecordedEvent step =
                    steps.stream()
                            .filter(s -> s.getInt("step") == event.path("step").asInt())
                            .findFirst()
                            .orElseThrow();
            assertThat(step.getDouble("loss")).isEqualTo(event.path("loss").asDouble());
            assertThat(step.getInt("tokens")).isEqualTo(event.path("tokens").asInt());
            assertThat(step.getDuration().toNanos()).isPositive();
            assertThat(step.getStartTime()).isAfterOrEqualTo(train.getStartTime());
            assertThat(step.getEndTime()).isBeforeOrEqualTo(train.getEndTime());
        }
    }
}
