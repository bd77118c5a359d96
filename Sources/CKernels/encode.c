// Codes of vectors: once a row when a part is built, once a query. The loops are plain for the compiler.
#include "CKernels.h"

float nt_encode(const float *vector, const float *mean, size_t n, uint8_t *codes) {
  float largest = 0;
  for (size_t i = 0; i < n; i++) {
    float magnitude = __builtin_fabsf(mean != NULL ? vector[i] - mean[i] : vector[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  if (!(largest <= 3.0e38f)) largest = 3.0e38f;
  float step = largest / 127, factor = largest > 1e-35f ? 127 / largest : 0;
  for (size_t i = 0; i < n; i++) {
    float value = (mean != NULL ? vector[i] - mean[i] : vector[i]) * factor;
    value = value < 127 ? value : 127;
    value = value > -127 ? value : -127;
    codes[i] = (uint8_t)((int32_t)(value + (value < 0 ? -0.5f : 0.5f)) + 128);
  }
  return factor > 0 ? step : 0;
}

static float centred(const float *vector, const float *mean, size_t i) {
  return mean != NULL ? vector[i] - mean[i] : vector[i];
}

// The nearest of the sixteen values (2u − 15) · step / 2.
static uint8_t nibble(float value, float factor) {
  value = value * factor + 8;
  value = value < 15 ? value : 15;
  value = value > 0 ? value : 0;
  return (uint8_t)value;
}

// The square of the correlation of a row with its nibbles, times the row's length, and the best scale for them.
static float fit(const float *vector, const float *mean, size_t n, float step, float *scale) {
  float factor = 1 / step, product = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    float x = centred(vector, mean, i), y = 2.0f * nibble(x, factor) - 15;
    product += x * y;
    square += y * y;
  }
  *scale = product / square;
  return product * product / square;
}

float nt_encode_nibbles(const float *vector, const float *mean, size_t n, float step, uint8_t *codes) {
  float scale = step / 2;
  if (!(step > 0)) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) {
      float magnitude = __builtin_fabsf(centred(vector, mean, i));
      largest = magnitude > largest ? magnitude : largest;
    }
    if (!(largest <= 1e18f)) largest = 1e18f;
    step = 1;
    scale = 0;
    if (largest > 1e-18f) {
      static const float clips[] = {1, 0.85f, 0.72f, 0.61f, 0.52f};
      float best = -1;
      for (size_t k = 0; k < sizeof clips / sizeof *clips; k++) {
        float fitted, candidate = largest * clips[k] / 7.5f, quality = fit(vector, mean, n, candidate, &fitted);
        if (quality > best) best = quality, step = candidate, scale = fitted;
      }
    }
  }
  float factor = 1 / step;
  size_t half = (n + 1) / 2;
  for (size_t j = 0; j < half; j++) {
    uint8_t above = half + j < n ? nibble(centred(vector, mean, half + j), factor) : 0;
    codes[j] = (uint8_t)(nibble(centred(vector, mean, j), factor) | above << 4);
  }
  return scale;
}

float nt_encode_bits(const float *vector, const float *mean, size_t n, uint8_t *codes) {
  float magnitudes = 0, square = 0;
  for (size_t i = 0; i < n; i++) {
    float x = centred(vector, mean, i);
    float magnitude = __builtin_fabsf(x);
    if (!(magnitude <= 1e18f)) magnitude = 1e18f;
    if (i % 8 == 0) codes[i / 8] = 0;
    codes[i / 8] = (uint8_t)(codes[i / 8] | (x > 0) << (i % 8));
    magnitudes += magnitude;
    square += magnitude * magnitude;
  }
  return magnitudes > 1e-18f ? square / magnitudes : 0;
}

float nt_decoded_dot(const float *vector, const float *mean, size_t n, const uint8_t *codes, int bits) {
  float sum = 0;
  size_t half = (n + 1) / 2;
  for (size_t i = 0; i < n; i++) {
    int value = bits == 8   ? codes[i] - 128
                : bits == 4 ? 2 * (i < half ? codes[i] & 15 : codes[i - half] >> 4) - 15
                            : 2 * (codes[i / 8] >> (i % 8) & 1) - 1;
    sum += centred(vector, mean, i) * (float)value;
  }
  return sum;
}

int32_t nt_nibble_query(const uint8_t *codes, size_t n, size_t blocks, int8_t *query) {
  size_t half = (n + 1) / 2, bytes = blocks * NT_CODE_BLOCK;
  int32_t sum = 0;
  for (size_t j = 0; j < bytes; j++) {
    query[j] = j < half ? (int8_t)(codes[j] ^ 0x80) : 0;
    query[bytes + j] = j < half && half + j < n ? (int8_t)(codes[half + j] ^ 0x80) : 0;
    sum += query[j] + query[bytes + j];
  }
  return 15 * sum;
}
