"""The part of family_parity.py for encoder–decoder models: T5, versions 1.0 and 1.1.

`make` writes tiny models with logits, gradients, a step of AdamW and generated tokens beside them, which
Seq2SeqParityTest reads.
"""

import json
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

import family_parity as common

TARGETS = ["yes", "no", "the plot was dull", "a film", "", "very very long and old", "yes"]
NEW_TOKENS = 12
BEAMS = 3
T5 = dict(
    d_model=12,
    d_kv=5,
    d_ff=20,
    num_layers=2,
    num_heads=3,
    relative_attention_num_buckets=8,
    relative_attention_max_distance=20,
    dropout_rate=0.0,
    decoder_start_token_id=0,
    pad_token_id=0,
    eos_token_id=1,
)


def families():
    """Name of each model, its configuration, and PEFT's target modules."""
    return {
        "t5": (T5Config(**T5), None),
        "t5-v1_1": (
            T5Config(
                **T5
                | dict(
                    num_layers=1,
                    num_decoder_layers=2,
                    feed_forward_proj="gated-gelu",
                    tie_word_embeddings=False,
                )
            ),
            "all-linear",
        ),
        "t5-gated-tied": (T5Config(**T5 | dict(num_layers=1, feed_forward_proj="gated-gelu")), None),
        "t5-plain-untied": (T5Config(**T5 | dict(num_layers=1, tie_word_embeddings=False)), None),
    }


def tokenizer():
    """A unigram model as T5's: every text ends with `</s>`."""
    words = sorted(set(common.WORDS.split() + ["yes", "no", "perhaps"]))
    letters = sorted(set("".join(words)))
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), (",", -4.0)]
    pieces += [("▁" + w, -2.0 - 0.1 * i) for i, w in enumerate(words)]
    pieces += [(letter, -6.0) for letter in letters]
    made = Tokenizer(models.Unigram(pieces, unk_id=2))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    made.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        clean_up_tokenization_spaces=False,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )


def save_base(config, tokens, folder):
    """Random weights, none of them zero; a head of its own where the version has one."""
    torch.manual_seed(7)
    config.vocab_size = len(tokens)
    model = T5ForConditionalGeneration(config)
    if not config.scale_decoder_outputs:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        model.config.tie_word_embeddings = False
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # weights that keep the hidden states and the logits of the order of 1
            scale = 0.5 if "shared" in name or "lm_head" in name else 0.3
            parameter.copy_(scale * torch.randn(parameter.shape))
            if "layer_norm" in name:
                parameter.add_(1.0)
            if "shared" in name or "lm_head" in name:
                parameter[config.eos_token_id] *= 3.0  # so that some answers end
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    loaded = T5ForConditionalGeneration.from_pretrained(folder).eval()
    own = loaded.lm_head.weight.data_ptr() != loaded.shared.weight.data_ptr()
    if own == loaded.config.scale_decoder_outputs:
        raise SystemExit(f"{folder}: the head is {'not ' * (not own)}apart from the embeddings")
    return loaded


def padded(rows, value):
    width = max(len(row) for row in rows)
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def batch(tokens, texts=common.TEXTS, targets=None):
    sources = [tokens(text, pair)["input_ids"] for text, pair in texts]
    values = dict(
        input_ids=padded(sources, tokens.pad_token_id),
        attention_mask=padded([[1] * len(row) for row in sources], 0),
    )
    if targets is not None:
        values["labels"] = padded([tokens(text)["input_ids"] for text in targets], -100)
    return values


def adapter_of(model, targets, rslora=False):
    """A PEFT model whose adapter is no longer what it starts as."""
    config = LoraConfig(
        task_type="SEQ_2_SEQ_LM", r=3, lora_alpha=6, target_modules=targets, use_rslora=rslora, lora_dropout=0.0
    )
    torch.manual_seed(11)
    tuned = get_peft_model(model, config).eval()
    with torch.no_grad():
        for parameter in common.trained(tuned).values():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return tuned


def gradients(model, parameters, values):
    for parameter in parameters.values():
        parameter.grad = None
    out = model(**values)
    out.loss.backward()
    found = {name: p.grad.clone() for name, p in parameters.items() if p.grad is not None}
    return out.logits.detach(), out.loss.detach(), found


def generated(model, values, beams=1, new_tokens=NEW_TOKENS):
    """Tokens behind the first one."""
    with torch.no_grad():
        return model.generate(
            input_ids=values["input_ids"],
            attention_mask=values["attention_mask"],
            max_new_tokens=new_tokens,
            num_beams=beams,
            do_sample=False,
            use_cache=False,  # transformers 5.24.0 makes one for as many layers as the encoder has
        )[:, 1:]


def said(name, model, parameters, values):
    logits, loss, found = gradients(model, parameters, values)
    written = {f"{name}.logits": logits, f"{name}.loss": loss.reshape(1)}
    written |= {f"{name}.gradient.{key}": value for key, value in found.items()}
    written[f"{name}.greedy"] = generated(model, values).float()
    written[f"{name}.beams"] = generated(model, values, BEAMS).float()
    return written


def reference(model, tokens, targets, folder):
    values = batch(tokens, targets=TARGETS)
    written = {f"input.{key}": value.float() for key, value in values.items()}
    written |= said("base", model, dict(model.named_parameters()), values)
    tuned = adapter_of(model, targets)
    shutil.rmtree(folder / "adapter", ignore_errors=True)
    common.save_adapter(tuned, folder / "adapter")
    parameters = common.trained(tuned)
    written |= said("adapter", tuned, parameters, values)
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), common.CLIP)
    written["adapter.norm"] = norm.reshape(1)
    torch.optim.AdamW(
        parameters.values(),
        lr=common.LEARNING_RATE,
        betas=common.BETAS,
        eps=common.EPS,
        weight_decay=common.WEIGHT_DECAY,
    ).step()
    written |= {f"adapter.step.{key}": value.detach() for key, value in parameters.items()}
    written = {key: value.detach().contiguous() for key, value in sorted(written.items())}
    save_file(written, folder / "reference.safetensors")
    ends = (written["base.greedy"] == 1).any(1).sum().item()
    return f"{len(parameters)} trained parameters, {ends} of {len(TARGETS)} greedy answers end"


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "targets.json").write_text(json.dumps(TARGETS, indent=1) + "\n")
    for name, (config, targets) in families().items():
        tokens = tokenizer()
        model = save_base(config, tokens, folder / name)
        print(f"{name:16}", reference(model, tokens, targets, folder / name))
