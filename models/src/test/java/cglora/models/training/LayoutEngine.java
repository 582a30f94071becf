package cglora.models.training;

import cglora.kernels.engine.Engine;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Arena;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Another engine that keeps in mind the layouts that it has made.
///
/// @param layouts makes them
record LayoutEngine(Engine engine, Supplier<Layout> layouts, List<Layout> made) implements Engine {
    LayoutEngine(Engine engine, Supplier<Layout> layouts) {
        this(engine, layouts, new ArrayList<>());
    }

    /// The most arenas that a region has in one layout.
    int arenas(Region region) {
        return made.stream().mapToInt(layout -> layout.arenas(region).size()).max().orElse(0);
    }

    /// Elements of the longest buffer.
    long longest() {
        return Stream.of(Region.values())
                .flatMap(region -> made.stream().flatMap(l -> l.arenas(region).stream()))
                .flatMap(arena -> arena.buffers().stream())
                .mapToLong(buffer -> buffer.type().elements(buffer.length()))
                .max()
                .orElse(0);
    }

    /// Elements of the longest arena.
    long longestArena() {
        return Stream.of(Region.values())
                .flatMap(region -> made.stream().flatMap(l -> l.arenas(region).stream()))
                .mapToLong(Arena::length)
                .max()
                .orElse(0);
    }

    @Override
    public Layout layout() {
        Layout layout = layouts.get();
        made.add(layout);
        return layout;
    }

    @Override
    public String description() {
        return engine.description();
    }

    @Override
    public int parallelism() {
        return engine.parallelism();
    }

    @Override
    public boolean compiles() {
        return engine.compiles();
    }

    @Override
    public void allocate(Layout layout) {
        engine.allocate(layout);
    }

    @Override
    public void release(Layout layout) {
        engine.release(layout);
    }

    @Override
    public LoadedProgram load(Program program) {
        return engine.load(program);
    }

    @Override
    public void reserve(Program program) {
        engine.reserve(program);
    }

    @Override
    public void trim() {
        engine.trim();
    }

    @Override
    public void fill(Buffer buffer, Filler filler) {
        engine.fill(buffer, filler);
    }

    @Override
    public void fillByParts(Buffer buffer, PartFiller filler) {
        engine.fillByParts(buffer, filler);
    }

    @Override
    public float[] read(Buffer buffer) {
        return engine.read(buffer);
    }

    @Override
    public void read(Buffer buffer, int first, int count, float[] target, int offset) {
        engine.read(buffer, first, count, target, offset);
    }

    @Override
    public void close() {
        engine.close();
    }
}
