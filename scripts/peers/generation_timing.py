#!/usr/bin/env python3
"""Times how a language model writes, beside transformers, on this machine.

    VENV/bin/python scripts/peers/generation_timing.py WORK [--models smol,small] [--dtypes float32,bfloat16]

An optional check; cglora itself needs neither Python nor PyTorch. Decoders with random weights are
made in WORK by transformers: `smol` has the shape of SmolLM-135M, `small` is small. Both programs
write 64 tokens behind a prompt of 16, one sequence, greedily, with keys and values kept, on the same
threads; start-up is not part of it. Rounds alternate between the two, each in a process of its own
(`cglora bench --suite generate --model` for ours). The table shows medians over all rounds of the
tokens a second, also of a second of the processors, which on a machine with other work says more, and
the peaks of the resident memory. Where both compute in float32 the tokens must be the same; with
bfloat16 transformers computes in bfloat16, too, and cglora in float32.
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
PROMPT, WRITTEN, UNTIMED = 16, 64, 3
SHAPES = {
    "smol": dict(
        hidden_size=576,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        intermediate_size=1536,
        vocab_size=49152,
        max_position_embeddings=2048,
    ),
    "small": dict(
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=384,
        vocab_size=8192,
        max_position_embeddings=512,
    ),
}


def make(folder, shape):
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    if not (folder / "model.safetensors").exists():
        torch.manual_seed(0)
        # weights so large that layers outweigh what the embedding says: else a tied head repeats
        config = LlamaConfig(**shape, tie_word_embeddings=True, initializer_range=0.1)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)


def torch_writes(folder, dtype, repetitions, threads):
    """Prints as JSON: seconds and processors' seconds of each answer, the peak, the tokens."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
    vocabulary = model.config.vocab_size
    ids = torch.tensor([[7919 * (i + 1) % vocabulary for i in range(PROMPT)]])
    seconds, processors = [], []
    for round_ in range(UNTIMED + repetitions):
        start, processor_start = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            tokens = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                min_new_tokens=WRITTEN,
                max_new_tokens=WRITTEN,
                pad_token_id=0,
            )
        if round_ >= UNTIMED:
            seconds.append(time.perf_counter() - start)
            processors.append(time.process_time() - processor_start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    written = tokens[0, PROMPT:].tolist()
    print(json.dumps(dict(seconds=seconds, processors=processors, peak=peak, tokens=written)))


def peer(folder, dtype, options):
    command = [sys.executable, __file__, str(folder), "--torch", "--dtypes", dtype]
    command += ["-r", str(options.repetitions), "--threads", str(options.threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def ours(folder, dtype, options):
    command = [options.cglora, "bench", "--suite", "generate", "--device", "jvm", "-o", "json"]
    command += ["--model", folder, "--dtype", dtype, "-r", str(options.repetitions)]
    command += ["--threads", str(options.threads), "--quiet"]
    record = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    device = record["devices"][0]
    results = {r["test"].split("tokens")[-1].strip(): r["samples"] for r in device["results"]}
    note = next(n for n in device["notes"] if n.startswith("written by"))
    return dict(
        seconds=[WRITTEN / rate for rate in results[""]],
        processors=results["processors' time"],
        peak=results["resident peak"][0],
        tokens=[int(token) for token in note.split(":")[-1].split()],
    )


def alike(theirs, ours_):
    """How many tokens are the same before the first that is not."""
    pairs = list(zip(theirs, ours_))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))


def row(name, dtype, theirs, mine):
    def rate(runs, key):
        return WRITTEN / statistics.median([s for run in runs for s in run[key]])

    clock, clock_here = rate(theirs, "seconds"), rate(mine, "seconds")
    work, work_here = rate(theirs, "processors"), rate(mine, "processors")
    peak, peak_here = (max(run["peak"] for run in runs) for runs in (theirs, mine))
    same = alike(theirs[0]["tokens"], mine[0]["tokens"])
    return (
        f"| {name} | {dtype} | {clock:.1f} | {clock_here:.1f} | {clock_here / clock:.2f}×"
        f" | {work:.1f} | {work_here:.1f} | {work_here / work:.2f}×"
        f" | {peak:.0f} MiB | {peak_here:.0f} MiB | {same} of {WRITTEN} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--models", default="small,smol")
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("-r", "--repetitions", type=int, default=3, help="answers a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cglora", default=ROOT / "scripts/cglora", help="the command")
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        torch_writes(options.work, options.dtypes, options.repetitions, options.threads)
        return
    print("| model | type | PyTorch, tokens/s | cglora | | PyTorch, tokens/processor s | cglora |", end="")
    print(" | PyTorch's memory | cglora's | same tokens |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    failed = False
    for name in options.models.split(","):
        folder = options.work / name
        make(folder, SHAPES[name])
        for dtype in options.dtypes.split(","):
            theirs, mine = [], []
            for _ in range(options.rounds):
                theirs.append(peer(folder, dtype, options))
                mine.append(ours(folder, dtype, options))
            print(row(name, dtype, theirs, mine), flush=True)
            same = alike(theirs[0]["tokens"], mine[0]["tokens"])
            failed |= dtype == "float32" and same < WRITTEN
    print(f"load when it ended: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if failed:
        sys.exit("the tokens of float32 are not the same")


if __name__ == "__main__":
    main()
