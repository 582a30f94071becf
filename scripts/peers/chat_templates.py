#!/usr/bin/env python3
"""Writes the reference of ChatTemplateTest: what transformers' `apply_chat_template` makes of conversations.

    VENV/bin/python scripts/peers/chat_templates.py

The templates are written for this purpose, in the constructs of the published ones: Llama 3's headers and trimming,
Llama 3.1's namespace and date, Qwen2.5's default system prompt and JSON, Qwen3's reversed messages and thoughts,
Mistral's alternation that raises an exception, SmolLM2's blocks with line breaks, and the language's corners.
"""

import json
import pathlib

import transformers
from transformers.utils.chat_template_utils import render_jinja_template

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE = ROOT / "models/src/test/resources/cglora/models/chat/templates.json"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}

TEMPLATES = {
    "headers": (
        "{% set turns = messages %}{% for message in turns %}"
        "{% set content = '<|start|>' + message['role'] + '<|header|>\\n\\n' + message['content'] | trim + '<|eot|>' %}"
        "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start|>assistant<|header|>\\n\\n' }}{% endif %}"
    ),
    "dated": """{{- bos_token }}
{%- if not date is defined %}
    {%- if strftime_now is defined %}
        {%- set year = strftime_now("%Y") | length %}
    {%- else %}
        {%- set year = 0 %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{#- the head of everything #}
{{- "<|start|>system<|end|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Digits of this year: " ~ year ~ "\\n" }}
{{- system_message }}
{{- "<|eot|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start|>' + message['role'] + '<|end|>\\n\\n'+ message['content'] | trim + '<|eot|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("one call at a time") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '{"name": "' + call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- call.arguments | tojson }}
        {{- "}<|eot|>" }}
    {%- else %}
        {{- "<|start|>ipython<|end|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant<|end|>\\n\\n' }}
{%- endif %}
""",
    "default-system": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- tool | tojson }}
    {%- endfor %}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- message.content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "thoughts": """{%- set ns = namespace(multi_step=true, last_query=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and message.content is string and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last_query = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query and (loop.last or (not loop.last and reasoning)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
""",
    "alternating": (
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
        "{% set system_message = messages[0]['content'] %}"
        "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{{ bos_token }}"
        "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        "{% if loop.index0 == 0 and system_message != false %}"
        "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
        "{% else %}{% set content = message['content'] %}{% endif %}"
        "{% if message['role'] == 'user' %}{{ '[INST] ' + content.strip() + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + eos_token }}{% endif %}{% endfor %}"
    ),
    "lines": """{% for message in messages %}
  {% if loop.first and messages[0]['role'] != 'system' %}
{{ '<|im_start|>system\\nBe brief<|im_end|>\\n' }}
  {% endif %}
{{'<|im_start|>' + message['role'] + '\\n'}}{% generation %}{{ message['content'] }}{% endgeneration %}{{ '<|im_end|>' + '\\n' }}
{% endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\\n' }}
{% endif %}""",
    "corners": """{% macro role(message, mark='#') -%}
  [{{ mark }}{{ message.role | upper }}]
{%- endmacro %}
{%- for message in messages if message.content is string -%}
{{ role(message) }} {{ role(message, mark='*') }} {{ loop.revindex }} {{ loop.cycle('a', 'b') }} {{ loop.previtem.role if loop.previtem is defined else '-' }}
{% else %}
nobody
{% endfor %}
{{ messages | map(attribute='role') | join('+') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}
{% raw %}{{ kept }}{% endraw %}  {%+ if true %}on{% endif %}
{{ {'a': 1, 'b': [1.5, none, true, 'x<y']} | tojson }} {{ messages[0] | tojson(indent=2) }} {{ [1, 'a', {'k': none}] }}
{{ 7 // 2 }} {{ -7 % 3 }} {{ 2 ** 5 }} {{ 7 / 2 }} {{ 1e3 }} {{ 'abc'[::-1] }} {{ 'abc'[1:] }} {{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }}
{{ 'x' ~ 1 ~ none }} {{ 'hello world'.title() }} {{ 'Hello'.lower() | replace('l', 'L', 1) }} {{ ' hi '.lstrip() ~ '|' }}
{{ undefined_thing | default('none of it') }} {{ '' | default('empty', true) }} {{ (messages | last).role }} {{ range(2, 8, 3) | list }}
{% set a, b = 1, 2 %}{{ a + b }} {{ 3 if a > b else 4 }} {{ a < b <= 2 }} {{ 'role' in messages[0] }} {{ messages[99] is defined }}
{% for key, value in messages[0].items() %}{{ key }}={{ value }};{% endfor %}
{% set text %}  block of {{ a }}
{% endset %}{{ text | trim }} {{ 'é'.upper() }} {{ '\\u00e9' }} {{ messages | length }}
{%- for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %} {{ i }}{% endfor %}

""",
}


def say(role, content, **more):
    return {"role": role, "content": content} | more


CONVERSATIONS = [
    [say("user", "Hi")],
    [say("system", " Be kind. \n"), say("user", "  What is\nthat? "), say("assistant", "A \"cat\".\n")],
    [say("user", "naïve 電影 🎬"), say("assistant", "d'accord"), say("user", "<b>&amp;</b>"), say("assistant", "\tok")],
    [say("user", "Think"), say("assistant", "<think>\nhm\n</think>\n\nYes"), say("user", "More"),
     say("assistant", "<think>\n\nso\n</think>\n\nNo")],
    [say("assistant", "first"), say("user", "second")],
    [say("user", "a"), say("user", "b")],
    [say("user", "Look it up"),
     say("assistant", None, tool_calls=[{"function": {"name": "f", "arguments": {"x": [1, 2.5], "é": "ü\"\n"}}}]),
     say("tool", "42"), say("tool", "43"), say("assistant", "It is 42.")],
    [say("user", [{"type": "text", "text": "blocks"}]), say("assistant", "ok")],
    [say("system", "only")],
]


def rendered(template, conversation, prompt):
    try:
        texts = render_jinja_template([conversation], chat_template=template, add_generation_prompt=prompt, **TOKENS)
        return {"text": texts[0][0]}
    except Exception as e:  # whatever a template raises, this is the reference's answer
        return {"error": str(e)}


def main():
    written = []
    for name, template in TEMPLATES.items():
        cases = [
            {"conversation": number, "prompt": prompt} | rendered(template, conversation, prompt)
            for number, conversation in enumerate(CONVERSATIONS)
            for prompt in (False, True)
        ]
        written.append({"name": name, "template": template, "cases": cases})
        print(f"{name:16} {sum('text' in case for case in cases)} of {len(cases)} rendered")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    everything = {"tokens": TOKENS, "conversations": CONVERSATIONS, "templates": written}
    FILE.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")
    print(f"transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
