#include "CLanguage.h"

// cld2's header uses FILE without including its declaration.
#include <cstdio>

#include <cld2/public/compact_lang_det.h>

double language_detect(const char *text, size_t length, char *code, size_t code_size) {
  CLD2::Language languages[3];
  int percents[3];
  int text_bytes = 0;
  bool is_reliable = false;
  CLD2::DetectLanguageSummary(text, static_cast<int>(length), true, languages, percents, &text_bytes,
                              &is_reliable);
  std::snprintf(code, code_size, "%s", CLD2::LanguageCode(languages[0]));
  return is_reliable && languages[0] != CLD2::UNKNOWN_LANGUAGE ? percents[0] / 100.0 : 0;
}
