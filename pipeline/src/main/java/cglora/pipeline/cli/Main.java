package cglora.pipeline.cli;

import cglora.kernels.device.NativeOutput;
import cglora.kernels.device.TornadoStatus;
import cglora.kernels.error.CgloraException;
import cglora.kernels.error.ErrorCode;
import cglora.kernels.error.Suggestion;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command `cglora`. Every verb is a class in `VERBS`; a verb that takes a `Console` in its
/// constructor is given the one of this call. All errors are printed here.
@Command(
        name = "cglora",
        description = "Fine-tunes transformers with Curvature-Guided LoRA from JSON pipelines.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Exit status: 0 done, 1 a bug, 2 usage or pipeline, 3 content of a file,"
                    + " 4 engine, 5 memory or disk, 6 numbers, 7 a failed check."
        })
public final class Main {
    static final int BUG = 1;
    static final int USAGE = 2;

    /// All verbs, in the order of the help.
    static final List<Class<?>> VERBS =
            List.of(
                    NewCommand.class,
                    RunCommand.class,
                    ResumeCommand.class,
                    InitCommand.class,
                    PlanCommand.class,
                    CompareCommand.class,
                    ReportCommand.class,
                    RunsCommand.class,
                    ReplayCommand.class,
                    PredictCommand.class,
                    MergeCommand.class,
                    AlignCommand.class,
                    InspectCommand.class,
                    DevicesCommand.class,
                    DoctorCommand.class,
                    BenchCommand.class,
                    ValidateCommand.class,
                    SchemaCommand.class,
                    ExplainCommand.class,
                    VersionCommand.class);

    @Mixin GlobalOptions options;

    private Main() {}

    public static void main(String[] arguments) {
        GivenErrorOutput.restore();
        boolean color = Console.wantsColor(System.getenv()); // of the output that was given
        PrintStream out = standardOutput();
        int status = execute(arguments, out, System.err, color);
        System.err.print(NativeOutput.take());
        System.exit(status);
    }

    /// Where results go. TornadoVM prints to standard output, too: what its Java code has to say
    /// goes to standard error, and what its native code has to say is told from errors of the
    /// driver.
    private static PrintStream standardOutput() {
        if (!TornadoStatus.isLoaded()) {
            return System.out;
        }
        PrintStream out =
                NativeOutput.divert()
                        .map(to -> new PrintStream(to, true, System.out.charset()))
                        .orElse(System.out);
        System.setOut(System.err);
        return out;
    }

    /// Runs one command and returns its exit status.
    public static int execute(String[] arguments, PrintStream out, PrintStream err) {
        return execute(arguments, out, err, false);
    }

    private static int execute(
            String[] arguments, PrintStream out, PrintStream err, boolean color) {
        var console = new Console(out, err, color);
        console.arguments(arguments);
        var main = new Main();
        CommandLine line = line(main, console, verbs(arguments));
        line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        line.setColorScheme(Help.defaultColorScheme(color ? Help.Ansi.ON : Help.Ansi.OFF));
        everyCommand(line);
        line.setParameterExceptionHandler((problem, _) -> usageError(problem, console));
        line.setExecutionStrategy(
                parsed -> {
                    console.quiet(main.options.quiet);
                    console.verbose(main.options.verbosity() > 0);
                    return new CommandLine.RunLast().execute(parsed);
                });
        line.setExecutionExceptionHandler(
                (problem, _, _) -> failure(problem, console, main.options.verbosity()));
        int status;
        try {
            status = line.execute(arguments);
        } catch (Error problem) {
            // a class that is missing, an assertion: told in the same one line
            status =
                    problem instanceof OutOfMemoryError
                            ? failure(outOfMemory(), console, main.options.verbosity())
                            : bug(problem, console, main.options.verbosity());
        }
        out.flush();
        err.flush();
        return status;
    }

    /// The verbs that these arguments can be about: to describe a verb takes picocli a while, and
    /// only help and suggestions need them all.
    private static List<Class<?>> verbs(String... arguments) {
        String first = Stream.of(arguments).filter(a -> !a.startsWith("-")).findFirst().orElse("");
        List<Class<?>> named = VERBS.stream().filter(verb -> name(verb).equals(first)).toList();
        return named.isEmpty() ? VERBS : named;
    }

    /// `validate` of `ValidateCommand`.
    static String name(Class<?> verb) {
        return verb.getSimpleName().replace("Command", "").toLowerCase(Locale.ROOT);
    }

    /// The command with all its verbs.
    static CommandLine line(Console console) {
        return line(new Main(), console, VERBS);
    }

    private static CommandLine line(Main main, Console console, List<Class<?>> verbs) {
        var line = new CommandLine(main, factory(console));
        verbs.forEach(line::addSubcommand);
        return line;
    }

    private static void everyCommand(CommandLine line) {
        line.getCommandSpec()
                .addOption(
                        CommandLine.Model.OptionSpec.builder("-h", "--help")
                                .usageHelp(true)
                                .description("Show this help.")
                                .build());
        line.getSubcommands().values().forEach(Main::everyCommand);
    }

    private static IFactory factory(Console console) {
        IFactory standard = CommandLine.defaultFactory();
        return new IFactory() {
            @Override
            public <K> K create(Class<K> type) throws Exception {
                for (var constructor : type.getDeclaredConstructors()) {
                    if (constructor.getParameterCount() == 1
                            && constructor.getParameterTypes()[0] == Console.class) {
                        constructor.setAccessible(true);
                        return type.cast(constructor.newInstance(console));
                    }
                }
                return standard.create(type);
            }
        };
    }

    /// One problem, what was probably meant, and the usage line: no page of help.
    private static int usageError(ParameterException problem, Console console) {
        CommandLine command = problem.getCommandLine();
        String what = problem.getMessage();
        var fix = "";
        if (problem instanceof UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().getFirst();
            boolean option = first.startsWith("-");
            var known = new ArrayList<String>();
            if (option) {
                command.getCommandSpec().optionsMap().keySet().stream()
                        .filter(name -> name.startsWith("--"))
                        .forEach(known::add);
            } else {
                known.addAll(command.getSubcommands().keySet());
            }
            String near = Suggestion.nearest(first.replaceFirst("=.*", ""), known);
            what =
                    option
                            ? "unknown option '" + first + "'"
                            : known.isEmpty()
                                    ? "unexpected argument '" + first + "'"
                                    : "no command '" + first + "'";
            fix =
                    !near.isEmpty()
                            ? "did you mean '" + near + "'?"
                            : known.isEmpty() ? "" : "one of " + String.join(", ", known);
        } else if (problem instanceof MissingParameterException) {
            what = Character.toLowerCase(what.charAt(0)) + what.substring(1);
        }
        console.errors(new CgloraException(ErrorCode.P_USAGE, "", what, fix));
        Help help = new Help(command.getCommandSpec(), Help.defaultColorScheme(Help.Ansi.OFF));
        console.err().print("usage: " + help.synopsis(0).stripLeading());
        return USAGE;
    }

    private static CgloraException outOfMemory() {
        return new CgloraException(
                ErrorCode.K_MEMORY,
                "",
                "Java's heap of %d MiB is too small"
                        .formatted(Runtime.getRuntime().maxMemory() >> 20),
                "a smaller train.per_device_batch_size, or CGLORA_JAVA_OPTS=-Xmx with more;"
                        + " cglora plan shows what is needed");
    }

    private static int failure(Exception problem, Console console, int verbosity) {
        if (problem instanceof CgloraException known) {
            console.errors(known);
            if (verbosity >= 2) {
                known.printStackTrace(console.err());
            }
            return known.exitStatus();
        }
        if (problem instanceof InvalidPathException path) {
            // such as a NUL character, in a file that names others
            return failure(
                    new CgloraException(
                            ErrorCode.X_PATH,
                            path.getInput(),
                            "is no path: " + path.getReason(),
                            "correct the file that names it",
                            path),
                    console,
                    verbosity);
        }
        return bug(problem, console, verbosity);
    }

    private static int bug(Throwable problem, Console console, int verbosity) {
        console.err()
                .println(
                        "error: a bug of ours: "
                                + problem
                                + (verbosity >= 2
                                        ? "; its trace:"
                                        : "; run again with -vv for its trace")
                                + ", and please report it");
        if (verbosity >= 2) {
            problem.printStackTrace(console.err());
        }
        return BUG;
    }
}
