package cglora.pipeline.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Of a GPU whose driver shows sensors (see [Hwmon]): its clock as it changes, where there is one,
/// and its power limit.
final class SensorClocks implements Clocks.Source {
    private final Path sensors;
    private final Range megahertz = new Range();
    private final Thread thread;

    SensorClocks(Path sensors) {
        this.sensors = sensors;
        thread = Thread.ofVirtual().start(this::look);
    }

    private void look() {
        try {
            while (true) {
                add();
                Thread.sleep(Clocks.MILLIS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the end of it
        }
    }

    private void add() {
        OptionalLong hertz = Hwmon.number(sensors.resolve("freq1_input"));
        if (hertz.isPresent()) {
            megahertz.add(hertz.getAsLong() * 1e-6);
        }
    }

    @Override
    public List<String> notes() {
        add();
        var notes = new ArrayList<String>();
        if (!megahertz.isEmpty()) {
            notes.add("clock " + megahertz + " MHz");
        }
        for (String name : List.of("power1_cap", "power1_max")) {
            OptionalLong micro = Hwmon.number(sensors.resolve(name));
            if (micro.isPresent() && micro.getAsLong() > 0) {
                notes.add("power limit %d W".formatted(Math.round(micro.getAsLong() * 1e-6)));
                break;
            }
        }
        return notes;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
