#ifndef CMINILM_H
#define CMINILM_H

#include <stddef.h>
#include <stdint.h>

/// A BERT encoder of the MiniLM family on OpenBLAS, whose float32 weights stay in the mapped safetensors file.
///
/// The caller has parsed the file's header and says where each tensor begins; here are only the mapping and the
/// arithmetic. An encoder may be used by several threads at once: each call has working memory of its own.
typedef struct minilm minilm;

typedef struct {
  int32_t hidden;
  int32_t intermediate;
  int32_t heads;
  int32_t layers;
  int32_t vocabulary;
  int32_t positions;
  float epsilon;
} minilm_shape;

/// Tensors before the layers: word, position and type embeddings, scale and shift of their normalisation.
enum { MINILM_EMBEDDING_TENSORS = 5 };
/// Tensors of a layer, each a weight and a bias: query, key, value, attention output, its normalisation,
/// intermediate, output, its normalisation.
enum { MINILM_LAYER_TENSORS = 16 };

/// Maps `path`, whose tensors begin at `offsets` (bytes, multiples of 4), `tensor_count` of them in the order above.
///
/// `bytes_min` is the end of the last tensor; a shorter file is refused. Null, and a text in `error`, on failure.
minilm *minilm_open(const char *path, minilm_shape shape, const uint64_t *offsets, size_t tensor_count,
                    uint64_t bytes_min, char *error, size_t error_size);

void minilm_close(minilm *model);

/// Some token sequences on their way through the layers, so that the caller may stop in between.
typedef struct minilm_run minilm_run;

/// Begins with `count` token sequences that stand behind each other in `tokens`, `lengths[i]` each.
///
/// Every token must be in 0..<vocabulary, every length in 1...positions. Null without memory.
minilm_run *minilm_begin(const minilm *model, const int32_t *tokens, const int32_t *lengths, size_t count);

/// Each layer in 0..<layers once, in this order.
void minilm_run_layer(minilm_run *run, int32_t layer);

/// Behind the last layer: `out` [count × hidden], the mean over all tokens, scaled to length 1.
void minilm_pool(const minilm_run *run, float *out);

void minilm_end(minilm_run *run);

#endif
