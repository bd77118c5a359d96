// Codes of vectors: once a row when a part is built, once a query. The loops are plain for the compiler.
#include "CKernels.h"

// What x is multiplied by to become a code of 8 bits; 0 where all are 0.
static float byte_factor(const nt_kernels *kernels, const float *vector, const float *mean, size_t n, float *step) {
  float largest = kernels->largest(vector, mean, n);
  if (!(largest <= 3.0e38f)) largest = 3.0e38f;
  float factor = largest > 1e-35f ? 127 / largest : 0;
  *step = factor > 0 ? largest / 127 : 0;
  return factor;
}

float nt_encode(const float *vector, const float *mean, size_t n, uint8_t *codes) {
  const nt_kernels *kernels = nt_kernels_best();
  float step, factor = byte_factor(kernels, vector, mean, n, &step);
  kernels->quantize(vector, mean, n, factor, (int8_t *)codes);
  for (size_t i = 0; i < n; i++) codes[i] ^= 0x80;
  return step;
}

float nt_encode_query(const float *vector, const float *mean, size_t n, size_t parts, size_t blocks, int8_t *query,
                      int32_t *sum) {
  const nt_kernels *kernels = nt_kernels_best();
  const size_t bytes = blocks * NT_CODE_BLOCK, part = (n + parts - 1) / parts;
  float step, factor = byte_factor(kernels, vector, mean, n, &step);
  *sum = 0;
  for (size_t first = 0; first < n; first += part, query += bytes) {
    size_t count = n - first < part ? n - first : part;
    *sum += kernels->quantize(vector + first, mean != NULL ? mean + first : NULL, count, factor, query);
    __builtin_memset(query + count, 0, bytes - count);
  }
  // Of one element the second part has none.
  if (n < parts) __builtin_memset(query, 0, bytes);
  return step;
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

// Elements that are encoded before they are summed up or packed: loops without branches, which the compiler vectorizes.
enum { GROUP = 64 };

static void nibbles(const float *vector, const float *mean, size_t n, float factor, uint8_t *found) {
  for (size_t i = 0; i < n; i++) found[i] = nibble(centred(vector, mean, i), factor);
}

// The square of the correlation of a row with its nibbles, times the row's length, and the best scale for them.
static float fit(const float *vector, const float *mean, size_t n, float step, float *scale) {
  float products[8] = {0}, squares[8] = {0}, product = 0, square = 0;
  for (size_t first = 0; first < n; first += GROUP) {
    uint8_t group[GROUP] = {0};
    float x[GROUP] = {0}, y[GROUP] = {0};
    const size_t count = n - first < GROUP ? n - first : GROUP;
    nibbles(vector + first, mean != NULL ? mean + first : NULL, count, 1 / step, group);
    for (size_t i = 0; i < count; i++) x[i] = centred(vector, mean, first + i), y[i] = 2.0f * group[i] - 15;
    for (size_t i = 0; i < GROUP; i += 8)
      for (size_t k = 0; k < 8; k++) products[k] += x[i + k] * y[i + k], squares[k] += y[i + k] * y[i + k];
  }
  for (size_t k = 0; k < 8; k++) product += products[k], square += squares[k];
  *scale = product / square;
  return product * product / square;
}

float nt_encode_nibbles(const float *vector, const float *mean, size_t n, float step, uint8_t *codes) {
  float scale = step / 2;
  if (!(step > 0)) {
    float largest = nt_kernels_best()->largest(vector, mean, n);
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
  const size_t half = (n + 1) / 2;
  for (size_t first = 0; first < half; first += GROUP) {
    uint8_t below[GROUP] = {0}, above[GROUP] = {0};
    const size_t count = half - first < GROUP ? half - first : GROUP;
    const size_t second = half + first, rest = n - second < count ? n - second : count;
    nibbles(vector + first, mean != NULL ? mean + first : NULL, count, 1 / step, below);
    nibbles(vector + second, mean != NULL ? mean + second : NULL, rest, 1 / step, above);
    for (size_t j = 0; j < count; j++) codes[first + j] = (uint8_t)(below[j] | above[j] << 4);
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

// Eight sums, which the compiler keeps side by side.
static float byte_decoded_dot(const float *vector, const float *mean, size_t n, const uint8_t *codes) {
  float sums[8] = {0};
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (size_t k = 0; k < 8; k++) sums[k] += centred(vector, mean, i + k) * (float)(codes[i + k] - 128);
  for (; i < n; i++) sums[0] += centred(vector, mean, i) * (float)(codes[i] - 128);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

float nt_decoded_dot(const float *vector, const float *mean, size_t n, const uint8_t *codes, int bits) {
  if (bits == 8) return byte_decoded_dot(vector, mean, n, codes);
  float sum = 0;
  size_t half = (n + 1) / 2;
  for (size_t i = 0; i < n; i++) {
    int value = bits == 4 ? 2 * (i < half ? codes[i] & 15 : codes[i - half] >> 4) - 15
                          : 2 * (codes[i / 8] >> (i % 8) & 1) - 1;
    sum += centred(vector, mean, i) * (float)value;
  }
  return sum;
}
