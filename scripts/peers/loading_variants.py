"""What transformers makes of directories whose files are unusual, for family_parity.py.

`make` changes the small models that are committed, a key or a tensor at a time, and writes what
transformers says about each into `variants.json`: logits of a text, the tokens that follow a prompt, or
the tokens of texts. LoadingVariantsTest makes the same changes and compares.
"""

import json
import pathlib
import shutil
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    T5ForConditionalGeneration,
)

import family_parity as common

TEXT = "the book is not very good, and the plot was dull"
SPELLED = ["A good Film", "naïve Café 電影", "the <extra> film [SEP] the", " good  book", "thé filmgood", "a </s> film</s>good the"]
PROMPTS = ["the book", "the plot is", "a good film"]
NEW_TOKENS = 10

BERT_CLASS = dict(tokenizer_class="BertTokenizer")


def changed(base, kind, config=None, without=(), head=None, files=None):
    return dict(
        base=base, kind=kind, config=config or {}, without=list(without), head=head, files=files or {}
    )


def tokens(base, **keys):
    """A tokenizer whose `tokenizer_config.json` has these keys more."""
    return changed(base, "tokens", files={"tokenizer_config.json": keys})


def rules():
    """What `generation_config.json` changes of the scores of tokens; SEEN stands for tokens that the model writes."""
    all_of_them = {}
    own = {"t5": {"eos_token_id": 1, "decoder_start_token_id": 0}}
    for base, kind in [("qwen2/causal", "causal"), ("t5", "seq2seq")]:
        for keys in [
            {"repetition_penalty": 1.7},
            {"no_repeat_ngram_size": 2},
            {"no_repeat_ngram_size": 1},
            {"encoder_repetition_penalty": 2.5},
            {"encoder_no_repeat_ngram_size": 1},
            {"bad_words_ids": "SEEN"},
            {"suppress_tokens": "SEEN"},
            {"begin_suppress_tokens": "SEEN"},
            {"eos_token_id": "SEEN", "min_length": 9},
            {"eos_token_id": "SEEN", "min_new_tokens": 5},
            {"forced_bos_token_id": 9, "begin_suppress_tokens": "SEEN"},
            {"forced_eos_token_id": 7},
            {"pad_token_id": 7},
            {"repetition_penalty": 1.2, "no_repeat_ngram_size": 3, "suppress_tokens": "SEEN", "min_new_tokens": 4},
        ]:
            all_of_them[f"{base} with {json.dumps(keys)}"] = changed(
                base, kind, files={"generation_config.json": own.get(base, {"eos_token_id": 2}) | keys}
            )
    for keys in [
        {},
        {"length_penalty": 2.0},
        {"length_penalty": 0.0, "early_stopping": True},
        {"repetition_penalty": 1.5},
        {"no_repeat_ngram_size": 2, "length_penalty": 1.5},
        {"suppress_tokens": "SEEN", "forced_eos_token_id": 1, "min_length": 5},
    ]:
        all_of_them[f"three beams with {json.dumps(keys)}"] = changed(
            "t5", "seq2seq", files={"generation_config.json": {"num_beams": 3} | own["t5"] | keys}
        )
    return all_of_them


def variants():
    return {
        "tied, and a head of its own": changed("llama-yarn/causal", "causal", head="rolled"),
        "tied, and the same head again": changed("llama-yarn/causal", "causal", head="equal"),
        "t5 1.0 with a head of its own": changed("t5", "seq2seq", head="rolled"),
        "t5 1.0 with the same head again": changed("t5", "seq2seq", head="equal"),
        "rope_scaling beside rope_parameters": changed(
            "llama", "logits", {"rope_scaling": {"type": "linear", "factor": 4.0}}
        ),
        "rope_scaling and rope_theta beside rope_parameters": changed(
            "llama-yarn", "logits", {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_theta": 70.0}
        ),
        "original positions of llama3 at the top": changed(
            "llama", "logits", {"original_max_position_embeddings": 20}
        ),
        "original positions of yarn at the top": changed(
            "llama-yarn", "logits", {"original_max_position_embeddings": 200}
        ),
        "windows of qwen2 from an unknown layer on": changed(
            "qwen2", "logits", without=["layer_types", "max_window_layers"]
        ),
        "windows of qwen3 from the first layer on": changed(
            "qwen3",
            "logits",
            {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 0},
            without=["layer_types"],
        ),
        "windows of qwen2 of an unknown size": changed("qwen2", "logits", without=["sliding_window"]),
        "a window of mistral of an unknown size": changed("mistral", "logits", without=["sliding_window"]),
        "no window of mistral": changed("mistral", "logits", {"sliding_window": None}),
        "bert without its small keys": changed(
            "bert", "logits", without=["layer_norm_eps", "hidden_act", "type_vocab_size", "pad_token_id"]
        ),
        "roberta without its small keys": changed(
            "roberta", "logits", without=["layer_norm_eps", "hidden_act", "pad_token_id"]
        ),
        "electra without its small keys": changed(
            "electra", "logits", without=["layer_norm_eps", "hidden_act", "type_vocab_size"]
        ),
        "distilbert without its small keys": changed("distilbert", "logits", without=["activation"]),
        "llama without its small keys": changed(
            "llama-yarn", "logits", without=["rms_norm_eps", "hidden_act", "num_key_value_heads", "head_dim"]
        ),
        "t5 without its small keys": changed(
            "t5",
            "seq2seq",
            without=[
                "layer_norm_epsilon",
                "relative_attention_max_distance",
                "feed_forward_proj",
                "eos_token_id",
                "num_decoder_layers",
            ],
        ),
        "several ends": changed(
            "qwen2/causal", "causal", files={"generation_config.json": {"eos_token_id": "SEEN"}}
        ),
        "one end of t5": changed(
            "t5",
            "seq2seq",
            files={"generation_config.json": {"eos_token_id": "SEEN", "decoder_start_token_id": 0}},
        ),
        **rules(),
        "longrope within its first positions": changed(
            "llama-yarn",
            "logits",
            {"max_position_embeddings": 128, "rope_parameters": {"rope_type": "longrope", "rope_theta": 100.0, "original_max_position_embeddings": 64, "short_factor": [1.0, 1.5], "long_factor": [2.0, 5.0]}},
        ),
        "longrope with a factor of attention": changed(
            "llama-yarn",
            "logits",
            {"max_position_embeddings": 128, "original_max_position_embeddings": 64, "rope_parameters": {"rope_type": "longrope", "rope_theta": 100.0, "attention_factor": 1.3, "short_factor": [1.25, 3.0], "long_factor": [2.0, 5.0]}},
        ),
        "bert keeps case": tokens("bert", **BERT_CLASS, do_lower_case=False),
        "bert keeps accents": tokens("bert", **BERT_CLASS, strip_accents=False),
        "bert keeps Chinese together": tokens("bert", **BERT_CLASS, tokenize_chinese_chars=False),
        "bert by default": tokens("bert", **BERT_CLASS),
        "keys of another class": tokens("bert", do_lower_case=False, add_prefix_space=True),
        "roberta with a space in front": tokens(
            "roberta", tokenizer_class="RobertaTokenizer", add_prefix_space=True
        ),
        "roberta by default": tokens("roberta", tokenizer_class="RobertaTokenizer"),
        "a special token more": tokens("bert", **BERT_CLASS, additional_special_tokens=["<extra>"]),
        "a special token that is a word": tokens("bert", **BERT_CLASS, additional_special_tokens=["film"]),
        "named by itself": tokens("bert", **BERT_CLASS, mask_token="<extra>"),
        "without a class": tokens("bert", tokenizer_class=None, do_lower_case=False),
        "distilbert keeps case": tokens("distilbert", tokenizer_class="DistilBertTokenizerFast", do_lower_case=False),
        "electra keeps case": tokens("electra", tokenizer_class="ElectraTokenizer", do_lower_case=False),
        "llama's own class": tokens("llama-yarn", tokenizer_class="LlamaTokenizerFast"),
        "llama's own class as it was": tokens("llama-yarn", tokenizer_class="LlamaTokenizer", legacy=True),
        "llama without a space in front": tokens(
            "llama-yarn", tokenizer_class="LlamaTokenizer", add_prefix_space=False
        ),
        "llama with an end": tokens("llama-yarn", tokenizer_class="LlamaTokenizer", add_eos_token=True),
        "llama without a beginning": tokens("llama-yarn", tokenizer_class="LlamaTokenizer", add_bos_token=False),
        "mistral's class": tokens("mistral", tokenizer_class="LlamaTokenizer"),
        "llama of bytes": tokens("llama", tokenizer_class="LlamaTokenizer"),
        "llama with an end by no class": tokens("llama-yarn", add_eos_token=True),
        "qwen's own class": tokens("qwen2", tokenizer_class="Qwen2Tokenizer"),
        "a token with spaces": tokens(
            "roberta",
            added_tokens_decoder={"280": {"content": "<extra>", "special": True, "lstrip": True, "rstrip": True}},
        ),
        "an added token of a byte vocabulary": tokens(
            "roberta", added_tokens_decoder={"400": {"content": "<extra>", "special": True}}
        ),
    }


def directory(change, place, folder, seen):
    """The committed model with the change."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in (place / change["base"]).iterdir():
        if file.is_file() and file.name != "reference.safetensors":
            shutil.copy(file, folder)
    for part in [change["config"], *change["files"].values()]:
        for key, value in part.items():
            part[key] = seen[key] if value == "SEEN" else value
    file = folder / "config.json"
    config = json.loads(file.read_text()) | change["config"]
    file.write_text(json.dumps({k: v for k, v in config.items() if k not in change["without"]}))
    for name, keys in change["files"].items():
        file = folder / name
        own = json.loads(file.read_text()) if name == "tokenizer_config.json" else {}
        file.write_text(json.dumps(own | keys))
    if change["head"]:
        weights = load_file(folder / "model.safetensors")
        table = weights["shared.weight" if "shared.weight" in weights else "model.embed_tokens.weight"]
        weights["lm_head.weight"] = table.roll(1, 0) if change["head"] == "rolled" else table.clone()
        save_file(weights, folder / "model.safetensors", {"format": "pt"})


def written(change, folder):
    """The tokens of each answer, up to the one that ends it: T5's without that one."""
    seq2seq = change["kind"] == "seq2seq"
    kind = T5ForConditionalGeneration if seq2seq else AutoModelForCausalLM
    model = kind.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    answers = []
    for prompt in PROMPTS:
        values = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
        start = 1 if seq2seq else values["input_ids"].shape[1]
        pad = model.generation_config.pad_token_id
        pad = tokenizer.pad_token_id if pad is None else pad
        out = model.generate(
            **values, max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=pad
        )[0, start:].tolist()
        end = next((i for i, token in enumerate(out) if token in ends), len(out))
        answers.append(out[:end] if seq2seq else out[: end + 1])
    return answers


def said(change, folder):
    if change["kind"] == "tokens":
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return [tokenizer(text)["input_ids"] for text in SPELLED]
    if change["kind"] != "logits":
        return written(change, folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return model(**common.inputs(change["base"], model, tokenizer, [(TEXT, None)])).logits[0].tolist()


def make(resources):
    all_of_them = {}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "model"
        for name, change in variants().items():
            seen = {}
            if "SEEN" in json.dumps(change):
                # a token that the model writes in any case becomes an end
                plain = changed(change["base"], change["kind"])
                directory(plain, resources, folder, None)
                first, second, _ = written(plain, folder)
                token = second[2]
                seen = {
                    "eos_token_id": token if change["kind"] == "seq2seq" else [2, token],
                    "bad_words_ids": [[token], first[1:3]],
                    "suppress_tokens": [token, first[0]],
                    "begin_suppress_tokens": [first[0], second[0]],
                }
            directory(change, resources, folder, seen)
            all_of_them[name] = change | dict(expected=said(change, folder))
            print(name, all_of_them[name]["expected"])
    result = dict(text=TEXT, spelled=SPELLED, prompts=PROMPTS, new_tokens=NEW_TOKENS, variants=all_of_them)
    (resources / "variants.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
