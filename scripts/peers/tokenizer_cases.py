"""Writes the tokens of strange texts, as Hugging Face's own library has them, for StrangeTextTest.

    pip install -r scripts/peers/requirements.txt
    python scripts/peers/tokenizer_cases.py models/src/test/resources/cglora/models/tokenizer

`bpe.json` and `unigram.json` are small tokenizers that are trained here; `bpe-strings.json` is the first with its merges as
texts, as files before tokenizers 0.20 have them, and `wordpiece.json` has BERT's normalizer. `cases.json` has for each the
ids of each text. A text of a million characters is written as its unit and a count.
"""

import json
import pathlib
import sys

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXTS = [
    "a plain text",
    "",
    " ",
    "\u00a0\u2003\u200b wide and no blanks \ufeff",
    "emoji \U0001f600 and \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 and \U0001f44d\U0001f3fd \u2764\ufe0f \U0001f1e9\U0001f1ea",
    "combining e\u0301 \u00e9 a\u0308\u0323 \u1e69 Z\u0351\u036b\u0343\u032a\u0302",
    "\u1100\u1161\u11a8 \uac01 \u0e19\u0e49\u0e33 \u0928\u093f",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u202eback\u202c",
    "\u4f60\u597d\u4e16\u754c \U00020000 \u3042\u30a2\uff71",
    "I\u0307 \u0130 \u0131 \u00df \u1e9e \ufb01 \u01c4",
    "control \x00\x01\x07\x1b[31m \x7f \x85",
    "replaced \ufffd \uffff \U0010ffff",
    "tab\tnew\nline\r\nend",
    "a" * 300,
    "\U0001f600" * 120,
]
LONG = [("the very good old book \u00e9\U0001f600 ", 40_000), ("x", 1_000_000)]
CORPUS = [t for t in TEXTS if t.strip()] + ["the very good old book", "a good film and a bad one", "na\u00efve \u4f60\u597d"] * 20


def trained(model, trainer, pre, decoder, normalizer=None):
    tokenizer = Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoder
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizers = {
        "bpe": trained(
            models.BPE(),
            trainers.BpeTrainer(vocab_size=340, initial_alphabet=alphabet, show_progress=False, special_tokens=["<s>"]),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            decoders.ByteLevel(),
        ),
        "unigram": trained(
            models.Unigram(),
            trainers.UnigramTrainer(vocab_size=160, show_progress=False, special_tokens=["<unk>"], unk_token="<unk>"),
            pre_tokenizers.Metaspace(),
            decoders.Metaspace(),
            normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()]),
        ),
        "wordpiece": trained(
            models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100),
            trainers.WordPieceTrainer(vocab_size=180, show_progress=False, special_tokens=["[UNK]"]),
            pre_tokenizers.BertPreTokenizer(),
            decoders.WordPiece(),
            normalizers.BertNormalizer(),
        ),
    }
    cases = {"texts": TEXTS, "long": [{"unit": unit, "count": count} for unit, count in LONG], "ids": {}}
    for name, tokenizer in tokenizers.items():
        text = tokenizer.to_str(pretty=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        ids = [tokenizer.encode(t).ids for t in TEXTS]
        sums = []
        for unit, count in LONG:
            encoded = tokenizer.encode(unit * count).ids
            sums.append({"tokens": len(encoded), "first": encoded[:20], "last": encoded[-20:]})
        cases["ids"][name] = {"texts": ids, "long": sums}
    file = json.loads((folder / "bpe.json").read_text(encoding="utf-8"))
    assert all(isinstance(merge, list) for merge in file["model"]["merges"])
    file["model"]["merges"] = [" ".join(merge) for merge in file["model"]["merges"]]
    (folder / "bpe-strings.json").write_text(json.dumps(file, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "cases.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
