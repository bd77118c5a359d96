#ifndef CSENTENCEPIECE_H
#define CSENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A SentencePiece model; may be used by several threads at once.
typedef struct sentencepiece_model sentencepiece_model;

/// Null, and a text in `error`, when the file is no model.
sentencepiece_model *sentencepiece_open(const char *path, char *error, size_t error_size);

void sentencepiece_close(sentencepiece_model *model);

/// Writes at most `capacity` ids of UTF-8 `text` and returns how many there are in all, or -1.
int64_t sentencepiece_encode(const sentencepiece_model *model, const char *text, size_t length, int32_t *ids,
                             size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
