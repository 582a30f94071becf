#!/usr/bin/env python3
"""Times a LoRA training step beside PyTorch and PEFT, family by family, on this machine.

    VENV/bin/python scripts/peers/step_timing.py WORK [--families bert,roberta] [--shapes tiny,base]

An optional check; cglora itself needs neither Python nor PyTorch. Models with random weights are
made in WORK by transformers. Each is trained by both on 16 sequences of 128 tokens, float32, with
r = 8 on every linear layer of the body, the mean of the last hidden states, a head of two classes,
and AdamW; no dropout. PyTorch runs eagerly, as the Trainer of transformers does. Each step is timed in
a process of its own, first PyTorch's, then cglora's (`cglora bench --suite step --model`), on the same
threads; the table shows medians and the peak of the resident memory.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS, WIDTH, RANK, UNTIMED = 16, 128, 8, 3
SHAPES = {"tiny": (128, 2, 2, 512), "base": (768, 12, 12, 3072)}


def configurations(shape):
    import transformers

    hidden, layers, heads, inner = SHAPES[shape]
    common = dict(vocab_size=30522, max_position_embeddings=512)
    bert = common | dict(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return {
        "bert": transformers.BertConfig(**bert),
        "roberta": transformers.RobertaConfig(
            **bert | dict(max_position_embeddings=514, vocab_size=50265)
        ),
        "distilbert": transformers.DistilBertConfig(
            **common,
            dim=hidden,
            n_layers=layers,
            n_heads=heads,
            hidden_dim=inner,
            dropout=0.0,
            attention_dropout=0.0,
        ),
        "electra": transformers.ElectraConfig(**bert, embedding_size=hidden),
    }


def make(folder, config):
    from transformers import AutoModel
    import torch

    if not (folder / "model.safetensors").exists():
        torch.manual_seed(0)
        AutoModel.from_config(config).save_pretrained(folder)


def torch_step(folder, repetitions, threads):
    """Prints milliseconds of each step and the peak of the resident memory as JSON."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    body = AutoModel.from_pretrained(folder)
    names = {
        name
        for name, module in body.named_modules()
        if isinstance(module, torch.nn.Linear) and "pooler" not in name
    }
    body = get_peft_model(body, LoraConfig(r=RANK, lora_alpha=16, target_modules=sorted(names)))
    head = torch.nn.Linear(body.config.hidden_size, 2)
    trained = [p for p in body.parameters() if p.requires_grad] + list(head.parameters())
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    ids = torch.randint(1000, body.config.vocab_size, (ROWS, WIDTH))
    mask = torch.ones_like(ids)
    labels = torch.randint(0, 2, (ROWS,))
    body.train()
    times = []
    for step in range(UNTIMED + repetitions):
        start = time.perf_counter()
        hidden = body(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        loss = torch.nn.functional.cross_entropy(head(pooled), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        loss.item()
        if step >= UNTIMED:
            times.append(1e3 * (time.perf_counter() - start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"times": times, "peak": peak}))


def peer(folder, repetitions, threads):
    command = [sys.executable, __file__, str(folder), "--torch", "-r", str(repetitions)]
    command += ["--threads", str(threads)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return statistics.median(found["times"]), found["peak"]


def ours(folder, repetitions, threads):
    command = [ROOT / "scripts/cglora", "bench", "--suite", "step", "--device", "jvm", "-o", "json"]
    command += ["--model", folder, "-r", str(repetitions), "--threads", str(threads), "--quiet"]
    record = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    results = {r["test"].split("tokens")[-1].strip(): r for r in record["devices"][0]["results"]}
    return 1e3 * statistics.median(results["time"]["samples"]), results["resident peak"]["samples"][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--families")
    parser.add_argument("--shapes", default="tiny,base")
    parser.add_argument("-r", "--repetitions", type=int, default=9)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        torch_step(options.work, options.repetitions, options.threads)
        return
    print("| model | shape | PyTorch + PEFT | cglora | time | PyTorch's memory | cglora's | memory |")
    print("|---|---|---|---|---|---|---|---|")
    for shape in options.shapes.split(","):
        models = configurations(shape)
        for family in (options.families or ",".join(models)).split(","):
            folder = options.work / f"{family}-{shape}"
            make(folder, models[family])
            theirs, their_peak = peer(folder, options.repetitions, options.threads)
            time_here, peak_here = ours(folder, options.repetitions, options.threads)
            print(
                f"| {family} | {shape} | {theirs:.0f} ms | {time_here:.0f} ms"
                f" | {time_here / theirs:.2f}× | {their_peak:.0f} MiB | {peak_here:.0f} MiB"
                f" | {peak_here / their_peak:.2f}× |",
                flush=True,
            )


if __name__ == "__main__":
    main()
