"""The part of family_parity.py for token classification: encoders and a decoder with a class for each word.

`make` writes tiny models with logits, gradients and a step of AdamW beside them, which TaggingParityTest reads.
"""

import json
import shutil

import torch
from safetensors.torch import save_file
from tokenizers import pre_tokenizers
from transformers import AutoModelForTokenClassification

import family_parity as common

NONE = -100
SENTENCES = [
    (["the", "good", "film"], [0, 1, 2]),
    (["the", "goods,", "naïve", "電影", "(and)", "plot"], [0, 2, 1, 0, 1, 2]),
    (["a", "", "very", "dull", "book"], [0, 1, 1, NONE, 2]),
    (["of", "the", "old", "film", "new"] * 5, [0, 0, 1, 2, 0] * 5),
    (["x" * 60, "good"], [1, 2]),
    (["not"], [2]),
]
ENCODER = ["query", "value", "dense"]


def families():
    """The name of each model and PEFT's target modules; its "all-linear" takes the head of tokens, too."""
    return {
        "bert": ENCODER,
        "roberta": ENCODER,
        "distilbert-relu": ["q_lin", "v_lin", "lin1"],
        "electra-square": ["query", "value"],
        "qwen2": ["q_proj", "v_proj", "down_proj"],
    }


def of_words(tokenizer):
    """The tokenizer as it takes words: transformers' `add_prefix_space` where bytes are all there is."""
    backend = tokenizer.backend_tokenizer
    if isinstance(backend.pre_tokenizer, pre_tokenizers.ByteLevel):
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


def batch(name, model, tokenizer, sentences):
    """One padded batch, and the class of the first token of each word."""
    values = tokenizer(
        [words for words, _ in sentences],
        is_split_into_words=True,
        padding=True,
        truncation=True,
        max_length=common.longest(model),
        return_token_type_ids=name.startswith(("bert", "electra")),
        return_tensors="pt",
    )
    labels = torch.full(values["input_ids"].shape, NONE)
    for row, (_, tags) in enumerate(sentences):
        before = None
        for place, word in enumerate(values.word_ids(row)):
            if word is not None and word != before:
                labels[row, place] = tags[word]
            before = word
    return dict(values), labels


def base_model(name, tokenizer):
    config = common.families()[name][0]
    return common.random_model(AutoModelForTokenClassification, config, tokenizer)


def reference(name, model, tokenizer, targets, folder):
    values, labels = batch(name, model, of_words(tokenizer), SENTENCES)
    asked = labels != NONE
    written = {f"input.{key}": value.float() for key, value in values.items()}
    written["input.labels"] = labels.float()
    with torch.no_grad():
        written["base.logits"] = model(**values).logits[asked]
    written["base.loss"] = model(**values, labels=labels).loss.detach().reshape(1)
    tuned = common.adapter_of(model, targets, False, "TOKEN_CLS")
    common.save_adapter(tuned, folder / "adapter")
    parameters = common.trained(tuned)
    with torch.no_grad():
        written["adapter.logits"] = tuned(**values).logits[asked]
    loss = tuned(**values, labels=labels).loss
    loss.backward()
    written["adapter.loss"] = loss.detach().reshape(1)
    written |= {f"adapter.gradient.{key}": p.grad.clone() for key, p in parameters.items()}
    common.step(written, parameters)
    written = {key: value.detach().contiguous() for key, value in sorted(written.items())}
    save_file(written, folder / "reference.safetensors")
    return len(parameters)


def make(folder, only=None):
    (folder / "sentences.json").write_text(json.dumps(SENTENCES, indent=1) + "\n")
    for name, targets in families().items():
        if only and name not in only:
            continue
        tokenizer = common.families()[name][1]()
        model = base_model(name, tokenizer)
        place = folder / name / "tokens"
        shutil.rmtree(place, ignore_errors=True)
        common.save_base(model, tokenizer, place)
        count = reference(name, model, tokenizer, targets, place)
        size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file())
        print(f"{name + '/tokens':16} {count} trained parameters  {size / 1024:.0f} KiB")
