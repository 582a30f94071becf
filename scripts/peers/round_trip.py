"""The round trip of family_parity.py: adapters and models there and back between cglora, PEFT and transformers.

Every model has three kinds of checks. What `cglora run` exports is loaded by PEFT, or by transformers where it
is a whole model, and asked for what `cglora predict --json` says. Adapters that PEFT has trained are given to
`cglora predict`. Directories of `cglora merge` are loaded by transformers, which must find every weight and no
other. Classifiers are compared by their logits, those of words by the probabilities of their tags; models that
write by the tokens of greedy decoding and the logarithms of these tokens' probabilities.
"""

import json
import shutil
import subprocess
import sys
import warnings

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model

import family_parity as common
import seq2seq_parity as seq2seq
import tagging_parity as tagging

R, ALPHA, NEW_TOKENS, STEPS = 3, 6, 10, 5
LINEAR = {"target_modules": "all-linear"}


class Table:
    """The largest difference of every check, relative to the largest value; FAILED where it is too large."""

    def __init__(self):
        self.rows, self.columns, self.failed = {}, [], False

    def add(self, family, check, difference, complaints):
        bad = not difference <= common.TOLERANCE or bool(complaints)
        self.failed |= bad
        text = f"{difference:.1e}" + (" FAILED" if bad else "")
        self.rows.setdefault(family, {})[check] = text
        if check not in self.columns:
            self.columns.append(check)
        print(f"{family:22} {check:24} {text}", *complaints, flush=True)

    def print(self):
        print("\n| check | " + " | ".join(self.rows) + " |")
        print("|---" * (len(self.rows) + 1) + "|")
        for check in self.columns:
            print(f"| {check} | " + " | ".join(row.get(check, "") for row in self.rows.values()) + " |")


class Trip:
    """The round trip of one model; a kind of task says how it is asked and trained."""

    task = peft_task = "SEQ_CLS"
    kind = transformers.AutoModelForSequenceClassification
    data = {"labels": common.LABELS}
    methods = ("cg-lora", "pissa")
    suffix = ""
    rate = 0.02

    def __init__(self, options, table, name, targets):
        self.options, self.table, self.name = options, table, name
        self.family = name + self.suffix
        self.targets = targets if targets is None or isinstance(targets, list) else None
        self.linear = targets if name.startswith("distilbert") else "all-linear"
        self.folder = (options.folder / self.family).resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.base = self.folder / "base"
        self.tokenizer = self.write_base()
        for file, rows in self.files().items():
            (self.folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    # cglora's side

    def command(self, *arguments):
        done = subprocess.run(
            [self.options.cglora, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def run(self, what, adapter, verb="run", head="auto"):
        calibrated = adapter.get("method") == "cg-lora"
        model = {"stage": "model", "path": "base", "task": self.task}
        stages = [
            model | ({"head": head} if self.task.endswith("_CLS") else {}),
            {"stage": "data", "train": "train.jsonl", "validation_split": 0.2, "max_length": self.longest} | self.data,
            *([{"stage": "calibrate", "samples": 16, "step_samples": 8}] if calibrated else []),
            {"stage": "adapter", "r": R, "lora_alpha": ALPHA} | adapter,
            {"stage": "train", "max_steps": STEPS, "per_device_batch_size": 8, "learning_rate": self.rate},
            {"stage": "export"},
        ]
        file = self.folder / f"{what}.json"
        file.write_text(json.dumps({"cglora": 1, "output_dir": f"runs/{what}", "stages": stages}))
        self.command(verb, file)
        return self.folder / "runs" / what / "latest"

    def merged(self, place, name, *more):
        self.command("merge", place, "-o", self.folder / name, *more)
        return self.folder / name

    # the others' side

    def original(self):
        return self.kind.from_pretrained(self.base).eval()

    def loaded(self, load):
        """What `load` gives, and what it warns of keys."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model = load()
        return model.eval(), [str(w.message) for w in said if "key" in str(w.message)]

    def in_peft(self, adapter, base=None):
        return self.loaded(lambda: PeftModel.from_pretrained(base or self.original(), adapter))

    def in_transformers(self, place):
        model, report = self.kind.from_pretrained(place, output_loading_info=True)
        return model.eval(), [f"{key}: {value}" for key, value in report.items() if value]

    def tuned(self, **settings):
        """A PEFT model that has been trained."""
        settings = {"target_modules": self.targets} | settings
        config = LoraConfig(task_type=self.peft_task, r=R, lora_alpha=ALPHA, lora_dropout=0.0, **settings)
        torch.manual_seed(11)
        return self.train(get_peft_model(self.original(), config))

    def train(self, model):
        optimizer = torch.optim.AdamW(common.trained(model).values(), lr=self.rate)
        for _ in range(STEPS):
            optimizer.zero_grad()
            self.loss(model.train()).backward()
            optimizer.step()
        return model.eval()

    def saved(self, model, name):
        model.save_pretrained(self.folder / name)
        return self.folder / name

    # the checks

    def check(self, what, mine, model, complaints=()):
        difference, more = self.compare(mine, model)
        self.table.add(self.family, what, difference, [*complaints, *more])

    def exported(self, what, run):
        self.check(what, self.ours(run), *self.in_peft(run / "adapter"))

    def all(self):
        lora = self.run("lora", {"method": "lora"})
        self.exported("lora in PEFT", lora)
        pattern = self.pattern()
        self.exported("rsLoRA, linear, in PEFT", self.run("rslora", {"method": "rslora"} | LINEAR))
        ranks = {"rank_pattern": {pattern: 2}, "alpha_pattern": {pattern: 5}}
        self.exported("patterns in PEFT", self.run("patterns", {"method": "lora"} | LINEAR | ranks))
        for method in self.methods:
            head = "new" if method == "cg-lora" else "auto"
            self.exported(f"{method} in PEFT", self.run(method, {"method": method} | LINEAR, head=head))
        full = self.run("full", {"method": "full"})
        self.check("whole in transformers", self.ours(full), *self.in_transformers(full / "model"))
        merged = self.merged(lora, "merged", "--max-shard-size", "8KB")
        self.check("merged, sharded", self.ours(lora), *self.in_transformers(merged))
        self.check("merged in cglora", self.ours(merged), self.in_peft(lora / "adapter")[0])
        self.shifted()
        self.of_peft("PEFT's lora", self.tuned())
        self.of_peft("PEFT's rsLoRA, linear", self.tuned(target_modules=self.linear, use_rslora=True))
        patterns = self.tuned(target_modules=self.linear, rank_pattern={pattern: 2}, alpha_pattern={pattern: 5})
        place = self.of_peft("PEFT's patterns", patterns)
        model, complaints = self.in_transformers(self.merged(place, "merged-peft", "--base", self.base))
        self.check("PEFT's, merged", self.ours(place, "--base", self.base), model, complaints)
        self.pissa()

    def of_peft(self, what, model):
        place = self.saved(model, what.replace(" ", "-"))
        self.check(what, self.ours(place, "--base", self.base), model)
        return place

    def pissa(self):
        """PEFT's own start off the base is refused as it is, and loads once PEFT has converted it.

        PEFT 0.21.2 leaves the head out when it converts, so that classifiers go no further than the refusal."""
        settings = {"target_modules": self.targets, "init_lora_weights": "pissa"}
        model = get_peft_model(self.original(), LoraConfig(task_type=self.peft_task, r=R, lora_alpha=ALPHA, **settings))
        config = model.peft_config["default"]
        config.init_lora_weights = True
        initial = self.saved(model, "peft-pissa-start")
        config.init_lora_weights = "pissa"
        self.train(model)
        raw = self.saved(model, "peft-pissa")
        arguments = [self.options.cglora, "predict", raw, "--base", self.base, "--text", "old"]
        done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=False)
        complaints = [] if "init_lora_weights 'pissa'" in done.stderr else [f"not refused: {done.stdout}{done.stderr}"]
        if self.task.endswith("_CLS"):
            self.table.add(self.family, "PEFT's PiSSA, refused", 0.0, complaints)
            return
        place = self.folder / "peft-pissa-converted"
        model.save_pretrained(place, path_initial_model_for_weight_conversion=str(initial))
        self.check("PEFT's PiSSA, converted", self.ours(place, "--base", self.base), model, complaints)

    def shifted(self):
        """A start in two parts: PEFT merges the one, trains the other; cglora merges both, or makes one of them."""
        start = self.run("start", {"method": "pissa"} | LINEAR, verb="init")
        base = PeftModel.from_pretrained(self.original(), start / "base_shift").merge_and_unload()
        tuned = self.train(PeftModel.from_pretrained(base, start / "adapter", is_trainable=True))
        place = self.saved(tuned, "trained-start")
        more = ("--base", self.base, "--base-shift", start / "base_shift")
        merged = self.merged(place, "merged-start", *more)
        self.check("start trained in PEFT", self.ours(merged), tuned)
        self.check("its merge", self.ours(merged), *self.in_transformers(merged))
        adapter = self.merged(place, "ordinary-start", *more, "--as-adapter")
        self.check("it as an adapter", self.ours(adapter, "--base", self.base), *self.in_peft(adapter))


class Classifier(Trip):
    """Encoders, and decoders that classify; the head is among `modules_to_save`."""

    def __init__(self, options, table, name, family):
        self.config, self.tokenizer_of, targets = family
        super().__init__(options, table, name, targets)

    def write_base(self):
        tokenizer = self.tokenizer_of()
        self.model = common.base_model(self.name, self.config, tokenizer)
        self.longest = common.longest(self.model)
        common.save_base(self.model, tokenizer, self.base)
        return tokenizer

    def files(self):
        words = common.WORDS.split()
        self.texts = [[t for t in common.TEXTS if t[0].strip() and (t[1] is not None) == pair] for pair in (0, 1)]
        rows = zip(words * 3, words[3:] + words * 3, words[7:] + words * 3)
        labels = common.LABELS
        return {
            "train": [
                {"text": f"{a} {b} {c}", "text_pair": f"{c} {a}", "label": labels[i % len(labels)]}
                for i, (a, b, c) in enumerate(rows)
            ],
            "single": [{"text": text} for text, _ in self.texts[0]],
            "pair": [{"text": text, "text_pair": pair} for text, pair in self.texts[1]],
        }

    def pattern(self):
        """A module that all of the model's layers have."""
        return {"distilbert": "q_lin"}.get(self.config.model_type, "q_proj" if self.decodes() else "query")

    def decodes(self):
        return self.name in common.DECODERS

    def values(self, texts):
        return common.batch(self.name, self.model, self.tokenizer, texts)

    def loss(self, model):
        labels = torch.tensor([0, 1, 2, 0, 1])
        return torch.nn.functional.cross_entropy(model(**self.values(common.TEXTS[:5])).logits, labels)

    def ours(self, place, *more):
        rows = []
        for file in ("single", "pair"):
            out = self.command("predict", place, "--json", "--data", self.folder / f"{file}.jsonl", *more)
            rows += [json.loads(line)["logits"] for line in out.splitlines()]
        return torch.tensor(rows)

    def compare(self, mine, model):
        with torch.no_grad():
            other = model(**self.values(self.texts[0] + self.texts[1])).logits
        return ((mine - other).abs().max() / other.abs().max()).item(), []


class Tagger(Trip):
    """Encoders and a decoder that give each word a class; the head is among `modules_to_save`, too."""

    task = peft_task = "TOKEN_CLS"
    kind = transformers.AutoModelForTokenClassification
    suffix = " tokens"

    def __init__(self, options, table, name, targets):
        super().__init__(options, table, name, targets)
        self.linear = targets

    def write_base(self):
        tokenizer = common.families()[self.name][1]()
        self.model = tagging.base_model(self.name, tokenizer)
        self.longest = common.longest(self.model)
        common.save_base(self.model, tokenizer, self.base)
        return tagging.of_words(tokenizer)

    def files(self):
        words = common.WORDS.split()
        rows = zip(words * 3, words[3:] + words * 3, words[7:] + words * 3)
        labels = common.LABELS
        return {
            "train": [
                {"tokens": [a, b, c], "tags": [labels[(i + k) % len(labels)] for k in range(3)]}
                for i, (a, b, c) in enumerate(rows)
            ],
            "sentences": [{"tokens": words} for words, _ in tagging.SENTENCES],
        }

    def pattern(self):
        return {"distilbert-relu": "q_lin", "qwen2": "q_proj"}.get(self.name, "query")

    def values(self):
        return tagging.batch(self.name, self.model, self.tokenizer, tagging.SENTENCES)

    def loss(self, model):
        values, labels = self.values()
        return model(**values, labels=labels).loss

    def ours(self, place, *more):
        out = self.command("predict", place, "--data", self.folder / "sentences.jsonl", *more)
        return [json.loads(line) for line in out.splitlines()]

    def compare(self, mine, model):
        sentences = [(words, [0] * len(words)) for words, _ in tagging.SENTENCES]
        values, labels = tagging.batch(self.name, self.model, self.tokenizer, sentences)
        with torch.no_grad():
            probabilities = model(**values).logits.softmax(-1)
        largest, complaints = 0.0, []
        for row, answer in enumerate(mine):
            found = probabilities[row][labels[row] == 0]
            scores, best = found.max(-1)
            tags = [tag for tag in answer["tags"] if tag is not None]
            there = [common.LABELS[i] for i in best.tolist()]
            if tags != there:
                complaints.append(f"{answer['tokens']}: {tags} here, {there} there")
                continue
            ours = torch.tensor([score for score in answer["scores"] if score is not None])
            largest = max(largest, (ours - scores).abs().max().item())
        return largest, complaints


class Writer(Trip):
    """Models that write: greedy answers, and the logarithms of their tokens' probabilities."""

    data = {}
    methods = ("pissa", "olora")

    def files(self):
        words = common.WORDS.split()
        rows = zip(words * 2, words[3:] + words * 2, words[7:] + words * 2)
        return {
            "train": [{"text": f"{a} {b}", "target": f" {b} {a} {c}"} for a, b, c in rows],
            "texts": [{"text": text} for text in self.texts],
        }

    def ours(self, place, *more):
        wanted = ("--json", "--logprobs", "--max-tokens", NEW_TOKENS)
        out = self.command("predict", place, *wanted, "--data", self.folder / "texts.jsonl", *more)
        return [json.loads(line) for line in out.splitlines()]

    def compare(self, mine, model):
        largest, scale, complaints = 0.0, 0.0, []
        for text, answer in zip(self.texts, mine):
            with torch.no_grad():
                tokens, logs = self.answer(model, text)
            if answer["tokens"] != tokens:
                complaints.append(f"{text!r}: {answer['tokens']} here, {tokens} there")
                continue
            for one, other in zip(answer["logprobs"], logs, strict=True):
                largest, scale = max(largest, abs(one - other)), max(scale, abs(other))
        if scale == 0:
            complaints.append("no token was written")
        return largest / max(scale, 1.0), complaints

    def logs(self, logits, tokens):
        return [row[token].item() for row, token in zip(torch.log_softmax(logits, -1), tokens)]


class Causal(Writer):
    """Decoders as language models."""

    task = peft_task = "CAUSAL_LM"
    kind = transformers.AutoModelForCausalLM
    data = {"max_target_length": 10}
    suffix = " LM"
    longest = 24
    texts = [prompt for prompt, _ in common.PROMPTS]

    def __init__(self, options, table, name, family):
        self.config, self.tokenizer_of, targets = family
        super().__init__(options, table, name, targets)

    def write_base(self):
        tokenizer = self.tokenizer_of()
        common.save_base(common.random_model(self.kind, self.config, tokenizer), tokenizer, self.base)
        return tokenizer

    def pattern(self):
        return "q_proj"

    def loss(self, model):
        values = self.tokenizer(["the plot was dull", "a good book"], padding=True, return_tensors="pt")
        values.pop("token_type_ids", None)
        return model(**values, labels=values["input_ids"]).loss

    def answer(self, model, text):
        prompt = self.tokenizer(text)["input_ids"]
        tokens = common.generated(model, self.tokenizer, text).tolist()
        end = self.tokenizer.eos_token_id
        tokens = tokens[: tokens.index(end) + 1] if end in tokens else tokens
        logits = model(input_ids=torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1 :]
        return tokens, self.logs(logits, tokens)


class Seq2Seq(Writer):
    """T5, which is asked by beam search, too."""

    task = peft_task = "SEQ_2_SEQ_LM"
    kind = transformers.AutoModelForSeq2SeqLM
    longest = 24
    rate = 0.001
    texts = [text for text, pair in common.TEXTS if pair is None and text.strip()]

    def __init__(self, options, table, name, family):
        self.config, targets = family
        super().__init__(options, table, name, targets)

    def write_base(self):
        tokenizer = seq2seq.tokenizer()
        seq2seq.save_base(self.config, tokenizer, self.base)
        return tokenizer

    def pattern(self):
        return "q"

    def loss(self, model):
        return model(**seq2seq.batch(self.tokenizer, targets=seq2seq.TARGETS)).loss

    def ours(self, place, *more):
        wanted = ("--json", "--max-tokens", NEW_TOKENS, "--beams", seq2seq.BEAMS)
        out = self.command("predict", place, *wanted, "--data", self.folder / "texts.jsonl", *more)
        beams = [json.loads(line)["tokens"] for line in out.splitlines()]
        return [answer | {"beams": row} for answer, row in zip(super().ours(place, *more), beams)]

    def compare(self, mine, model):
        difference, complaints = super().compare(mine, model)
        for text, answer in zip(self.texts, mine):
            if answer["beams"] != (other := self.generated(model, text, seq2seq.BEAMS)):
                complaints.append(f"{text!r}, beams: {answer['beams']} here, {other} there")
        return difference, complaints

    def generated(self, model, text, beams):
        tokens = seq2seq.generated(model, seq2seq.batch(self.tokenizer, [(text, None)]), beams, NEW_TOKENS)[0].tolist()
        end = model.config.eos_token_id
        return tokens[: tokens.index(end)] if end in tokens else tokens

    def answer(self, model, text):
        tokens = self.generated(model, text, 1)
        values = seq2seq.batch(self.tokenizer, [(text, None)])
        labels = torch.tensor([tokens or [model.config.eos_token_id]])
        return tokens, self.logs(model(**values, labels=labels).logits[0], tokens)


def trip(options):
    table = Table()
    for name, family in common.families().items():
        kinds = (Classifier, Causal) if name in common.DECODERS else (Classifier,)
        for kind in kinds:
            if chosen(options, name, kind):
                kind(options, table, name, family).all()
    for name, family in seq2seq.families().items():
        if chosen(options, name, Seq2Seq):
            Seq2Seq(options, table, name, family).all()
    for name, targets in tagging.families().items():
        if chosen(options, name, Tagger):
            Tagger(options, table, name, targets).all()
    table.print()
    sys.exit(table.failed)


def chosen(options, name, kind):
    return (not options.only or name in options.only) and (not options.task or kind.task == options.task)
