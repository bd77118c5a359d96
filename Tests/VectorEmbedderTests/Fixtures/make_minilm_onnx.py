"""Writes all-MiniLM-L6-v2 as an ONNX file of the usual export's inputs and output, from its safetensors file.

A real model for ONNX Runtime where no hub can be reached; its vectors must be those of minilm.json.
    python make_minilm_onnx.py DIRECTORY_OF_THE_MODEL minilm.onnx      (needs `onnx`, `numpy` and `safetensors`)
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file


class Graph:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def __call__(self, operator, *inputs, **attributes):
        name = f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def floats(self, value):
        return self.constant(np.array(value, dtype=np.float32))

    def integers(self, value):
        return self.constant(np.array(value, dtype=np.int64))

    def affine(self, name, rows):
        product = self("MatMul", rows, self.floats(self.weights[name + ".weight"].T))
        return self("Add", product, self.floats(self.weights[name + ".bias"]))

    def norm(self, name, rows):
        return self("LayerNormalization", rows, self.floats(self.weights[name + ".weight"]),
                    self.floats(self.weights[name + ".bias"]), axis=-1, epsilon=1e-12)

    def heads(self, rows, order):
        return self("Transpose", self("Reshape", rows, self.integers([0, 0, 12, 32])), perm=order)


def build(weights):
    g = Graph(weights)
    words = g("Gather", g.floats(weights["embeddings.word_embeddings.weight"]), "input_ids")
    types = g("Gather", g.floats(weights["embeddings.token_type_embeddings.weight"]), "token_type_ids")
    length = g("Gather", g("Shape", "input_ids"), g.integers(1))
    places = g("Range", g.integers(0), length, g.integers(1))
    places = g("Gather", g.floats(weights["embeddings.position_embeddings.weight"]), places)
    x = g.norm("embeddings.LayerNorm", g("Add", g("Add", words, types), places))
    mask = g("Unsqueeze", g("Cast", "attention_mask", to=TensorProto.FLOAT), g.integers([1, 2]))
    mask = g("Mul", g("Sub", mask, g.floats(1)), g.floats(1e9))
    for layer in range(6):
        p = f"encoder.layer.{layer}."
        q, k, v = (g.affine(p + "attention.self." + part, x) for part in ("query", "key", "value"))
        scores = g("MatMul", g.heads(q, [0, 2, 1, 3]), g.heads(k, [0, 2, 3, 1]))
        scores = g("Add", g("Mul", scores, g.floats(1 / 32 ** 0.5)), mask)
        mixed = g("MatMul", g("Softmax", scores, axis=-1), g.heads(v, [0, 2, 1, 3]))
        mixed = g("Reshape", g("Transpose", mixed, perm=[0, 2, 1, 3]), g.integers([0, 0, 384]))
        x = g.norm(p + "attention.output.LayerNorm", g("Add", x, g.affine(p + "attention.output.dense", mixed)))
        wide = g.affine(p + "intermediate.dense", x)
        gate = g("Add", g("Erf", g("Mul", wide, g.floats(1 / 2 ** 0.5))), g.floats(1))
        wide = g("Mul", g("Mul", wide, g.floats(0.5)), gate)
        x = g.norm(p + "output.LayerNorm", g("Add", x, g.affine(p + "output.dense", wide)))
    g.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    shape = ["batch_size", "sequence_length"]
    graph = helper.make_graph(
        g.nodes, "minilm",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape)
         for name in ("input_ids", "attention_mask", "token_type_ids")],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, 384])], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


onnx.save(build(load_file(sys.argv[1] + "/model.safetensors")), sys.argv[2])
