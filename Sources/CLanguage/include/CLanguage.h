#ifndef CLANGUAGE_H
#define CLANGUAGE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Guesses the language of UTF-8 `text` with cld2 and writes its code (`en`, `zh-Hant`) into `code`.
///
/// Returns the share of the text in that language, 0…1, or 0 where cld2 is not sure.
double language_detect(const char *text, size_t length, char *code, size_t code_size);

#ifdef __cplusplus
}
#endif

#endif
