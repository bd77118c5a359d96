"""Writes picture models as ONNX files for the embedder, and what the texts of CLIP need.

    pip install open_clip_torch torchvision        (and onnxscript for torch 2.9 and later)
    python3 export_models.py clip OUT              OUT/clip_vision.onnx, clip_text.onnx, vocab.json, merges.txt
    python3 export_models.py r2plus1d OUT          OUT/r2plus1d_18.onnx

`--weights` names others than the usual ones, or `none` for random ones, which need no download and know nothing.
"""

import argparse
import json
import os


def export(model, example, path, name, output):
    import torch

    torch.onnx.export(model.eval(), example, path, input_names=[name], output_names=[output], opset_version=14)
    print(path)


def clip(out, weights):
    import open_clip
    import torch

    model = open_clip.create_model("ViT-B-32-quickgelu", pretrained=weights).eval()

    class Half(torch.nn.Module):
        def __init__(self, encode):
            super().__init__()
            self.model, self.encode = model, encode

        def forward(self, value):
            return self.encode(value)

    export(Half(model.encode_image), torch.zeros(1, 3, 224, 224), os.path.join(out, "clip_vision.onnx"),
           "pixel_values", "image_embeds")
    export(Half(model.encode_text), torch.zeros(1, 77, dtype=torch.int64), os.path.join(out, "clip_text.onnx"),
           "input_ids", "text_embeds")
    tokenizer = open_clip.tokenizer.SimpleTokenizer()
    # OpenAI's own names.
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    with open(os.path.join(out, "vocab.json"), "w", encoding="utf-8") as file:
        json.dump({names.get(piece, piece): number for piece, number in tokenizer.encoder.items()}, file)
    with open(os.path.join(out, "merges.txt"), "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n")
        file.writelines(" ".join(pair) + "\n" for pair in tokenizer.bpe_ranks)


def r2plus1d(out, weights):
    import torch
    import torchvision

    model = torchvision.models.video.r2plus1d_18(weights=weights)
    # The vector is what goes into the last layer.
    model.fc = torch.nn.Identity()
    export(model, torch.zeros(1, 3, 16, 112, 112), os.path.join(out, "r2plus1d_18.onnx"), "input", "features")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=["clip", "r2plus1d"])
    parser.add_argument("out", help="a directory")
    parser.add_argument("--weights", help="openai (clip), KINETICS400_V1 (r2plus1d), or none")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    make, usual = {"clip": (clip, "openai"), "r2plus1d": (r2plus1d, "KINETICS400_V1")}[options.model]
    weights = options.weights or usual
    make(options.out, None if weights == "none" else weights)


main()
