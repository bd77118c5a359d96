"""Writes the small models of the tests, in whose outputs a test can compute what went in.

The ONNX files have the names, types and shapes of inputs and outputs that the real exports have:
    text.onnx         a BERT: rows (id, 1, id², 0, …) of 8
    gpt2.onnx         GPT-2 without its head: rows (id, position, 1, 0, …) of 768
    clip_text.onnx    CLIP's text half, 512: (sum, largest, count) of the ids that are not masked
    clip_tokens.onnx  the same as OpenAI's own export has it: 77 ids of 32 bits, one text at a time
    clip_vision.onnx  CLIP's picture half, 512: mean of each channel, and the pixel in the middle
    r2plus1d_18.onnx  R(2+1)D-18 without its last layer, 512: the same of 16 frames, and of the last frame
and sentencepiece.model is a trained SentencePiece model. Needs the packages `onnx`, `numpy` and `sentencepiece`.
"""

import random

import numpy as np
import onnx
import sentencepiece
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32


class Graph:
    """Nodes and constants of one model."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def __call__(self, operator, *inputs, **attributes):
        name = f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value, type=np.float32):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype=type), name))
        return name

    def padded(self, rows, count, rank=2):
        """Zeros behind the last dimension, which has `count` places then."""
        pads = [0] * rank + [0] * (rank - 1) + [count]
        return self("Pad", rows, self.constant(pads, np.int64))

    def save(self, path, inputs, outputs):
        """Outputs are (name in the graph, name outside, shape)."""
        for inner, outer, _ in outputs:
            self.nodes.append(helper.make_node("Identity", [inner], [outer]))
        graph = helper.make_graph(
            self.nodes, path, [helper.make_tensor_value_info(*tensor) for tensor in inputs],
            [helper.make_tensor_value_info(name, FLOAT, shape) for _, name, shape in outputs], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, path)


def tokens(graph, names, type=INT64, shape=("batch", "sequence")):
    return [(name, type, list(shape)) for name in names]


def column(graph, numbers):
    """[batch × tokens] as float [batch × tokens × 1]."""
    return graph("Unsqueeze", graph("Cast", numbers, to=FLOAT), graph.constant([2], np.int64))


def bert():
    graph = Graph()
    ids = column(graph, "input_ids")
    one = graph("Mul", column(graph, "attention_mask"), graph.constant([1]))
    types = graph("Mul", column(graph, "token_type_ids"), graph.constant([100]))
    rows = graph("Concat", graph("Add", ids, types), one, graph("Mul", ids, ids), axis=2)
    graph.save("text.onnx", tokens(graph, ["input_ids", "attention_mask", "token_type_ids"]),
               [(graph.padded(rows, 5, 3), "last_hidden_state", ["batch", "sequence", 8])])


def gpt2():
    graph = Graph()
    rows = graph("Concat", column(graph, "input_ids"), column(graph, "position_ids"),
                 column(graph, "attention_mask"), axis=2)
    graph.save("gpt2.onnx", tokens(graph, ["input_ids", "attention_mask", "position_ids"]),
               [(graph.padded(rows, 765, 3), "last_hidden_state", ["batch", "sequence", 768])])


def clip_rows(graph, ids, mask):
    kept = graph("Mul", ids, mask)
    rows = [graph("ReduceSum", kept, graph.constant([1], np.int64), keepdims=1),
            graph("ReduceMax", kept, axes=[1], keepdims=1),
            graph("ReduceSum", mask, graph.constant([1], np.int64), keepdims=1)]
    return graph.padded(graph("Concat", *rows, axis=1), 509)


def clip_text():
    graph = Graph()
    mask = graph("Cast", "attention_mask", to=FLOAT)
    rows = clip_rows(graph, graph("Cast", "input_ids", to=FLOAT), mask)
    hidden = graph("Unsqueeze", graph("Mul", mask, graph.constant([1])), graph.constant([2], np.int64))
    graph.save("clip_text.onnx", tokens(graph, ["input_ids", "attention_mask"]),
               [(rows, "text_embeds", ["batch", 512]), (hidden, "last_hidden_state", ["batch", "sequence", 1])])


def clip_tokens():
    graph = Graph()
    ids = graph("Cast", "text", to=FLOAT)
    mask = graph("Cast", graph("Greater", ids, graph.constant([0])), to=FLOAT)
    graph.save("clip_tokens.onnx", tokens(graph, ["text"], INT32, (1, 77)),
               [(clip_rows(graph, ids, mask), "text_embeds", [1, 512])])


def pixels(graph, tensor, starts):
    """The means of the channels, and the channels at one place, [1 × 6]."""
    rank = len(starts) + 2
    mean = graph("ReduceMean", tensor, axes=list(range(2, rank)), keepdims=0)
    axes = list(range(2, rank))
    at = graph("Slice", tensor, graph.constant(starts, np.int64), graph.constant([s + 1 for s in starts], np.int64),
               graph.constant(axes, np.int64))
    return graph("Concat", mean, graph("Flatten", at), axis=1)


def clip_vision():
    graph = Graph()
    rows = graph.padded(pixels(graph, "pixel_values", [112, 112]), 506)
    graph.save("clip_vision.onnx", [("pixel_values", FLOAT, ["batch", 3, 224, 224])],
               [(graph("Unsqueeze", rows, graph.constant([1], np.int64)), "last_hidden_state", ["batch", 1, 512]),
                (rows, "image_embeds", ["batch", 512])])


def r2plus1d():
    graph = Graph()
    rows = graph.padded(pixels(graph, "input", [15, 56, 56]), 506)
    graph.save("r2plus1d_18.onnx", [("input", FLOAT, [1, 3, 16, 112, 112])], [(rows, "output", [1, 512])])


def train_sentencepiece():
    random.seed(3)
    words = (
        "the red balloon floats over quiet harbour a fisherman mends his old net while boat waits in port "
        "el pescador remienda su vieja red mientras barco espera puerto"
    ).split()
    with open("sentences.txt", "w") as file:
        file.writelines(" ".join(random.choices(words, k=8)) + "\n" for _ in range(400))
    sentencepiece.SentencePieceTrainer.train(
        input="sentences.txt", model_prefix="sentencepiece", vocab_size=80, normalization_rule_name="identity",
        hard_vocab_limit=False, minloglevel=2)


for write in (bert, gpt2, clip_text, clip_tokens, clip_vision, r2plus1d, train_sentencepiece):
    write()
