package cglora.pipeline.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A JSON value that knows where it came from. Numbers keep their text, so that nothing is lost
/// before the type that is wanted is known.
sealed interface JsonValue {
    Origin origin();

    /// The same value, said to come from elsewhere.
    JsonValue withOrigin(Origin origin);

    /// What the value is, in words for a message: `the string "3"`.
    String describe();

    record ObjectValue(Origin origin, Map<String, Member> members) implements JsonValue {
        public ObjectValue {
            members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }

        JsonValue get(String key) {
            Member member = members.get(key);
            return member == null ? null : member.value();
        }

        /// Whether the key is there with a value other than `null`.
        boolean has(String key) {
            return members.containsKey(key) && !(get(key) instanceof NullValue);
        }

        ObjectValue with(String key, Member member) {
            var changed = new LinkedHashMap<>(members);
            changed.put(key, member);
            return new ObjectValue(origin, changed);
        }

        ObjectValue without(String key) {
            var changed = new LinkedHashMap<>(members);
            changed.remove(key);
            return new ObjectValue(origin, changed);
        }

        @Override
        public ObjectValue withOrigin(Origin other) {
            return new ObjectValue(other, members);
        }

        @Override
        public String describe() {
            return "an object";
        }
    }

    record Member(Origin nameOrigin, JsonValue value) {}

    record ArrayValue(Origin origin, List<JsonValue> items) implements JsonValue {
        public ArrayValue {
            items = List.copyOf(items);
        }

        @Override
        public ArrayValue withOrigin(Origin other) {
            return new ArrayValue(other, items);
        }

        @Override
        public String describe() {
            return "a list";
        }
    }

    record StringValue(Origin origin, String text) implements JsonValue {
        @Override
        public StringValue withOrigin(Origin other) {
            return new StringValue(other, text);
        }

        @Override
        public String describe() {
            String shown = text.length() <= 80 ? text : text.substring(0, 77) + "...";
            return "the string \"" + shown + '"';
        }
    }

    record NumberValue(Origin origin, String text) implements JsonValue {
        @Override
        public NumberValue withOrigin(Origin other) {
            return new NumberValue(other, text);
        }

        @Override
        public String describe() {
            return "the number " + text;
        }
    }

    record BooleanValue(Origin origin, boolean value) implements JsonValue {
        @Override
        public BooleanValue withOrigin(Origin other) {
            return new BooleanValue(other, value);
        }

        @Override
        public String describe() {
            return String.valueOf(value);
        }
    }

    record NullValue(Origin origin) implements JsonValue {
        @Override
        public NullValue withOrigin(Origin other) {
            return new NullValue(other);
        }

        @Override
        public String describe() {
            return "null";
        }
    }

    /// A value whose text could not be made, as when a variable is not defined. It was reported;
    /// what reads it must not report it again.
    record BrokenValue(Origin origin) implements JsonValue {
        @Override
        public BrokenValue withOrigin(Origin other) {
            return new BrokenValue(other);
        }

        @Override
        public String describe() {
            return "an unusable value";
        }
    }
}
