package cglora.pipeline.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Sets records of benchmarks side by side.
@Command(
        name = "compare",
        description = "Set records of benchmarks, of any machines, side by side.")
final class BenchCompareCommand implements Callable<Integer> {
    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "Records that bench -o json or --save wrote; the first is compared with.")
    private List<Path> files;

    @Mixin private OutputOptions output;

    private final Console console;

    BenchCompareCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        output.print(BenchOutput.of(BenchOutput.read(files)), console);
        return 0;
    }
}
