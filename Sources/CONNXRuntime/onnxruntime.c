#define _GNU_SOURCE

#include "CONNXRuntime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ONNX Runtime's C interface is one table of functions to which later versions only append, so the places of the
// few that are used here stay what they were in version 1 of the table.
enum {
  GET_ERROR_MESSAGE = 2,
  CREATE_ENV = 3,
  CREATE_SESSION = 7,
  RUN = 9,
  CREATE_SESSION_OPTIONS = 10,
  SET_INTRA_OP_THREADS = 24,
  INPUT_COUNT = 30,
  OUTPUT_COUNT = 31,
  INPUT_TYPE = 33,
  INPUT_NAME = 36,
  OUTPUT_NAME = 37,
  CREATE_TENSOR = 49,
  TENSOR_DATA = 51,
  TENSOR_OF_TYPE = 55,
  DIMENSION_COUNT = 61,
  DIMENSIONS = 62,
  ELEMENT_COUNT = 64,
  ELEMENT_TYPE = 60,
  TENSOR_SHAPE = 65,
  CREATE_CPU_MEMORY = 69,
  ALLOCATOR_FREE = 76,
  DEFAULT_ALLOCATOR = 78,
  RELEASE_ENV = 92,
  RELEASE_STATUS = 93,
  RELEASE_MEMORY = 94,
  RELEASE_SESSION = 95,
  RELEASE_VALUE = 96,
  RELEASE_TYPE = 98,
  RELEASE_SHAPE = 99,
  RELEASE_SESSION_OPTIONS = 100,
};

typedef void *(*function)(void);
typedef struct {
  const function *(*get_api)(uint32_t version);
  const char *(*version)(void);
} api_base;

struct onnx_session {
  void *library;
  const function *api;
  void *environment, *session, *memory, *allocator;
  size_t input_count, output_count;
  char **inputs, **outputs;
  /// What each input wants.
  struct input_shape {
    int32_t type, rank;
    int64_t sizes[ONNX_RANK_MAX];
  } *shapes;
};

// Every call that can fail returns a status object, null when it went well.
#define CALL(api, index, types, ...) ((void *(*)types)(void *)(api)[index])(__VA_ARGS__)
#define RELEASE(api, index, object) \
  do { \
    if (object) ((void (*)(void *))(void *)(api)[index])(object); \
  } while (0)

/// Whether `status` is an error; then its text is copied and the object released.
static int failed(const function *api, void *status, char *error, size_t size) {
  if (!status) return 0;
  const char *text = ((const char *(*)(const void *))(void *)api[GET_ERROR_MESSAGE])(status);
  snprintf(error, size, "ONNX Runtime: %s", text ? text : "unknown error");
  RELEASE(api, RELEASE_STATUS, status);
  return 1;
}

/// Copies the names of all inputs or outputs.
static int read_names(onnx_session *s, int count_index, int name_index, size_t *count, char ***names, char *error,
                      size_t size) {
  if (failed(s->api, CALL(s->api, count_index, (void *, size_t *), s->session, count), error, size)) return -1;
  *names = calloc(*count + 1, sizeof **names);
  if (!*names) return -1;
  for (size_t i = 0; i < *count; i++) {
    char *name = NULL;
    if (failed(s->api,
               CALL(s->api, name_index, (void *, size_t, void *, char **), s->session, i, s->allocator, &name),
               error, size))
      return -1;
    (*names)[i] = strdup(name);
    RELEASE(s->api, RELEASE_STATUS, CALL(s->api, ALLOCATOR_FREE, (void *, void *), s->allocator, name));
    if (!(*names)[i]) return -1;
  }
  return 0;
}

/// Asks for type and shape of all inputs.
static int read_shapes(onnx_session *s, char *error, size_t size) {
  s->shapes = calloc(s->input_count + 1, sizeof *s->shapes);
  if (!s->shapes) return -1;
  for (size_t i = 0; i < s->input_count; i++) {
    void *type = NULL;
    // Belongs to `type`; null for what is no tensor.
    const void *tensor = NULL;
    int element = 0;
    size_t rank = 0;
    int bad = failed(s->api, CALL(s->api, INPUT_TYPE, (void *, size_t, void **), s->session, i, &type), error, size) ||
              failed(s->api, CALL(s->api, TENSOR_OF_TYPE, (void *, const void **), type, &tensor), error, size);
    if (!bad && tensor)
      bad = failed(s->api, CALL(s->api, ELEMENT_TYPE, (const void *, int *), tensor, &element), error, size) ||
            failed(s->api, CALL(s->api, DIMENSION_COUNT, (const void *, size_t *), tensor, &rank), error, size);
    s->shapes[i].type = element;
    s->shapes[i].rank = rank > ONNX_RANK_MAX ? -1 : (int32_t)rank;
    if (!bad && tensor && rank <= ONNX_RANK_MAX)
      bad = failed(s->api,
                   CALL(s->api, DIMENSIONS, (const void *, int64_t *, size_t), tensor, s->shapes[i].sizes, rank), error,
                   size);
    RELEASE(s->api, RELEASE_TYPE, type);
    if (bad) return -1;
  }
  return 0;
}

static int load_model(onnx_session *s, const char *model, char *error, size_t size) {
  const function *api = s->api;
  void *options = NULL;
  if (failed(api, CALL(api, CREATE_ENV, (int, const char *, void **), 3, "needletail", &s->environment), error,
             size) ||
      failed(api, CALL(api, CREATE_SESSION_OPTIONS, (void **), &options), error, size))
    return -1;
  int bad = failed(api, CALL(api, SET_INTRA_OP_THREADS, (void *, int), options, 1), error, size) ||
            failed(api,
                   CALL(api, CREATE_SESSION, (void *, const char *, void *, void **), s->environment, model,
                        options, &s->session),
                   error, size);
  RELEASE(api, RELEASE_SESSION_OPTIONS, options);
  if (bad ||
      failed(api, CALL(api, CREATE_CPU_MEMORY, (int, int, void **), 1, 0, &s->memory), error, size) ||
      failed(api, CALL(api, DEFAULT_ALLOCATOR, (void **), &s->allocator), error, size))
    return -1;
  if (read_names(s, INPUT_COUNT, INPUT_NAME, &s->input_count, &s->inputs, error, size) != 0 ||
      read_shapes(s, error, size) != 0)
    return -1;
  return read_names(s, OUTPUT_COUNT, OUTPUT_NAME, &s->output_count, &s->outputs, error, size);
}

onnx_session *onnx_open(const char *library, const char *model, char *error, size_t error_size) {
  snprintf(error, error_size, "out of memory");
  onnx_session *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!s->library) {
    snprintf(error, error_size, "%s", dlerror());
    onnx_close(s);
    return NULL;
  }
  const api_base *(*get_base)(void) = (const api_base *(*)(void))dlsym(s->library, "OrtGetApiBase");
  s->api = get_base ? get_base()->get_api(1) : NULL;
  if (!s->api) {
    snprintf(error, error_size, "%s is no ONNX Runtime", library);
    onnx_close(s);
    return NULL;
  }
  if (load_model(s, model, error, error_size) != 0) {
    onnx_close(s);
    return NULL;
  }
  return s;
}

static void free_names(char **names, size_t count) {
  for (size_t i = 0; names && i < count; i++) free(names[i]);
  free(names);
}

void onnx_close(onnx_session *s) {
  if (!s) return;
  free_names(s->inputs, s->input_count);
  free_names(s->outputs, s->output_count);
  free(s->shapes);
  if (s->api) {
    RELEASE(s->api, RELEASE_MEMORY, s->memory);
    RELEASE(s->api, RELEASE_SESSION, s->session);
    RELEASE(s->api, RELEASE_ENV, s->environment);
  }
  // The library stays loaded: its threads may outlive the session.
  free(s);
}

size_t onnx_input_count(const onnx_session *s) { return s->input_count; }
const char *onnx_input_name(const onnx_session *s, size_t index) { return s->inputs[index]; }
int32_t onnx_input_shape(const onnx_session *s, size_t index, int32_t *type, int64_t shape[ONNX_RANK_MAX]) {
  *type = s->shapes[index].type;
  memcpy(shape, s->shapes[index].sizes, sizeof s->shapes[index].sizes);
  return s->shapes[index].rank;
}
size_t onnx_output_count(const onnx_session *s) { return s->output_count; }
const char *onnx_output_name(const onnx_session *s, size_t index) { return s->outputs[index]; }

static size_t byte_count(const onnx_input *input) {
  size_t count = input->type == ONNX_INT64 ? 8 : 4;
  for (int32_t i = 0; i < input->rank; i++) count *= (size_t)input->shape[i];
  return count;
}

/// Copies a float32 tensor out of the runtime.
static int copy_tensor(const function *api, void *value, onnx_output *output, char *error, size_t size) {
  void *shape = NULL;
  void *data = NULL;
  size_t rank = 0;
  int type = 0;
  int bad = failed(api, CALL(api, TENSOR_SHAPE, (void *, void **), value, &shape), error, size) ||
            failed(api, CALL(api, ELEMENT_TYPE, (void *, int *), shape, &type), error, size) ||
            failed(api, CALL(api, DIMENSION_COUNT, (void *, size_t *), shape, &rank), error, size);
  if (!bad && (type != ONNX_FLOAT32 || rank > ONNX_RANK_MAX)) {
    snprintf(error, size, "the output has type %d and %zu dimensions; float32 of at most %d is read", type, rank,
             ONNX_RANK_MAX);
    bad = 1;
  }
  bad = bad ||
        failed(api, CALL(api, DIMENSIONS, (void *, int64_t *, size_t), shape, output->shape, rank), error, size) ||
        failed(api, CALL(api, ELEMENT_COUNT, (void *, size_t *), shape, &output->count), error, size) ||
        failed(api, CALL(api, TENSOR_DATA, (void *, void **), value, &data), error, size);
  RELEASE(api, RELEASE_SHAPE, shape);
  if (bad) return -1;
  output->rank = (int32_t)rank;
  output->values = malloc(output->count * sizeof(float) + 1);
  if (!output->values) return -1;
  memcpy(output->values, data, output->count * sizeof(float));
  return 0;
}

int onnx_run(const onnx_session *s, const onnx_input *inputs, size_t input_count, const char *output_name,
             onnx_output *output, char *error, size_t error_size) {
  snprintf(error, error_size, "out of memory or too many inputs");
  if (input_count > ONNX_INPUTS_MAX) return -1;
  void *values[ONNX_INPUTS_MAX] = {0};
  const char *names[ONNX_INPUTS_MAX] = {0};
  void *result = NULL;
  int bad = 0;
  for (size_t i = 0; i < input_count && !bad; i++) {
    names[i] = inputs[i].name;
    bad = failed(s->api,
                 CALL(s->api, CREATE_TENSOR,
                      (void *, const void *, size_t, const int64_t *, size_t, int, void **), s->memory,
                      inputs[i].data, byte_count(&inputs[i]), inputs[i].shape, (size_t)inputs[i].rank,
                      inputs[i].type, &values[i]),
                 error, error_size);
  }
  bad = bad ||
        failed(s->api,
               CALL(s->api, RUN,
                    (void *, void *, const char *const *, void *const *, size_t, const char *const *, size_t,
                     void **),
                    s->session, NULL, names, values, input_count, &output_name, 1, &result),
               error, error_size) ||
        copy_tensor(s->api, result, output, error, error_size) != 0;
  RELEASE(s->api, RELEASE_VALUE, result);
  for (size_t i = 0; i < input_count; i++) RELEASE(s->api, RELEASE_VALUE, values[i]);
  return bad ? -1 : 0;
}
