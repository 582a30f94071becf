#!/usr/bin/env python3
"""Writes what seqeval says about random and awkward tags: EntityTest reads it.

    VENV/bin/pip install seqeval==1.2.2
    VENV/bin/python scripts/peers/entity_cases.py
"""

import json
import pathlib
import random

from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

FILE = pathlib.Path(__file__).resolve().parents[2] / "models/src/test/resources/cglora/models/metric/entities.json"
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-LOC", "S-PER", "B-of-two", "I-of-two"]
AWKWARD = [
    ["I-PER", "I-PER", "O"],
    ["B-PER", "I-LOC", "I-LOC"],
    ["B-PER", "B-PER", "I-PER", "O", "I-PER"],
    ["O", "O"],
    ["B-LOC"],
    ["S-PER", "S-PER", "E-LOC", "I-LOC"],
    ["B-LOC", "I-LOC", "E-LOC", "I-LOC", "B-of-two", "I-of-two"],
]


def main():
    random.seed(3)
    draw = lambda tags: [random.choice(tags) for _ in range(random.randint(1, 9))]
    sentences = AWKWARD + [draw(TAGS[:5]) for _ in range(20)] + [draw(TAGS) for _ in range(20)]
    answers = [[t if random.random() < 0.7 else random.choice(TAGS) for t in tags] for tags in sentences]
    written = {
        "sentences": sentences,
        "answers": answers,
        "entities": [[[kind, first, last] for kind, first, last in get_entities(tags)] for tags in sentences],
        "precision": precision_score(sentences, answers),
        "recall": recall_score(sentences, answers),
        "f1": f1_score(sentences, answers),
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(written) + "\n")


if __name__ == "__main__":
    main()
