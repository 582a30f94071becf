"""Writes the small Parquet files that DataReaderTest reads, with pyarrow, as others have them.

    pip install pyarrow==26.0.1
    python scripts/peers/parquet_fixtures.py models/src/test/resources/parquet

Each holds the same 300 rows: a text, a label by name and by number, a share; `nulls.parquet` lacks some of them,
`nested.parquet` has a column of lists besides, `small.parquet` has six rows and two columns. `brotli.parquet`
and `lz4.parquet` are packed in ways that are not read, `strange.parquet` has columns of types that no text or label has.
"""

import decimal
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 300


def table():
    """Texts that repeat and texts that do not, letters beyond ASCII among them."""
    texts = [f"row {i} says na\u00efve \u4f60\u597d \U0001f600" if i % 3 else "the same words" for i in range(ROWS)]
    names = ["negative" if i % 2 else "positive" for i in range(ROWS)]
    return pa.table(
        {
            "text": pa.array(texts, pa.string()),
            "label": pa.array(names, pa.string()),
            "number": pa.array([i % 2 for i in range(ROWS)], pa.int64()),
            "small": pa.array([i % 5 for i in range(ROWS)], pa.int32()),
            "share": pa.array([i / 8 for i in range(ROWS)], pa.float64()),
            "half": pa.array([i / 2 for i in range(ROWS)], pa.float32()),
            "odd": pa.array([i % 2 == 1 for i in range(ROWS)], pa.bool_()),
        }
    )


def chats():
    """Conversations as data sets of Hugging Face hold them."""
    turns = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    rows = [
        [{"role": "user", "content": "na\u00efve?"}, {"role": "assistant", "content": "yes \U0001f600"}],
        [{"role": "system", "content": "be brief"}, {"role": "user", "content": "a \"b\""}, {"role": "assistant", "content": None}],
    ]
    return pa.table({"id": pa.array([1, 2]), "messages": pa.array(rows, turns)})


def words():
    """Words with tags as data sets of Hugging Face hold them."""
    tags = [["B-ORG", "O", "B-MISC", "O"], ["B-PER"]]
    return pa.table(
        {
            "id": pa.array(["0", "1"]),
            "tokens": pa.array([["EU", "rejects", "German", "call"], ["Peter"]], pa.list_(pa.string())),
            "ner_tags": pa.array([[3, 0, 7, 0], [1]], pa.list_(pa.int64())),
            "names": pa.array(tags, pa.list_(pa.string())),
        }
    )


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rows = table()
    for codec in ("none", "snappy", "gzip", "zstd"):
        pq.write_table(rows, folder / f"{codec}.parquet", compression=codec, use_dictionary=True, row_group_size=128)
    pq.write_table(rows, folder / "plain.parquet", compression="snappy", use_dictionary=False, data_page_version="2.0")
    large = rows.set_column(0, "text", rows["text"].cast(pa.large_string()))
    large = large.set_column(1, "label", large["label"].dictionary_encode())
    pq.write_table(large, folder / "categories.parquet", compression="zstd")
    holes = rows.set_column(0, "text", pa.array([None if i == 7 else t.as_py() for i, t in enumerate(rows["text"])]))
    holes = holes.set_column(1, "label", pa.array([None if i == 11 else t.as_py() for i, t in enumerate(rows["label"])]))
    pq.write_table(holes, folder / "nulls.parquet", compression="snappy")
    pq.write_table(rows.slice(0, 6).select(["text", "label"]), folder / "small.parquet", compression="snappy")
    pq.write_table(chats(), folder / "chat.parquet", compression="snappy")
    pq.write_table(words(), folder / "words.parquet", compression="snappy")
    for codec in ("brotli", "lz4"):
        pq.write_table(rows.slice(0, 6).select(["text", "label"]), folder / f"{codec}.parquet", compression=codec)
    strange = {
        "text": rows["text"].slice(0, 6),
        "decimal": pa.array([decimal.Decimal(i) for i in range(6)], pa.decimal128(20, 2)),
        "time": pa.array(range(6), pa.timestamp("ns")),
        "struct": pa.array([{"a": "x"}] * 6),
        "map": pa.array([[("a", 1)]] * 6, pa.map_(pa.string(), pa.int64())),
    }
    pq.write_table(pa.table(strange), folder / "strange.parquet", compression="snappy", use_deprecated_int96_timestamps=True)
    lists = pa.array([["a", "b"]] * ROWS, pa.list_(pa.string()))
    pq.write_table(rows.append_column("words", lists), folder / "nested.parquet", compression="snappy")


if __name__ == "__main__":
    main()
