package cglora.models.chat;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The functions that chat templates have: Jinja's, and transformers' `raise_exception` and
/// `strftime_now`.
record Globals(Budget budget) {
    private static final long LONGEST_RANGE = 100_000;

    Map<String, Object> all() {
        var all = new LinkedHashMap<String, Object>();
        put(all, "range", (positional, _) -> range(positional));
        put(all, "namespace", (_, named) -> Namespace.open(named));
        put(all, "dict", (_, named) -> new LinkedHashMap<Object, Object>(named));
        put(
                all,
                "raise_exception",
                (positional, named) -> {
                    throw new TemplateException(
                            "the template refuses the conversation: "
                                    + new Given("raise_exception", positional, named)
                                            .text(0, "message"));
                });
        put(
                all,
                "strftime_now",
                (positional, named) ->
                        time(
                                new Given("strftime_now", positional, named).text(0, "format"),
                                LocalDateTime.now()));
        return all;
    }

    private static void put(Map<String, Object> all, String name, Callable function) {
        all.put(name, function);
    }

    private List<Object> range(List<Object> given) {
        if (given.isEmpty() || given.size() > 3) {
            throw new TemplateException("range has one to three arguments");
        }
        long from = given.size() == 1 ? 0 : Values.whole(given.get(0));
        long to = Values.whole(given.get(given.size() == 1 ? 0 : 1));
        long step = given.size() == 3 ? Values.whole(given.get(2)) : 1;
        if (step == 0) {
            throw new TemplateException("range with step 0");
        }
        var all = new ArrayList<Object>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            budget.step();
            if (all.size() == LONGEST_RANGE) {
                throw new TemplateException("a range of more than " + LONGEST_RANGE);
            }
            all.add(i);
        }
        return all;
    }

    /// The codes of Python's `strftime` for dates and times, in English.
    static String time(String format, LocalDateTime now) {
        var text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                text.append(c);
                continue;
            }
            char code = format.charAt(++i);
            boolean bare = code == '-' && i + 1 < format.length();
            String part = part(bare ? format.charAt(++i) : code, now);
            text.append(bare ? part.replaceFirst("^0+(?=.)", "") : part);
        }
        return text.toString();
    }

    private static String part(char code, LocalDateTime now) {
        String pattern =
                switch (code) {
                    case 'Y' -> "yyyy";
                    case 'y' -> "yy";
                    case 'm' -> "MM";
                    case 'd' -> "dd";
                    case 'H' -> "HH";
                    case 'I' -> "hh";
                    case 'M' -> "mm";
                    case 'S' -> "ss";
                    case 'p' -> "a";
                    case 'j' -> "DDD";
                    default -> null;
                };
        if (pattern != null) {
            return DateTimeFormatter.ofPattern(pattern, Locale.ROOT)
                    .format(now)
                    .toUpperCase(Locale.ROOT);
        }
        return switch (code) {
            case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b' ->
                    now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' ->
                    now.getDayOfWeek()
                            .getDisplayName(TextStyle.FULL, Locale.ENGLISH)
                            .substring(0, 3);
            case '%' -> "%";
            default -> throw new TemplateException("strftime_now has no %" + code);
        };
    }
}
