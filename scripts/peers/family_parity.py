#!/usr/bin/env python3
"""Optional check of the model families against transformers and PEFT.

    python3 -m venv VENV && VENV/bin/pip install -r scripts/peers/requirements.txt
    VENV/bin/python scripts/peers/family_parity.py make
    VENV/bin/python scripts/peers/family_parity.py trip WORK

`make` draws a tiny model of every family, saves it as transformers does, and writes what PyTorch and
PEFT say about it beside it: the logits of a padded batch, the gradients of its adapters, its head and
its whole body, and the parameters after one step of AdamW. FamilyParityTest compares with these
files, which are committed. The same versions write the same bytes. Encoder–decoder models, in
seq2seq_parity.py, are read by Seq2SeqParityTest; what they generate is compared, too. Classifiers of
words, in tagging_parity.py, are read by TaggingParityTest, and the same models with a key or a tensor
changed, in loading_variants.py, by LoadingVariantsTest.

`trip`, in round_trip.py, goes the whole way with the same models, in WORK: adapters of `cglora run` are
loaded by PEFT, whole and merged models by transformers, and adapters that PEFT trains by `cglora
predict`. It prints a table of the largest differences. The exit status is 1 where one is more than 1e-4
of the scale, or where anything is missing or unexpected.
"""

import argparse
import json
import pathlib
import shutil

import peft
import tokenizers
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedTokenizerFast

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "models/src/test/resources/cglora/models/family"
TOLERANCE = 1e-4
LABELS = ["no", "yes", "perhaps"]
WORDS = "the a good bad film book very old new and not is was long short dull fine of with plot"
TEXTS = [
    ("a good film", None),
    ("the book is not very good, and the plot was dull", None),
    ("old", "a very long film with a fine plot"),
    ("naïve café — 電影 🎬 déjà vu", "e\u0301toile"),
    ("x" * 60, None),
    ("if (x != y) { return -1; }\t\n", "not"),
    ("", None),
]
PROMPTS = [
    ("is it a good film?", " not very good"),
    ("the book", " was long and dull"),
    ("naïve 電", " 🎬 fine"),
]
NEW_TOKENS = 10
LEARNING_RATE, WEIGHT_DECAY, BETAS, EPS, CLIP = 1e-2, 0.1, (0.9, 0.98), 1e-8, 0.5


def sizes(**more):
    names = dict(id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)})
    return dict(initializer_range=0.3) | names | more


BERT = dict(
    hidden_size=12,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=20,
    max_position_embeddings=24,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)

ROBERTA = dict(max_position_embeddings=26, type_vocab_size=1, layer_norm_eps=1e-5)
# PEFT 0.21.2 cannot take "all-linear" here: it adapts pre_classifier and then wants to save it whole.
DISTILBERT_LINEAR = ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"]


LLAMA = dict(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=24,
    max_position_embeddings=24,
    pad_token_id=1,
    bos_token_id=0,
    eos_token_id=2,
)
ROPE = dict(rope_theta=50.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
ROPE |= dict(original_max_position_embeddings=16)
YARN = dict(rope_theta=100.0, rope_type="yarn", factor=3.0, original_max_position_embeddings=8)


DECODERS = ("llama", "llama-yarn", "mistral", "qwen2", "qwen3")


def families():
    """Name of each model, its configuration, its tokenizer, and PEFT's target modules."""
    return {
        "bert": (
            transformers.BertConfig(**sizes(**BERT)),
            bert_tokenizer,
            ["query", "value", "dense"],
        ),
        "roberta": (
            transformers.RobertaConfig(
                **sizes(**BERT | ROBERTA)
            ),
            roberta_tokenizer,
            "all-linear",
        ),
        "xlm-roberta": (
            transformers.XLMRobertaConfig(
                **sizes(**BERT | ROBERTA | dict(num_hidden_layers=1, hidden_act="gelu_new"))
            ),
            xlmr_tokenizer,
            ["query", "key", "value"],
        ),
        "distilbert": (
            transformers.DistilBertConfig(
                **sizes(
                    dim=12,
                    n_layers=2,
                    n_heads=3,
                    hidden_dim=20,
                    max_position_embeddings=24,
                    dropout=0.0,
                    attention_dropout=0.0,
                    seq_classif_dropout=0.0,
                )
            ),
            bert_tokenizer,
            DISTILBERT_LINEAR,
        ),
        "distilbert-relu": (
            transformers.DistilBertConfig(
                **sizes(
                    dim=12,
                    n_layers=1,
                    n_heads=2,
                    hidden_dim=16,
                    activation="relu",
                    max_position_embeddings=24,
                    dropout=0.0,
                    attention_dropout=0.0,
                    seq_classif_dropout=0.0,
                )
            ),
            bert_tokenizer,
            ["q_lin", "v_lin"],
        ),
        "electra": (
            transformers.ElectraConfig(
                **sizes(**BERT | dict(embedding_size=8, summary_last_dropout=0.0))
            ),
            bert_tokenizer,
            "all-linear",
        ),
        "electra-square": (
            transformers.ElectraConfig(
                **sizes(**BERT | dict(num_hidden_layers=1, embedding_size=12, summary_last_dropout=0.0))
            ),
            bert_tokenizer,
            ["query", "value"],
        ),
        "llama": (
            transformers.LlamaConfig(**sizes(**LLAMA | dict(rope_parameters=ROPE))),
            bytes_tokenizer,
            "all-linear",
        ),
        "llama-yarn": (
            transformers.LlamaConfig(
                **sizes(
                    **LLAMA
                    | dict(
                        num_hidden_layers=1,
                        num_key_value_heads=4,
                        rope_parameters=YARN,
                        attention_bias=True,
                        mlp_bias=True,
                        tie_word_embeddings=True,
                    )
                )
            ),
            pieces_tokenizer,
            ["q_proj", "o_proj", "down_proj"],
        ),
        "mistral": (
            transformers.MistralConfig(**sizes(**LLAMA | dict(sliding_window=5, num_key_value_heads=1))),
            pieces_tokenizer,
            "all-linear",
        ),
        "qwen2": (
            transformers.Qwen2Config(
                **sizes(**LLAMA | dict(use_sliding_window=True, sliding_window=3, max_window_layers=1))
            ),
            bytes_tokenizer,
            ["q_proj", "k_proj", "v_proj"],
        ),
        "qwen3": (
            transformers.Qwen3Config(**sizes(**LLAMA | dict(head_dim=6, tie_word_embeddings=True))),
            bytes_tokenizer,
            "all-linear",
        ),
    }


def more_decoders():
    """Variants of decoders, as language models only."""
    small = LLAMA | dict(num_hidden_layers=1)
    return {
        "llama-linear": (
            transformers.LlamaConfig(
                **sizes(
                    **small
                    | dict(
                        head_dim=6,
                        attention_bias=True,
                        hidden_act="gelu_pytorch_tanh",
                        rope_parameters=dict(rope_theta=60.0, rope_type="linear", factor=2.5),
                    )
                )
            ),
            bytes_tokenizer,
            "all-linear",
        ),
        "llama-dynamic": (
            transformers.LlamaConfig(
                **sizes(**small | dict(rope_parameters=dict(rope_theta=60.0, rope_type="dynamic", factor=2.0)))
            ),
            bytes_tokenizer,
            ["q_proj", "v_proj"],
        ),
        "qwen3-window": (
            transformers.Qwen3Config(
                **sizes(
                    **LLAMA
                    | dict(head_dim=6, use_sliding_window=True, sliding_window=3, max_window_layers=1)
                )
            ),
            bytes_tokenizer,
            ["q_proj", "k_proj", "v_proj"],
        ),
    }


def vocabulary():
    return WORDS.split()


def letters():
    return sorted(set("".join(vocabulary())))


def special(names, tokenizer):
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **names
    )


def bert_tokenizer():
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = names + vocabulary() + [",", "##s"]
    tokenizer = Tokenizer(
        models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.decoder = decoders.WordPiece()
    return special(
        dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"),
        tokenizer,
    )


ROBERTA_TOKENS = dict(
    bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>", sep_token="</s>",
    unk_token="<unk>", mask_token="<mask>",
)


DECODER_TOKENS = dict(bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def bytes_tokenizer():
    """Bytes and merges behind a token that begins each text, as Llama 3 has them."""
    tokenizer = byte_pairs()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
    )
    return special(DECODER_TOKENS, tokenizer)


def pieces_tokenizer():
    """Pieces that begin with the mark of a space, and bytes for what there are none for, as Llama 2."""
    words = ["<s>", "<pad>", "</s>", "<unk>"] + [f"<0x{i:02X}>" for i in range(256)]
    words = {word: i for i, word in enumerate(words)}
    merges = []
    for letter in ["▁"] + letters():
        words.setdefault(letter, len(words))
    for word in ["the", "good", "film", "book", "very"]:
        left = "▁"
        for letter in word:
            if left + letter not in words:
                merges.append((left, letter))
                words[left + letter] = len(words)
            left += letter
    tokenizer = Tokenizer(models.BPE(words, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return special(DECODER_TOKENS, tokenizer)


def roberta_tokenizer():
    """Bytes, and merges that make the words behind a space."""
    tokenizer = byte_pairs(["<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return special(ROBERTA_TOKENS, tokenizer)


def byte_pairs(more=()):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {w: i for i, w in enumerate(["<s>", "<pad>", "</s>", "<unk>"] + alphabet)}
    merges = []
    for word in ["the", "good", "film", "book", "very"]:
        left = "Ġ"
        for letter in word:
            if left + letter not in words:
                merges.append((left, letter))
                words[left + letter] = len(words)
            left += letter
    for word in more:
        words[word] = len(words)
    tokenizer = Tokenizer(models.BPE(words, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def xlmr_tokenizer():
    """A unigram model over pieces that begin with the mark of a space."""
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), (",", -4.0)]
    pieces += [("▁" + w, -2.0 - 0.1 * i) for i, w in enumerate(vocabulary())]
    pieces += [(letter, -6.0) for letter in letters()]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.decoder = decoders.Metaspace()
    return special(ROBERTA_TOKENS, tokenizer)


def base_model(name, config, tokenizer):
    return random_model(AutoModelForSequenceClassification, config, tokenizer)


def random_model(kind, config, tokenizer):
    """Random weights, none of them zero."""
    torch.manual_seed(7)
    config.vocab_size = len(tokenizer)
    model = kind.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return model


def save_base(model, tokenizer, folder):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def inputs(name, model, tokenizer, texts):
    """As transformers' own tokenizer of the family gives them, cut where the positions end."""
    types = name.startswith(("bert", "electra"))
    return tokenizer(
        [text for text, _ in texts],
        [pair for _, pair in texts] if all(pair is not None for _, pair in texts) else None,
        padding=True,
        truncation="longest_first",
        max_length=longest(model),
        return_token_type_ids=types,
        return_tensors="pt",
    )


def longest(model):
    config = model.config
    roberta = "roberta" in config.model_type
    return config.max_position_embeddings - (config.pad_token_id + 1 if roberta else 0)


def batch(name, model, tokenizer, texts):
    """One padded batch of texts and pairs, which the tokenizer takes one kind at a time."""
    rows = [inputs(name, model, tokenizer, [text]) for text in texts]
    width = max(row["input_ids"].shape[1] for row in rows)
    pad = dict(input_ids=tokenizer.pad_token_id, attention_mask=0, token_type_ids=0)
    return {
        key: torch.cat(
            [torch.nn.functional.pad(r[key], (0, width - r[key].shape[1]), value=pad[key]) for r in rows]
        )
        for key in rows[0]
    }


def adapter_of(model, targets, rslora, task="SEQ_CLS"):
    """A PEFT model whose adapter and head are no longer what they start as."""
    config = LoraConfig(
        task_type=task,
        r=3,
        lora_alpha=6,
        target_modules=targets,
        use_rslora=rslora,
        lora_dropout=0.0,
    )
    torch.manual_seed(11)
    tuned = get_peft_model(model, config).eval()
    with torch.no_grad():
        for parameter in trained(tuned).values():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return tuned


def trained(tuned):
    """Parameters that the adapter trains, by the names they have in its file."""
    found = {}
    for name, parameter in tuned.named_parameters():
        if parameter.requires_grad:
            name = name.removeprefix("base_model.model.")
            found[name.replace(".modules_to_save.default.", ".").replace(".default.", ".")] = parameter
    return found


def gradients(model, parameters, values, labels):
    for parameter in parameters.values():
        parameter.grad = None
    loss = torch.nn.functional.cross_entropy(model(**values).logits, labels)
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in parameters.items() if p.grad is not None}


def step(written, parameters):
    """One step of AdamW with the gradients that are there."""
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP)
    written["adapter.norm"] = norm.reshape(1)
    groups = [
        {"params": [p for p in parameters.values() if p.dim() > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters.values() if p.dim() < 2], "weight_decay": 0.0},
    ]
    torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=BETAS, eps=EPS).step()
    written |= {f"adapter.step.{key}": value.detach() for key, value in parameters.items()}


def reference(name, model, tokenizer, targets, folder):
    values = batch(name, model, tokenizer, TEXTS)
    labels = torch.tensor([i % len(LABELS) for i in range(len(TEXTS))])
    written = {f"input.{key}": value.float() for key, value in values.items()}
    written["input.labels"] = labels.float()
    with torch.no_grad():
        written["base.logits"] = model(**values).logits
    loss, found = gradients(model, dict(model.named_parameters()), values, labels)
    written["base.loss"] = loss.reshape(1)
    written |= {f"base.gradient.{key}": value for key, value in found.items()}
    tuned = adapter_of(model, targets, rslora=name == "distilbert")
    shutil.rmtree(folder / "adapter", ignore_errors=True)
    save_adapter(tuned, folder / "adapter")
    parameters = trained(tuned)
    with torch.no_grad():
        written["adapter.logits"] = tuned(**values).logits
    loss, found = gradients(tuned, parameters, values, labels)
    written["adapter.loss"] = loss.reshape(1)
    written |= {f"adapter.gradient.{key}": value for key, value in found.items()}
    step(written, parameters)
    written = {key: value.detach().contiguous() for key, value in sorted(written.items())}
    save_file(written, folder / "reference.safetensors")
    return len(parameters)


def causal(name, config, tokenizer, targets, folder):
    """The same decoder as a language model: prompts that the loss leaves out, and greedy generation."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    model = random_model(AutoModelForCausalLM, config, tokenizer)
    save_base(model, tokenizer, folder)
    rows = []
    for prompt, completion in PROMPTS:
        whole = tokenizer(prompt + completion)["input_ids"] + [tokenizer.eos_token_id]
        own = tokenizer(prompt)["input_ids"]
        same = next((i for i, (a, b) in enumerate(zip(own, whole)) if a != b), len(own))
        rows.append((whole, [-100] * same + whole[same:]))
    width = max(len(whole) for whole, _ in rows)
    values = dict(
        input_ids=torch.tensor([w + [tokenizer.pad_token_id] * (width - len(w)) for w, _ in rows]),
        attention_mask=torch.tensor([[1] * len(w) + [0] * (width - len(w)) for w, _ in rows]),
    )
    labels = torch.tensor([asked + [-100] * (width - len(asked)) for _, asked in rows])
    written = {f"input.{key}": value.float() for key, value in values.items()}
    written["input.labels"] = labels.float()
    asked = labels[:, 1:] != -100
    with torch.no_grad():
        written["base.logits"] = model(**values).logits[:, :-1][asked]
    written["base.loss"] = model(**values, labels=labels).loss.detach().reshape(1)
    for i, (prompt, _) in enumerate(PROMPTS):
        written[f"generated.{i}"] = generated(model, tokenizer, prompt).float()
    tuned = adapter_of(model, targets, False, "CAUSAL_LM")
    save_adapter(tuned, folder / "adapter")
    parameters = trained(tuned)
    with torch.no_grad():
        written["adapter.logits"] = tuned(**values).logits[:, :-1][asked]
    for i, (prompt, _) in enumerate(PROMPTS):
        written[f"adapter.generated.{i}"] = generated(tuned, tokenizer, prompt).float()
    tuned(**values, labels=labels).loss.backward()
    written["adapter.loss"] = tuned(**values, labels=labels).loss.detach().reshape(1)
    written |= {f"adapter.gradient.{key}": p.grad.clone() for key, p in parameters.items()}
    step(written, parameters)
    written = {key: value.detach().contiguous() for key, value in sorted(written.items())}
    save_file(written, folder / "reference.safetensors")


def generated(model, tokenizer, prompt):
    """The tokens that follow a prompt, the likeliest one at a time."""
    values = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
    out = model.generate(**values, max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    return out[0, values["input_ids"].shape[1] :]


def save_adapter(tuned, folder):
    tuned.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_config.json"
    config = json.loads(file.read_text())
    for key, value in config.items():
        if isinstance(value, list):
            config[key] = sorted(value)
    config["base_model_name_or_path"] = ".."
    file.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def seq2seq():
    """The encoder–decoder models' part, which takes from this one."""
    import seq2seq_parity

    return seq2seq_parity


def tagging():
    """The part for token classification, likewise."""
    import tagging_parity

    return tagging_parity


def variants():
    """The part for directories whose files are unusual, likewise."""
    import loading_variants

    return loading_variants


def make(options):
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("texts", TEXTS), ("prompts", PROMPTS)):
        written = json.dumps([list(row) for row in rows], indent=1)
        (options.folder / f"{name}.json").write_text(written + "\n")
    for name, (config, tokenizer_of, targets) in families().items():
        if options.only and name not in options.only:
            continue
        tokenizer = tokenizer_of()
        model = base_model(name, config, tokenizer)
        folder = options.folder / name
        save_base(model, tokenizer, folder)
        count = reference(name, model, tokenizer, targets, folder)
        if name in DECODERS:
            causal(name, config, tokenizer, targets, folder / "causal")
        size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
        print(f"{name:16} {count} trained parameters  {size / 1024:.0f} KiB")
    for name, (config, tokenizer_of, targets) in more_decoders().items():
        if not options.only or name in options.only:
            causal(name, config, tokenizer_of(), targets, options.folder / name / "causal")
    seq2seq().make(options.folder)
    tagging().make(options.folder, options.only)
    variants().make(options.folder)
    print(
        f"torch {torch.__version__}, transformers {transformers.__version__},"
        f" peft {peft.__version__}, tokenizers {tokenizers.__version__}"
    )


def trip(options):
    import round_trip

    round_trip.trip(options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("make", help="write the models and their references")
    making.add_argument("--folder", type=pathlib.Path, default=RESOURCES)
    making.add_argument("--only", nargs="+", choices=list(families()), help="these models alone")
    making.set_defaults(run=make)
    tripping = commands.add_parser("trip", help="load adapters and models there and back")
    tripping.add_argument("folder", type=pathlib.Path, metavar="WORK")
    tripping.add_argument("--cglora", default=str(ROOT / "scripts/cglora"))
    tripping.add_argument("--only", nargs="+", choices=[*families(), *seq2seq().families()], help="these models alone")
    tripping.add_argument("--task", choices=["SEQ_CLS", "CAUSAL_LM", "SEQ_2_SEQ_LM", "TOKEN_CLS"], help="this task alone")
    tripping.set_defaults(run=trip)
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    options.run(options)


if __name__ == "__main__":
    main()
