package cglora.models.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A stretch of words that tags mark as one thing.
///
/// @param type  what follows the tag's prefix: `PER` of `B-PER`; `_` for nothing
/// @param first its first word, from 0
/// @param last  its last word
public record Entity(String type, int first, int last) {
    private static final String OUTSIDE = "O";
    private static final Pattern PREFIXED = Pattern.compile("[BIES]-.+");

    /// Whether names are tags of entities: `O`, and `B-`, `I-`, `E-` or `S-` with a type.
    public static boolean areTags(List<String> names) {
        return names.stream().anyMatch(name -> PREFIXED.matcher(name).matches())
                && names.stream()
                        .allMatch(name -> name.equals(OUTSIDE) || PREFIXED.matcher(name).matches());
    }

    /// The entities of a sentence as conlleval finds them, and seqeval where no scheme is asked for
    /// (chakki-works/seqeval, `get_entities`): also where a tag cannot follow the one before it. An
    /// `I-` behind `O` or behind another type begins an entity.
    ///
    /// @param tags one a word
    public static List<Entity> of(List<String> tags) {
        var entities = new ArrayList<Entity>();
        char before = 'O';
        String typeBefore = "";
        int first = 0;
        for (int i = 0; i <= tags.size(); i++) {
            String name = i == tags.size() ? OUTSIDE : tags.get(i);
            char tag = name.charAt(0);
            String type = type(name);
            boolean changes = !type.equals(typeBefore);
            if (ends(before, tag, changes)) {
                entities.add(new Entity(typeBefore, first, i - 1));
            }
            if (begins(before, tag, changes)) {
                first = i;
            }
            before = tag;
            typeBefore = type;
        }
        return entities;
    }

    private static String type(String name) {
        String behind = name.substring(1);
        String type = behind.substring(behind.indexOf('-') + 1);
        return type.isEmpty() ? "_" : type;
    }

    /// @param before prefix of the word before
    /// @param tag    of this word
    private static boolean ends(char before, char tag, boolean changes) {
        return switch (before) {
            case 'E', 'S' -> true;
            case 'B', 'I' -> tag == 'B' || tag == 'S' || tag == 'O' || changes;
            case 'O', '.' -> false;
            default -> changes;
        };
    }

    private static boolean begins(char before, char tag, boolean changes) {
        boolean fresh = before == 'E' || before == 'S' || before == 'O';
        return switch (tag) {
            case 'B', 'S' -> true;
            case 'E', 'I' -> fresh || changes;
            case 'O', '.' -> false;
            default -> changes;
        };
    }
}
