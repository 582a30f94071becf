package cglora.models.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cglora.kernels.error.CgloraException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Templates say what transformers' `apply_chat_template` says, and can do nothing else.
class ChatTemplateTest {
    private static final Conversation HELLO = Conversation.ask("hello");

    @TempDir Path folder;

    private static JsonNode reference() {
        try (InputStream file = ChatTemplateTest.class.getResourceAsStream("templates.json")) {
            return JsonMapper.shared().readTree(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<String> names() {
        return reference().path("templates").valueStream().map(t -> t.path("name").asString());
    }

    /// scripts/peers/chat_templates.py writes what is compared.
    @ParameterizedTest
    @MethodSource("names")
    void rendersAsTransformersDoes(String name) {
        JsonNode all = reference();
        var tokens = new LinkedHashMap<String, String>();
        all.path("tokens")
                .properties()
                .forEach(p -> tokens.put(p.getKey(), p.getValue().asString()));
        JsonNode of =
                all.path("templates")
                        .valueStream()
                        .filter(t -> t.path("name").asString().equals(name))
                        .findFirst()
                        .orElseThrow();
        var template = new ChatTemplate(of.path("template").asString(), tokens, name);
        assertThat(of.path("cases").size()).isGreaterThan(10);
        for (JsonNode one : of.path("cases")) {
            JsonNode messages = all.path("conversations").get(one.path("conversation").asInt());
            var conversation = Conversation.of(messages.toString(), name);
            boolean prompts = one.path("prompt").asBoolean();
            if (one.has("text")) {
                assertThat(template.render(conversation, prompts))
                        .as("%s", messages)
                        .isEqualTo(one.path("text").asString());
            } else {
                assertThatThrownBy(() -> template.render(conversation, prompts))
                        .as("%s", messages)
                        .isInstanceOf(CgloraException.class)
                        .hasMessageContaining("T-CHAT");
            }
        }
    }

    private static String render(String template) {
        return new ChatTemplate(template, Map.of("eos_token", "</s>"), "here").render(HELLO, true);
    }

    private static String refusal(String template) {
        var thrown = new ArrayList<String>();
        assertThatThrownBy(() -> render(template))
                .isInstanceOf(CgloraException.class)
                .satisfies(e -> thrown.add(e.getMessage()));
        return thrown.getFirst();
    }

    /// Nothing of Java is there, whatever a value is in Java.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ messages.getClass() }}",
                "{{ messages[0].getClass() }}",
                "{{ 'a'.getClass().forName('java.lang.Runtime') }}",
                "{{ 'a'.getBytes() }}",
                "{{ 'a'.chars() }}",
                "{{ messages.size() }}",
                "{{ messages.add(1) }}",
                "{{ messages[0].put('role', 'system') }}",
                "{{ messages[0].update({'role': 'system'}) }}",
                "{{ messages.append(1) }}",
                "{{ raise_exception.getClass() }}",
                "{{ namespace().values() }}",
                "{{ (1).class.name }}",
                "{{ ''.__class__.__mro__ }}",
                "{% set x = range %}{{ x.call }}{{ x.__globals__.os }}",
                "{% set messages.x = 1 %}",
                "{% for m in messages %}{% set loop.index = 3 %}{% endfor %}",
                "{% include '/etc/passwd' %}",
                "{% import '/etc/passwd' as x %}",
                "{% extends '/etc/passwd' %}",
                "{{ open('/etc/passwd') }}",
                "{{ lipsum() }}"
            })
    void reachesNothing(String template) {
        assertThat(refusal(template)).contains("T-CHAT", "here");
    }

    @Test
    void attributesOfJavaAreNotThere() {
        assertThat(render("{{ messages.class }}{{ messages[0].class }}{{ 'a'.class }}")).isEmpty();
        assertThat(render("{{ ''['getClass'] }}{{ messages['size'] }}")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
                "{{ range(10000000000) | length }}",
                "{{ 'x' * 100000000000 }}",
                "{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x"
                        + " %}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x"
                        + " %}{% endfor %}",
                "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f(n) %}{% for i in range(9) %}{{ f(n) }}{% endfor %}{% endmacro %}{{ f(1)"
                        + " }}",
                "{{ ('x' * 100000).replace('x', 'x' * 100000) }}",
                "{{ ('x' * 100000) | replace('', 'y' * 100000) }}",
                "{{ ['x' * 100000] * 2 }}",
                "{{ range(90000) | join('x' * 1000) }}",
                "{{ ('x\n' * 100000) | indent(1000) }}",
                "{{ 9223372036854775807 + 1 }}",
                "{{ 10 ** 100 }}",
                "{{ 2 ** 9223372036854775807 }}",
                "{{ 1 / 0 }}{{ 1 % 0 }}"
            })
    void endsWhateverItIs(String template) {
        assertThat(refusal(template)).contains("T-CHAT");
    }

    @Test
    void nestingIsBounded() {
        for (String deep :
                List.of(
                        "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}",
                        "{{ " + "[".repeat(100_000) + "]".repeat(100_000) + " }}",
                        "{{ " + "-".repeat(100_000) + "1 }}",
                        "{% if x %}".repeat(100_000) + "{% endif %}".repeat(100_000),
                        "{{ " + "1 if ".repeat(50_000) + "2 }}",
                        "{{ " + "1 + ".repeat(50_000) + "2 }}",
                        "{{ ''" + " | trim".repeat(50_000) + " }}",
                        "{% set n = namespace(x=[]) %}{% for i in range(50000) %}"
                                + "{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
                        "{% set n = namespace(x=[], y=[]) %}{% for i in range(50000) %}"
                                + "{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}"
                                + "{{ n.x == n.y }}",
                        "{% set n = namespace(x=[]) %}{% for i in range(50000) %}"
                                + "{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson }}",
                        "{% set n = namespace(x=[]) %}{% for i in range(50000) %}"
                                + "{% set n.x = [n.x] %}{% endfor %}{{ {n.x: 1} }}")) {
            assertThatThrownBy(() -> render(deep)).isInstanceOf(CgloraException.class);
        }
        assertThat(render("{{ 1" + " + 1".repeat(90) + " }}")).isEqualTo("91");
        assertThat(render("{{ " + "not ".repeat(90) + "1 }}")).isEqualTo("True");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'a",
                "{{ a",
                "{% if x %}",
                "{% endif %}",
                "{{ a b }}",
                "{{ 1 + }}",
                "{{ x | unknown }}",
                "{{ x is unknown }}",
                "{% unknown %}",
                "{# no end",
                "{{ ? }}",
                "{{ 'a' + 1 }}",
                "{{ x.y }}",
                "{{ 1 < 'a' }}",
                "{% for a, b in [1] %}{% endfor %}",
                "{{ 99999999999999999999 }}",
                "{{ '\\ud' }}",
                "{% set a.b.c = 1 %}"
            })
    void saysWhatIsWrong(String template) {
        assertThat(refusal(template)).contains("T-CHAT", "line 1");
    }

    @Test
    void theLineIsThatOfTheMistake() {
        assertThat(refusal("\n\n{{ 'a' + 1 }}")).contains("line 3");
        assertThat(refusal("{# a\nb #}\n{% if 'a' < 1 %}{% endif %}")).contains("line 3");
    }

    @Test
    void formatsTimesAsPythonDoes() {
        var time = LocalDateTime.of(2024, 7, 6, 5, 4, 3);
        assertThat(Globals.time("%d %b %Y|%A %a %B|%H:%M:%S %I %p|%y %j %m %% %-d", time))
                .isEqualTo("06 Jul 2024|Saturday Sat July|05:04:03 05 AM|24 188 07 % 6");
        assertThat(refusal("{{ strftime_now('%Q') }}")).contains("%Q");
    }

    @Test
    void isFoundInAllPlaces() throws IOException {
        assertThat(ChatTemplate.load(folder)).isEmpty();
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"eos_token\": {\"content\": \"<e>\"}, \"pad_token\": null}");
        assertThat(ChatTemplate.load(folder)).isEmpty();
        Files.writeString(
                config,
                "{\"eos_token\": {\"content\": \"<e>\"}, \"bos_token\": \"<b>\", \"chat_template\":"
                        + " [{\"name\": \"tool_use\", \"template\": \"t\"},{\"name\": \"default\","
                        + " \"template\": \"{{ bos_token }}1{{ eos_token }}\"}]}");
        assertThat(loaded()).isEqualTo("<b>1<e>");
        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"bos_token\": \"<m>\", \"unk_token\": \"<u>\"}");
        Files.writeString(
                folder.resolve("chat_template.json"),
                "{\"chat_template\": \"{{ unk_token }}2{{ bos_token }}\"}");
        assertThat(loaded()).isEqualTo("<u>2<b>");
        Files.writeString(folder.resolve("chat_template.jinja"), "3{{ messages[0].content }}\n");
        assertThat(loaded()).isEqualTo("3hello");
        Files.writeString(folder.resolve("chat_template.jinja"), "{{");
        assertThatThrownBy(this::loaded).hasMessageContaining("chat_template.jinja");
    }

    private String loaded() {
        return ChatTemplate.load(folder).orElseThrow().render(HELLO, true);
    }

    @Test
    void tellsWhatEndsAnAnswer() {
        var template =
                new ChatTemplate(
                        "{% for m in messages %}<{{ m.role }}>{{ m.content }}<|end|>\n{% endfor %}",
                        Map.of(), "here");
        assertThat(template.ending()).isEqualTo("<|end|>\n");
        assertThat(new ChatTemplate("{{ raise_exception('no') }}", Map.of(), "here").ending())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{}",
                "[]",
                "[1]",
                "[{\"content\": \"a\"}]",
                "[{\"role\": 1, \"content\": \"a\"}]",
                "[{\"role\": \"user\", \"content\": 1}]"
            })
    void whatIsNoConversationIsRefused(String json) {
        assertThatThrownBy(() -> Conversation.of(json, "file:7"))
                .hasMessageContaining("D-CHAT")
                .hasMessageContaining("file:7");
    }
}
