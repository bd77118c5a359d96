#ifndef CONNXRUNTIME_H
#define CONNXRUNTIME_H

#include <stddef.h>
#include <stdint.h>

/// One ONNX model in ONNX Runtime, whose library is loaded when it is asked for: nothing here links against it.
///
/// Running is thread-safe.
typedef struct onnx_session onnx_session;

enum { ONNX_FLOAT32 = 1, ONNX_INT32 = 6, ONNX_INT64 = 7, ONNX_RANK_MAX = 8, ONNX_INPUTS_MAX = 8 };

typedef struct {
  const char *name;
  /// `ONNX_FLOAT32`, `ONNX_INT32` or `ONNX_INT64`.
  int32_t type;
  int32_t rank;
  int64_t shape[ONNX_RANK_MAX];
  const void *data;
} onnx_input;

/// A float32 tensor; `values` belongs to the caller and is released with `free`.
typedef struct {
  int32_t rank;
  int64_t shape[ONNX_RANK_MAX];
  float *values;
  size_t count;
} onnx_output;

/// Loads `library` (the path of libonnxruntime.so) and `model`, with one thread. Null, and a text in `error`, on failure.
onnx_session *onnx_open(const char *library, const char *model, char *error, size_t error_size);

void onnx_close(onnx_session *session);

size_t onnx_input_count(const onnx_session *session);
const char *onnx_input_name(const onnx_session *session, size_t index);
/// The element type of a tensor that the model wants, and its shape with −1 for what is free; returns the rank, −1 for
/// one that is over `ONNX_RANK_MAX`.
int32_t onnx_input_shape(const onnx_session *session, size_t index, int32_t *type, int64_t shape[ONNX_RANK_MAX]);
size_t onnx_output_count(const onnx_session *session);
const char *onnx_output_name(const onnx_session *session, size_t index);

/// Runs the model and copies the output `output_name`. Returns 0, or -1 and a text in `error`.
int onnx_run(const onnx_session *session, const onnx_input *inputs, size_t input_count, const char *output_name,
             onnx_output *output, char *error, size_t error_size);

#endif
