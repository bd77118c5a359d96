"""Writes minilm.json: token ids and vectors of all-MiniLM-L6-v2 by an implementation of its own.

The tokens come from the package `tokenizers` and the model's tokenizer.json, the vectors from numpy in float64.
    python make_minilm_fixtures.py DIRECTORY_OF_THE_MODEL > minilm.json
"""

import json
import math
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

TEXTS = [
    "A man is eating food.",
    "The red balloon floats over the quiet harbour.",
    "",
    "Café déjà-vu: naïve Ångström, 42% — “quoted” (e.g. it's)!",
    "Сегодня хорошая погода. 今天天气很好 hoy hace buen tiempo",
    "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
    "word " * 400,
    "emoji 🎬🎥 and\ttabs\nnewlines\u200b zero width\u00a0space",
]


def erf(x):
    return np.vectorize(math.erf)(x)


def norm(x, weight, bias):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-12) * weight + bias


def embed(w, ids):
    n = len(ids)
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:n]
    x = x + w["embeddings.token_type_embeddings.weight"][0]
    x = norm(x, w["embeddings.LayerNorm.weight"], w["embeddings.LayerNorm.bias"])

    def affine(name, y):
        return y @ w[name + ".weight"].T + w[name + ".bias"]

    for layer in range(6):
        p = f"encoder.layer.{layer}."
        q, k, v = (
            affine(p + "attention.self." + part, x).reshape(n, 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(32)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ v).transpose(1, 0, 2).reshape(n, 384)
        x = x + affine(p + "attention.output.dense", mixed)
        x = norm(x, w[p + "attention.output.LayerNorm.weight"], w[p + "attention.output.LayerNorm.bias"])
        wide = affine(p + "intermediate.dense", x)
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = x + affine(p + "output.dense", wide)
        x = norm(x, w[p + "output.LayerNorm.weight"], w[p + "output.LayerNorm.bias"])
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def main(directory):
    weights = load_file(directory + "/model.safetensors")
    weights = {name: value.astype(np.float64) for name, value in weights.items()}
    tokenizer = Tokenizer.from_file(directory + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        vector = [round(float(v), 8) for v in embed(weights, ids)]
        cases.append({"text": text, "ids": ids, "vector": vector})
    print(json.dumps({"cases": cases}, ensure_ascii=False, separators=(",", ":")))


main(sys.argv[1])
