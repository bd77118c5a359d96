"""Writes the small models of the tests: text.onnx, image.onnx, clip.onnx, sentencepiece.model.

They have random weights and test the loading path only. Needs the packages `onnx`, `numpy` and `sentencepiece`.
"""

import random

import numpy as np
import onnx
import sentencepiece
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def save(path, nodes, inputs, outputs, initializers=()):
    def infos(tensors):
        return [helper.make_tensor_value_info(*tensor) for tensor in tensors]

    graph = helper.make_graph(nodes, path, infos(inputs), infos(outputs), list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)


def pooled(path, name, shape, output):
    """The mean of each colour channel."""
    nodes = [helper.make_node("GlobalAveragePool", [name], ["mean"]), helper.make_node("Flatten", ["mean"], [output])]
    save(path, nodes, [(name, FLOAT, ["batch", *shape])], [(output, FLOAT, ["batch", 3])])


# Row i of the table is i, 1, i², 0, …: simple enough to compute in a test.
table = np.zeros((32, 8), dtype=np.float32)
table[:, 0], table[:, 1], table[:, 2] = np.arange(32), 1, np.arange(32) ** 2
save(
    "text.onnx",
    [
        helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=FLOAT),
    ],
    [("input_ids", INT64, ["batch", "tokens"]), ("attention_mask", INT64, ["batch", "tokens"])],
    [("last_hidden_state", FLOAT, ["batch", "tokens", 8]), ("mask", FLOAT, ["batch", "tokens"])],
    [numpy_helper.from_array(table, "table")],
)
pooled("image.onnx", "pixel_values", [3, 224, 224], "image_embeds")
pooled("clip.onnx", "clip", [3, 16, 112, 112], "features")

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
