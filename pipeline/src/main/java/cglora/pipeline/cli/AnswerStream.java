package cglora.pipeline.cli;

import cglora.models.data.RawExample;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/// Answers texts as they come, some at a time, and shows each answer as soon as it is there: what
/// is held does not grow with the number of texts.
final class AnswerStream implements Consumer<RawExample> {
    private final Console console;
    private final Function<List<RawExample>, List<Map<String, Object>>> predict;
    private final int together;
    private final boolean json;
    private final List<RawExample> waiting = new ArrayList<>();
    private boolean closed;

    /// @param predict  gives an answer to each text
    /// @param together how many texts are answered at a time
    /// @param json     whether an answer is a JSON object, not a line of three columns, or a
    ///     line of a word and its tag for each word
    AnswerStream(
            Console console,
            Function<List<RawExample>, List<Map<String, Object>>> predict,
            int together,
            boolean json) {
        this.console = console;
        this.predict = predict;
        this.together = together;
        this.json = json;
    }

    @Override
    public void accept(RawExample text) {
        waiting.add(text);
        if (waiting.size() == together) {
            flush();
        }
    }

    /// Answers what is waiting.
    void flush() {
        if (!waiting.isEmpty() && !closed) {
            predict.apply(waiting).forEach(this::show);
            closed = console.out().checkError(); // which sends it, too
        }
        waiting.clear();
    }

    /// Whether nobody reads the answers any more, as behind `| head`.
    boolean isClosed() {
        return closed;
    }

    private void show(Map<String, Object> answer) {
        if (json) {
            console.exact().println(JsonMapper.shared().writeValueAsString(answer));
        } else if (answer.get("tags") instanceof List<?> tags) {
            List<?> words = (List<?>) answer.get("tokens");
            for (int i = 0; i < tags.size(); i++) {
                console.out()
                        .printf(
                                "%s\t%s%n",
                                TerminalStream.field(words.get(i)),
                                TerminalStream.field(tags.get(i)));
            }
            console.out().println();
        } else if (answer.containsKey("prediction")) {
            console.out()
                    .printf(
                            "%s\t%s%n",
                            answer.get("prediction"), TerminalStream.field(answer.get("text")));
        } else {
            console.out()
                    .printf(
                            Locale.ROOT,
                            "%s\t%.3f\t%s%n",
                            TerminalStream.field(answer.get("label")),
                            (Double) answer.get("score"),
                            TerminalStream.field(answer.get("text")));
        }
    }
}
