#include "CSentencePiece.h"

#include <cstdio>
#include <exception>
#include <new>
#include <string_view>
#include <vector>

#include <sentencepiece_processor.h>

struct sentencepiece_model {
  sentencepiece::SentencePieceProcessor processor;
};

sentencepiece_model *sentencepiece_open(const char *path, char *error, size_t error_size) {
  auto *model = new (std::nothrow) sentencepiece_model;
  if (!model) return nullptr;
  try {
    auto status = model->processor.Load(path);
    if (status.ok()) return model;
    std::snprintf(error, error_size, "%s", status.ToString().c_str());
  } catch (const std::exception &caught) {
    std::snprintf(error, error_size, "%s", caught.what());
  }
  delete model;
  return nullptr;
}

void sentencepiece_close(sentencepiece_model *model) { delete model; }

int64_t sentencepiece_encode(const sentencepiece_model *model, const char *text, size_t length, int32_t *ids,
                             size_t capacity) {
  try {
    std::vector<int> found;
    if (!model->processor.Encode({text, length}, &found).ok()) return -1;
    for (size_t i = 0; i < found.size() && i < capacity; i++) ids[i] = found[i];
    return static_cast<int64_t>(found.size());
  } catch (const std::exception &) {
    return -1;
  }
}
