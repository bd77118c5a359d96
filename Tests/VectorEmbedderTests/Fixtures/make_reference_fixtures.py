"""Writes byte_pairs.json and pictures.json: what other implementations make of texts and pictures.

byte_pairs.json: for GPT-2's way of cutting texts a vocabulary that the package `tokenizers` 0.23 was trained to here,
for CLIP's the entries of the real vocabulary (bpe_simple_vocab_16e6.txt.gz, in the package `open_clip_torch` 3.x, MIT)
that the texts below touch; the ids are those of `tokenizers` and of `open_clip.tokenizer.SimpleTokenizer`.
pictures.json: numbers of a picture that both sides can compute, resized by Pillow (CLIP) and by the formula of
torch.nn.functional.interpolate (R(2+1)D: bilinear without antialiasing, as torchvision's preset asks for).

    python make_reference_fixtures.py OPEN_CLIP_FOLDER      (the folder `open_clip` of the unpacked wheel)
"""

import gzip
import importlib.util
import json
import os
import sys
import types

import numpy as np
import tokenizers
from PIL import Image
from tokenizers import decoders, models, pre_tokenizers, trainers

TEXTS = [
    "a photo of a cat",
    "A Photo of TWO cats, sitting on the fence!",
    "it's we've they're I'll he'd I'm don't",
    "The year 2024, 3.14159 and 1,000,000 items",
    "  leading and   many\tspaces\n\nand lines  ",
    "Grand-opening@harbour.example #1 (50% off) …",
    "Café déjà vu, naïve Ångström; El niño pescador",
    "Сегодня хорошая погода",
    "今天天气很好 오늘 日本語のテキスト",
    "emoji 🎬🎥 and ½ ² Ⅷ",
    "'tis 'twas o'clock rock'n'roll 'S 'LL",
    "Decomposed e\u0301 and n\u0303",
    "",
]


def gpt2_cases():
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    cases = [{"text": text, "ids": tokenizer.encode(text).ids} for text in TEXTS if text]
    return {"vocabulary": model["vocab"], "merges": merges, "cases": cases}


def clip_cases(folder):
    # The tokenizer itself needs no tensors; only other functions of its file do.
    sys.modules.setdefault("torch", types.SimpleNamespace(LongTensor=object, Tensor=object))
    spec = importlib.util.spec_from_file_location("clip_tokenizer", os.path.join(folder, "tokenizer.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tokenizer = module.SimpleTokenizer(bpe_path=os.path.join(folder, "bpe_simple_vocab_16e6.txt.gz"))
    touched = set()

    class Recorder(dict):
        def get(self, pair, default=None):
            if pair in self:
                touched.add(pair)
            return super().get(pair, default)

    tokenizer.bpe_ranks = Recorder(tokenizer.bpe_ranks)
    cases = []
    start, end = tokenizer.encoder["<start_of_text>"], tokenizer.encoder["<end_of_text>"]
    for text in TEXTS:
        cases.append({"text": text, "ids": [start, *tokenizer.encode(text), end]})
    merges = [" ".join(pair) for pair, _ in sorted(tokenizer.bpe_ranks.items(), key=lambda item: item[1])
              if pair in touched]
    letters = {letter for letter in tokenizer.byte_encoder.values()}
    pieces = {"".join(pair) for pair in touched} | letters | {letter + "</w>" for letter in letters}
    vocabulary = {piece: tokenizer.encoder[piece] for piece in sorted(pieces)}
    vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"] = start, end
    return {"vocabulary": vocabulary, "merges": merges, "cases": cases}


def picture(width, height):
    y, x, channel = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * 7 + y * 13 + channel * 50 + x * y // 16) % 256).astype(np.uint8)


def samples(tensor):
    """Every 997th number of an array in its order."""
    return [round(float(value), 5) for value in tensor.reshape(-1)[::997]]


def normalised(pixels, mean, deviation):
    return (pixels - np.array(mean).reshape(-1, 1, 1)) / np.array(deviation).reshape(-1, 1, 1)


def clip_picture(width, height):
    image = Image.fromarray(picture(width, height))
    scale = 224 / min(width, height)
    size = [224 if side == min(width, height) else int(scale * side) for side in (width, height)]
    image = image.resize(size, Image.BICUBIC)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    image = image.crop((left, top, left + 224, top + 224))
    pixels = np.asarray(image).transpose(2, 0, 1) / 255
    return normalised(pixels, [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])


def taps(count, wanted):
    """For each place the two inputs it lies between, and the weight of the second."""
    place = np.maximum((np.arange(wanted) + 0.5) * (count / wanted) - 0.5, 0)
    first = np.floor(place).astype(int)
    return first, np.minimum(first + 1, count - 1), place - first


def r2plus1d_picture(width, height):
    pixels = picture(width, height).transpose(2, 0, 1) / 255
    first, second, weight = taps(width, 171)
    pixels = pixels[:, :, first] * (1 - weight) + pixels[:, :, second] * weight
    first, second, weight = taps(height, 128)
    pixels = pixels[:, first] * (1 - weight)[:, None] + pixels[:, second] * weight[:, None]
    top, left = round((128 - 112) / 2), round((171 - 112) / 2)
    return normalised(
        pixels[:, top:top + 112, left:left + 112], [0.43216, 0.394666, 0.37645], [0.22803, 0.22145, 0.216989])


def main(folder):
    with open("byte_pairs.json", "w", encoding="utf-8") as file:
        json.dump({"gpt2": gpt2_cases(), "clip": clip_cases(folder)}, file, ensure_ascii=False, separators=(",", ":"))
    cases = []
    for width, height in ((320, 240), (640, 360), (199, 301), (224, 224)):
        cases.append({"width": width, "height": height, "clip_vit_b32": samples(clip_picture(width, height)),
                      "r2plus1d_18": samples(r2plus1d_picture(width, height))})
    with open("pictures.json", "w") as file:
        json.dump(cases, file, separators=(",", ":"))


main(sys.argv[1])
