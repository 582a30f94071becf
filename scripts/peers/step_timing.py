#!/usr/bin/env python3
"""Times a LoRA training step beside PyTorch and PEFT, family by family, on this machine.

    VENV/bin/python scripts/peers/step_timing.py WORK [--families bert,qwen2-lm] [--shape tiny,base] [--steps 5]

An optional check; cglora itself needs neither Python nor PyTorch. Models with random weights are
made in WORK by transformers. Each is trained by both on 16 sequences of 128 tokens, float32, with
r = 8 on every linear layer of the body, the mean of the last hidden states, a head of two classes,
and AdamW; no dropout. A T5 writes 32 tokens for each sequence instead, and its loss is theirs; that of a
language model (llama-lm and so on) is of each token but the first, over its vocabulary.
PyTorch runs eagerly, as the Trainer of transformers does. Rounds alternate between the two, each in a
process of its own (`cglora bench --suite step --model` for ours) on the same threads. The table shows
medians over all steps, the processors' time of a step, which on a machine with other work says more
than the clock, and the peak of the resident memory.
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
ROWS, WIDTH, WRITTEN, RANK = 16, 128, 32, 8
UNTIMED, WARMED = 3, 3.0  # steps and seconds at least
SHAPES = {"tiny": (128, 2, 2, 512), "base": (768, 12, 12, 3072)}
DECODERS = {"llama": 32000, "mistral": 32000, "qwen2": 32000, "qwen3": 32000}  # vocabularies
WRITERS = "-lm"  # decoders with the head over their vocabulary


def bert_like(shape, **more):
    hidden, layers, heads, inner = SHAPES[shape]
    return dict(
        vocab_size=30522,
        max_position_embeddings=512,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    ) | more


def decoder_like(family, shape):
    hidden, layers, heads, inner = SHAPES[shape]
    return dict(
        vocab_size=DECODERS[family],
        max_position_embeddings=512,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads // 2,
        head_dim=hidden // heads,
        intermediate_size=inner,
        tie_word_embeddings=True,
    )


def configuration(family, shape):
    import transformers

    family = family.removesuffix(WRITERS)
    hidden, layers, heads, inner = SHAPES[shape]
    match family:
        case "bert":
            return transformers.BertConfig(**bert_like(shape))
        case "xlm-roberta":
            wide = bert_like(shape, max_position_embeddings=514, vocab_size=250002, type_vocab_size=1)
            return transformers.XLMRobertaConfig(**wide)
        case "roberta":
            wide = bert_like(shape, max_position_embeddings=514, vocab_size=50265)
            return transformers.RobertaConfig(**wide)
        case "distilbert":
            return transformers.DistilBertConfig(
                vocab_size=30522,
                max_position_embeddings=512,
                dim=hidden,
                n_layers=layers,
                n_heads=heads,
                hidden_dim=inner,
                dropout=0.0,
                attention_dropout=0.0,
            )
        case "electra":
            return transformers.ElectraConfig(**bert_like(shape, embedding_size=hidden))
        case "t5":
            return transformers.T5Config(
                vocab_size=32128,
                d_model=hidden,
                d_kv=hidden // heads,
                d_ff=inner,
                num_layers=layers,
                num_heads=heads,
                dropout_rate=0.0,
                decoder_start_token_id=0,
            )
        case "llama":
            return transformers.LlamaConfig(**decoder_like(family, shape))
        case "mistral":
            return transformers.MistralConfig(**decoder_like(family, shape))
        case "qwen2":
            smaller = decoder_like(family, shape)
            del smaller["head_dim"]
            return transformers.Qwen2Config(**smaller)
        case "qwen3":
            return transformers.Qwen3Config(**decoder_like(family, shape))
    sys.exit(f"no family '{family}', expected some of {', '.join(FAMILIES)}")


FAMILIES = ["bert", "roberta", "xlm-roberta", "distilbert", "electra", "t5", *DECODERS]
FAMILIES += [name + WRITERS for name in DECODERS]


def loaded(folder_or_config, writes=False):
    """The class for T5 and those of language models have the head that writes, the others' is the body alone."""
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    config = folder_or_config
    if isinstance(config, pathlib.Path):
        config = AutoConfig.from_pretrained(config)
    kind = AutoModelForSeq2SeqLM if config.model_type == "t5" else AutoModelForCausalLM if writes else AutoModel
    if config is folder_or_config:
        return kind.from_config(config)
    return kind.from_pretrained(folder_or_config)


def make(folder, family, shape):
    import torch

    if not (folder / "model.safetensors").exists():
        torch.manual_seed(0)
        loaded(configuration(family, shape), family.endswith(WRITERS)).save_pretrained(folder)


def torch_step(folder, repetitions, threads):
    """Prints as JSON: milliseconds of each step, processors' milliseconds of one, the peak."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    continues = WRITERS in folder.name
    body = loaded(folder, continues)
    names = {
        name
        for name, module in body.named_modules()
        if isinstance(module, torch.nn.Linear) and "pooler" not in name and "lm_head" not in name
    }
    writes = continues or body.config.model_type == "t5"
    body = get_peft_model(body, LoraConfig(r=RANK, lora_alpha=16, target_modules=sorted(names)))
    trained = [p for p in body.parameters() if p.requires_grad]
    head = None if writes else torch.nn.Linear(body.config.hidden_size, 2)
    if head is not None:
        trained += list(head.parameters())
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    ids = torch.randint(1000, body.config.vocab_size, (ROWS, WIDTH))
    mask = torch.ones_like(ids)
    labels = torch.randint(0, 2, (ROWS,))
    answers = torch.randint(1000, body.config.vocab_size, (ROWS, WRITTEN))

    def loss_of():
        if continues:
            return body(input_ids=ids, attention_mask=mask, labels=ids, use_cache=False).loss
        if writes:
            return body(input_ids=ids, attention_mask=mask, labels=answers).loss
        more = {} if body.config.model_type not in DECODERS else {"use_cache": False}
        hidden = body(input_ids=ids, attention_mask=mask, **more).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.cross_entropy(head(pooled), labels)

    def step():
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        loss.item()

    body.train()
    begin, done = time.perf_counter(), 0
    while done < UNTIMED or time.perf_counter() - begin < WARMED:
        step()
        done += 1
    times, processors = [], time.process_time()
    for _ in range(repetitions):
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    processors = 1e3 * (time.process_time() - processors) / repetitions
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(dict(times=times, processors=processors, peak=peak)))


def peer(folder, options):
    command = [sys.executable, __file__, str(folder), "--torch", "--steps", str(options.steps)]
    command += ["--threads", str(options.threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def ours(folder, options):
    command = [options.cglora, "bench", "--suite", "step", "--device", "jvm", "-o", "json"]
    command += ["--model", folder, "-r", str(options.steps), "--threads", str(options.threads)]
    done = subprocess.run([*command, "--quiet"], check=True, capture_output=True, text=True)
    device = json.loads(done.stdout)["devices"][0]
    results = {r["test"].split("tokens")[-1].strip(): r["samples"] for r in device["results"]}
    return dict(
        times=[1e3 * s for s in results["time"]],
        processors=1e3 * results["processors' time"][0],
        peak=results["resident peak"][0],
    )


def row(family, shape, theirs, mine):
    clock, clock_here = (statistics.median([t for r in runs for t in r["times"]]) for runs in (theirs, mine))
    work, work_here = (statistics.median([r["processors"] for r in runs]) for runs in (theirs, mine))
    peak, peak_here = (max(r["peak"] for r in runs) for runs in (theirs, mine))
    return (
        f"| {family} | {shape} | {clock:.0f} ms | {clock_here:.0f} ms | {clock_here / clock:.2f}×"
        f" | {work:.0f} ms | {work_here:.0f} ms | {work_here / work:.2f}×"
        f" | {peak:.0f} MiB | {peak_here:.0f} MiB | {peak_here / peak:.2f}× |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--shape", default="tiny,base")
    parser.add_argument("-r", "--steps", type=int, default=5, help="timed in a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cglora", default=ROOT / "scripts/cglora", help="the command")
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        torch_step(options.work, options.steps, options.threads)
        return
    print("| model | shape | PyTorch + PEFT | cglora | | PyTorch, processors | cglora | ", end="")
    print("| PyTorch's memory | cglora's | |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for shape in options.shape.split(","):
        for family in options.families.split(","):
            folder = options.work / f"{family}-{shape}"
            make(folder, family, shape)
            theirs, mine = [], []
            for _ in range(options.rounds):
                theirs.append(peer(folder, options))
                mine.append(ours(folder, options))
            print(row(family, shape, theirs, mine), flush=True)
    print(f"load when it ended: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
