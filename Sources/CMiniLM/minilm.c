#define _GNU_SOURCE

#include "CMiniLM.h"

#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef OPENBLAS_VERSION
#define HAS_OPENBLAS 1
#endif

typedef struct {
  const float *weight;
  const float *bias;
} affine;

typedef struct {
  affine query, key, value, attention_output, attention_norm, intermediate, output, output_norm;
} layer_weights;

struct minilm {
  minilm_shape shape;
  void *mapping;
  size_t mapping_bytes;
  const float *words, *positions, *types;
  affine norm;
  layer_weights *layers;
};

static void *fail(char *error, size_t size, const char *what, const char *detail) {
  snprintf(error, size, "%s: %s", what, detail);
  return NULL;
}

static const float *tensor(const minilm *model, uint64_t offset) {
  return (const float *)((const char *)model->mapping + offset);
}

static affine affine_at(const minilm *model, const uint64_t *offsets) {
  return (affine){tensor(model, offsets[0]), tensor(model, offsets[1])};
}

minilm *minilm_open(const char *path, minilm_shape shape, const uint64_t *offsets, size_t tensor_count,
                    uint64_t bytes_min, char *error, size_t error_size) {
  if (tensor_count != MINILM_EMBEDDING_TENSORS + (size_t)shape.layers * MINILM_LAYER_TENSORS)
    return fail(error, error_size, path, "wrong number of tensors");
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(error, error_size, path, strerror(errno));
  struct stat status;
  if (fstat(file, &status) != 0 || (uint64_t)status.st_size < bytes_min) {
    close(file);
    return fail(error, error_size, path, "shorter than its header says");
  }
  void *mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (mapping == MAP_FAILED) return fail(error, error_size, path, strerror(errno));

  minilm *model = calloc(1, sizeof *model);
  layer_weights *layers = calloc((size_t)shape.layers, sizeof *layers);
  if (!model || !layers) {
    free(model);
    free(layers);
    munmap(mapping, (size_t)status.st_size);
    return fail(error, error_size, path, "out of memory");
  }
  model->shape = shape;
  model->mapping = mapping;
  model->mapping_bytes = (size_t)status.st_size;
  model->words = tensor(model, offsets[0]);
  model->positions = tensor(model, offsets[1]);
  model->types = tensor(model, offsets[2]);
  model->norm = affine_at(model, offsets + 3);
  model->layers = layers;
  for (int32_t i = 0; i < shape.layers; i++) {
    const uint64_t *place = offsets + MINILM_EMBEDDING_TENSORS + (size_t)i * MINILM_LAYER_TENSORS;
    layers[i] = (layer_weights){
        affine_at(model, place),      affine_at(model, place + 2),  affine_at(model, place + 4),
        affine_at(model, place + 6),  affine_at(model, place + 8),  affine_at(model, place + 10),
        affine_at(model, place + 12), affine_at(model, place + 14),
    };
  }
#if HAS_OPENBLAS
  // Videos are embedded side by side, so a thread of the library for each core would only compete.
  openblas_set_num_threads(1);
#endif
  return model;
}

void minilm_close(minilm *model) {
  if (!model) return;
  munmap(model->mapping, model->mapping_bytes);
  free(model->layers);
  free(model);
}

/// out [rows × width] = in [rows × depth] · weightᵀ + bias
static void apply_affine(affine weights, const float *in, float *out, int rows, int depth, int width) {
  for (int row = 0; row < rows; row++)
    memcpy(out + (size_t)row * (size_t)width, weights.bias, (size_t)width * sizeof(float));
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, width, depth, 1, in, depth, weights.weight, depth,
              1, out, width);
}

/// Normalises each row to mean 0 and variance 1, then scales and shifts it.
static void normalize_rows(affine norm, float *rows, int count, int width, float epsilon) {
  for (int row = 0; row < count; row++) {
    float *x = rows + (size_t)row * (size_t)width;
    float mean = 0, variance = 0;
    for (int i = 0; i < width; i++) mean += x[i];
    mean /= (float)width;
    for (int i = 0; i < width; i++) variance += (x[i] - mean) * (x[i] - mean);
    float scale = 1 / sqrtf(variance / (float)width + epsilon);
    for (int i = 0; i < width; i++) x[i] = (x[i] - mean) * scale * norm.weight[i] + norm.bias[i];
  }
}

static void softmax_rows(float *rows, int count, int width) {
  for (int row = 0; row < count; row++) {
    float *x = rows + (size_t)row * (size_t)width;
    float largest = x[0], sum = 0;
    for (int i = 1; i < width; i++) largest = fmaxf(largest, x[i]);
    for (int i = 0; i < width; i++) sum += x[i] = expf(x[i] - largest);
    for (int i = 0; i < width; i++) x[i] /= sum;
  }
}

/// The parts of one block of working memory; all are row-major with one row a token.
typedef struct {
  float *x, *query, *key, *value, *mixed, *wide, *scores;
} workspace;

static void attend(const minilm_shape *shape, const workspace *w, const int32_t *lengths, size_t count) {
  const int hidden = shape->hidden, size = hidden / shape->heads;
  const float scale = 1 / sqrtf((float)size);
  size_t start = 0;
  for (size_t sequence = 0; sequence < count; sequence++) {
    const int length = lengths[sequence];
    for (int head = 0; head < shape->heads; head++) {
      const size_t at = start * (size_t)hidden + (size_t)(head * size);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, length, length, size, scale, w->query + at, hidden,
                  w->key + at, hidden, 0, w->scores, length);
      softmax_rows(w->scores, length, length);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, length, size, length, 1, w->scores, length,
                  w->value + at, hidden, 0, w->mixed + at, hidden);
    }
    start += (size_t)length;
  }
}

static void run_layer(const minilm *model, const layer_weights *layer, const workspace *w,
                      const int32_t *lengths, size_t count, int rows) {
  const int hidden = model->shape.hidden, wide = model->shape.intermediate;
  const size_t values = (size_t)rows * (size_t)hidden;
  apply_affine(layer->query, w->x, w->query, rows, hidden, hidden);
  apply_affine(layer->key, w->x, w->key, rows, hidden, hidden);
  apply_affine(layer->value, w->x, w->value, rows, hidden, hidden);
  attend(&model->shape, w, lengths, count);
  apply_affine(layer->attention_output, w->mixed, w->query, rows, hidden, hidden);
  for (size_t i = 0; i < values; i++) w->x[i] += w->query[i];
  normalize_rows(layer->attention_norm, w->x, rows, hidden, model->shape.epsilon);

  apply_affine(layer->intermediate, w->x, w->wide, rows, hidden, wide);
  const size_t wide_values = (size_t)rows * (size_t)wide;
  for (size_t i = 0; i < wide_values; i++) w->wide[i] *= 0.5f * (1 + erff(w->wide[i] * 0.70710678f));
  apply_affine(layer->output, w->wide, w->query, rows, wide, hidden);
  for (size_t i = 0; i < values; i++) w->x[i] += w->query[i];
  normalize_rows(layer->output_norm, w->x, rows, hidden, model->shape.epsilon);
}

static void embed_tokens(const minilm *model, const int32_t *tokens, const int32_t *lengths, size_t count,
                         float *x) {
  const size_t hidden = (size_t)model->shape.hidden;
  size_t row = 0;
  for (size_t sequence = 0; sequence < count; sequence++)
    for (int32_t place = 0; place < lengths[sequence]; place++, row++) {
      const float *word = model->words + (size_t)tokens[row] * hidden;
      const float *position = model->positions + (size_t)place * hidden;
      for (size_t i = 0; i < hidden; i++) x[row * hidden + i] = word[i] + position[i] + model->types[i];
    }
  normalize_rows(model->norm, x, (int)row, (int)hidden, model->shape.epsilon);
}

static void pool_means(const float *x, const int32_t *lengths, size_t count, size_t hidden, float *out) {
  for (size_t sequence = 0; sequence < count; sequence++, out += hidden) {
    memset(out, 0, hidden * sizeof(float));
    for (int32_t place = 0; place < lengths[sequence]; place++, x += hidden)
      for (size_t i = 0; i < hidden; i++) out[i] += x[i];
    double squares = 0;
    for (size_t i = 0; i < hidden; i++) squares += (double)out[i] * out[i];
    const float scale = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
    for (size_t i = 0; i < hidden; i++) out[i] *= scale;
  }
}

struct minilm_run {
  const minilm *model;
  workspace work;
  size_t count;
  int rows;
  int32_t lengths[];
};

minilm_run *minilm_begin(const minilm *model, const int32_t *tokens, const int32_t *lengths, size_t count) {
  const size_t hidden = (size_t)model->shape.hidden;
  size_t rows = 0, longest = 0;
  for (size_t i = 0; i < count; i++) {
    rows += (size_t)lengths[i];
    if ((size_t)lengths[i] > longest) longest = (size_t)lengths[i];
  }
  const size_t wide = (size_t)model->shape.intermediate;
  minilm_run *run = malloc(sizeof *run + count * sizeof *lengths);
  float *memory = malloc((rows * (5 * hidden + wide) + longest * longest) * sizeof(float));
  if (!run || !memory) {
    free(run);
    free(memory);
    return NULL;
  }
  const size_t part = rows * hidden;
  run->model = model;
  run->work = (workspace){memory,            memory + part,     memory + 2 * part, memory + 3 * part,
                          memory + 4 * part, memory + 5 * part, memory + 5 * part + rows * wide};
  run->count = count;
  run->rows = (int)rows;
  memcpy(run->lengths, lengths, count * sizeof *lengths);
  embed_tokens(model, tokens, lengths, count, run->work.x);
  return run;
}

void minilm_run_layer(minilm_run *run, int32_t layer) {
  run_layer(run->model, &run->model->layers[layer], &run->work, run->lengths, run->count, run->rows);
}

void minilm_pool(const minilm_run *run, float *out) {
  pool_means(run->work.x, run->lengths, run->count, (size_t)run->model->shape.hidden, out);
}

void minilm_end(minilm_run *run) {
  free(run->work.x);
  free(run);
}
