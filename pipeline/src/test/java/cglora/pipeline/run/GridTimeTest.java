package cglora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import cglora.kernels.error.Problems;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.spec.GridCell;
import cglora.pipeline.spec.GridReader;
import cglora.pipeline.spec.GridReading;
import cglora.pipeline.spec.Overrides;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The time in the plan of a grid.
class GridTimeTest {
    @TempDir Path folder;
    private final Map<GridCell, Inputs> inputs = new IdentityHashMap<>();
    private final GridTime times = new GridTime(new EngineChoice.Jvm(1, "asked"), () -> 0);

    @BeforeEach
    void write() throws IOException {
        TinyRuns.in(folder);
    }

    @AfterEach
    void close() {
        inputs.values().forEach(Inputs::close);
    }

    private List<GridCell> cells(String... axes) {
        GridReading grid =
                GridReader.read(folder.resolve("p.json"), Overrides.none(), List.of(axes));
        for (GridCell cell : grid.cells()) {
            inputs.put(cell, InputCheck.read(cell.reading().spec(), new Problems()));
        }
        return grid.cells();
    }

    private GridTime.Estimate of(List<GridCell> cells) {
        cells.forEach(cell -> times.attempt(cell, inputs.get(cell)));
        return times.of(cells, cell -> CellKeys.of(cell.reading().spec()), inputs::get);
    }

    @Test
    void whatCellsShareIsCountedOnce() {
        GridTime.Estimate one = of(cells("train.learning_rate=1e-3"));
        assertThat(one.start()).isPositive();
        assertThat(one.training()).isPositive();
        assertThat(one.rest()).isPositive();
        GridTime.Estimate rates = of(cells("train.learning_rate=1e-3,2e-3,3e-3"));
        assertThat(rates.start()).isEqualTo(one.start());
        assertThat(rates.training()).isCloseTo(3 * one.training(), withPercentage(1e-6));
        assertThat(rates.rest()).isCloseTo(3 * one.rest(), withPercentage(1e-6));
        // dampings share head and statistics, seeds share nothing
        GridTime.Estimate dampings = of(cells("adapter.cg.damping=0.5,2.0"));
        assertThat(dampings.start()).isBetween(one.start() * 1.001, 2 * one.start() * 0.999);
        GridTime.Estimate seeds = of(cells("seed=1,2"));
        assertThat(seeds.start()).isCloseTo(2 * one.start(), withPercentage(1e-6));
        assertThat(times.kinds()).as("all cells compute as much").isEqualTo(1);
    }

    @Test
    void timeGrowsWithTheSteps() {
        GridTime.Estimate few = of(cells("train.max_steps=6"));
        GridTime.Estimate many = of(cells("train.max_steps=600"));
        assertThat(times.kinds()).isEqualTo(1);
        assertThat(many.start()).isEqualTo(few.start());
        assertThat(many.training()).isCloseTo(100 * few.training(), withPercentage(1e-6));
    }

    @Test
    void eachKindOfWorkIsTried() {
        List<GridCell> cells = cells("adapter.r=1,2", "adapter.method=lora,full");
        GridTime.Estimate all = of(cells);
        assertThat(times.kinds()).isEqualTo(4);
        double sum = cells.stream().mapToDouble(cell -> of(List.of(cell)).training()).sum();
        assertThat(all.training()).isCloseTo(sum, withPercentage(1e-6));
    }

    @Test
    void thePlanShowsItAndLeavesNothing() throws IOException {
        String file = folder.resolve("p.json").toString();
        TinyRuns.Outcome plan =
                TinyRuns.done(
                        "plan", file, "--engine", "jvm", "--grid", "train.learning_rate=1e-3,2e-3");
        assertThat(plan.out())
                .containsPattern("time +about .+ for 2 cells: starts .+, training .+, the rest ")
                .contains("trials of 1 kind of cells, 8 steps each", "shared work is counted once");
        assertThat(plan.err()).contains("tried ");
        assertThat(
                        TinyRuns.done(
                                        "plan",
                                        file,
                                        "--engine",
                                        "jvm",
                                        "--no-probe",
                                        "--grid",
                                        "train.learning_rate=1e-3,2e-3")
                                .out())
                .contains("time         known once a cell is done");
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(3);
        }
    }

    /// A trial that fails says so; the rest of the plan is shown.
    @Test
    void aTrialThatFailsIsTold() {
        String out =
                TinyRuns.done(
                                "plan",
                                folder.resolve("p.json"),
                                "--engine",
                                "jvm",
                                "--grid",
                                "train.learning_rate=1e30,1e29")
                        .out();
        assertThat(out).contains("time         not known: a trial ended with N-NAN", "memory");
    }
}
