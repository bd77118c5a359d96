// The tables that each instruction set's file defines for dispatch.c.
#ifndef NEEDLETAIL_VARIANTS_H
#define NEEDLETAIL_VARIANTS_H

#include <math.h>
#include <string.h>

#include "CKernels.h"

extern const nt_kernels nt_scalar;
#if defined(__x86_64__)
extern const nt_kernels nt_avx2;
extern const nt_kernels nt_avx512;
#elif defined(__aarch64__)
extern const nt_kernels nt_neon;
#endif

static inline size_t nt_row(const uint32_t *rows, size_t i) { return rows != NULL ? rows[i] : i; }

static inline size_t nt_entry_bytes(size_t length) { return length * NT_ENTRY_BLOCK + 2 * NT_ENTRY_BLOCK * sizeof(float); }

static inline float nt_code_distance(const nt_code_query *query, const uint8_t *row, size_t stride, int32_t dot) {
  nt_code_tail tail = {1, 0};
  if (query->has_tails) __builtin_memcpy(&tail, row + stride - sizeof tail, sizeof tail);
  return query->constant + tail.bias + query->scale * tail.scale * (float)(dot - query->offset);
}

// The loop is the same everywhere; each file compiles it for its own instruction set.
#define NT_CODE_QUERY(name, target_attribute)                                                              \
  target_attribute static int32_t name(const uint8_t *codes, size_t n, int8_t *query) {                    \
    int32_t sum = 0;                                                                                       \
    for (size_t i = 0; i < n; i++) {                                                                       \
      int8_t code = (int8_t)(codes[i] ^ 0x80);                                                             \
      query[i] = code;                                                                                     \
      sum += code;                                                                                         \
    }                                                                                                      \
    for (size_t i = n; i % NT_CODE_BLOCK != 0; i++) query[i] = 0;                                          \
    return 128 * sum;                                                                                      \
  }

// BLOCK(codes, values, center, query, bytes) writes the query's codes of 64 bytes, `bytes` apart, and returns their sum.
#define NT_NIBBLE_QUERY(name, target_attribute, BLOCK)                                                     \
  target_attribute static int32_t name(const uint8_t *codes, size_t n, const int8_t values[16],            \
                                       const int8_t *center, int8_t *query) {                              \
    const size_t bytes = (n + NT_CODE_BLOCK - 1) / NT_CODE_BLOCK * NT_CODE_BLOCK;                          \
    int32_t sum = 0;                                                                                       \
    for (size_t j = 0; j < n; j += NT_CODE_BLOCK) {                                                        \
      uint8_t last[NT_CODE_BLOCK] = {0};                                                                   \
      const uint8_t *block = codes + j;                                                                    \
      if (n - j < NT_CODE_BLOCK) block = __builtin_memcpy(last, block, n - j);                             \
      sum += BLOCK(block, values, center + j, query + j, bytes);                                           \
    }                                                                                                      \
    return sum;                                                                                            \
  }

// Magnitudes are compared as integers, which keeps their order and lets the compiler take many at a time.
#define NT_LARGEST(name, target_attribute)                                                                 \
  target_attribute static float name(const float *vector, const float *mean, size_t n) {                   \
    int32_t largest = 0;                                                                                   \
    for (size_t i = 0; i < n; i++) {                                                                       \
      float x = mean != NULL ? vector[i] - mean[i] : vector[i];                                            \
      int32_t magnitude;                                                                                   \
      __builtin_memcpy(&magnitude, &x, sizeof x);                                                          \
      magnitude &= INT32_MAX;                                                                              \
      largest = magnitude > largest ? magnitude : largest;                                                 \
    }                                                                                                      \
    float result;                                                                                          \
    __builtin_memcpy(&result, &largest, sizeof result);                                                    \
    return result;                                                                                         \
  }

#define NT_QUANTIZE(name, target_attribute)                                                                \
  target_attribute static int32_t name(const float *vector, const float *mean, size_t n, float factor,     \
                                       int8_t *codes) {                                                    \
    int32_t sum = 0;                                                                                       \
    for (size_t i = 0; i < n; i++) {                                                                       \
      float value = (mean != NULL ? vector[i] - mean[i] : vector[i]) * factor;                             \
      value = value < 127 ? value : 127;                                                                   \
      value = value > -127 ? value : -127;                                                                 \
      int32_t code = (int32_t)(value + __builtin_copysignf(0.5f, value));                                  \
      codes[i] = (int8_t)code;                                                                             \
      sum += code;                                                                                         \
    }                                                                                                      \
    return sum;                                                                                            \
  }

#define NT_NIBBLE_SQUARE_ROWS(name, target_attribute)                                                      \
  target_attribute static void name(const nt_code_query *query, const uint8_t *base, size_t stride,        \
                                    const uint32_t *rows, size_t count, float *out) {                      \
    const size_t bytes = query->blocks * NT_CODE_BLOCK;                                                    \
    for (size_t i = 0; i < count; i++) {                                                                   \
      const uint8_t *row = base + nt_row(rows, i) * stride;                                                \
      int32_t product = 0, square = 0;                                                                     \
      for (size_t j = 0; j < bytes; j++) {                                                                 \
        int32_t below = row[j] & 15, above = row[j] >> 4;                                                  \
        product += below * query->codes[j] + above * query->codes[bytes + j];                              \
        square += below * (below - 15) + above * (above - 15);                                             \
      }                                                                                                    \
      out[i] = query->constant + query->square_constant + 4 * query->square * (float)square +              \
               query->scale * (float)(2 * product - query->offset);                                        \
    }                                                                                                      \
  }

// DOT(row, query, blocks) adds the query's codes where the row has a bit.
#define NT_BIT_ROWS(name, target_attribute, DOT)                                                           \
  target_attribute static void name(const nt_code_query *query, const uint8_t *base, size_t stride,        \
                                    const uint32_t *rows, size_t count, float *out) {                      \
    const size_t ahead = 24, fetched_bytes = stride < 1024 ? stride : 1024;                                \
    for (size_t i = 0; i < count && i < ahead; i++)                                                        \
      nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);                                   \
    for (size_t i = 0; i < count; i++) {                                                                   \
      if (i + ahead < count) nt_prefetch_bytes(base + nt_row(rows, i + ahead) * stride, fetched_bytes);    \
      const uint8_t *row = base + nt_row(rows, i) * stride;                                                \
      out[i] = nt_code_distance(query, row, stride, 2 * DOT(row, query->codes, query->blocks));            \
    }                                                                                                      \
  }

#define NT_INSERT(name)                                                                                    \
  static size_t name(uint64_t *words, size_t count, uint64_t word) {                                       \
    size_t i = count;                                                                                      \
    for (; i > 0 && words[i - 1] > word; i--) words[i] = words[i - 1];                                     \
    words[i] = word;                                                                                       \
    return i;                                                                                              \
  }

#define NT_COUNT_ONES(name, target)                                                                        \
  target static size_t name(const uint64_t *words, size_t count) {                                         \
    size_t ones = 0;                                                                                       \
    for (size_t i = 0; i < count; i++) ones += (size_t)__builtin_popcountll(words[i]);                     \
    return ones;                                                                                           \
  }

// Fetches what is read once, so that it drives less out of the caches.
static inline void nt_prefetch_once(const void *address) { __builtin_prefetch(address, 0, 0); }

// From byte `i` on.
static inline void nt_bytes_between(const uint8_t *bytes, size_t i, size_t count, uint8_t low, uint8_t high,
                                    uint64_t *words) {
  for (; i < count; i++)
    words[i / 64] |= (uint64_t)((uint8_t)(bytes[i] - low) <= (uint8_t)(high - low)) << (i % 64);
}

// A distance's bits in its order, -0 as 0, NaN last.
static inline uint32_t nt_key(float distance) {
  const float value = distance + 0.0f;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return distance != distance ? UINT32_MAX : bits ^ (bits >> 31 ? UINT32_MAX : UINT32_C(1) << 31);
}

// The distance of a word; NaN of the last.
static inline float nt_distance(uint64_t word) {
  const uint32_t key = (uint32_t)(word >> 32), bits = key ^ (key >> 31 ? UINT32_C(1) << 31 : UINT32_MAX);
  float distance;
  memcpy(&distance, &bits, sizeof distance);
  return distance;
}

// One after the other, those that are near enough; these are found without a branch, which would be foreseen badly.
#define NT_OFFER(name, target)                                                                             \
  target static size_t name(uint64_t *words, size_t *count, size_t capacity, const uint32_t *nodes,        \
                            const float *distances, size_t offered) {                                      \
    size_t least = capacity;                                                                               \
    for (size_t i = 0; i < offered; i += 64) {                                                             \
      const float bound = *count < capacity ? INFINITY : nt_distance(words[capacity - 1]);                 \
      uint32_t found[64];                                                                                  \
      size_t near = 0;                                                                                     \
      for (size_t j = i; j < offered && j < i + 64; j++) {                                                 \
        found[near] = (uint32_t)j;                                                                         \
        near += !(distances[j] > bound);                                                                   \
      }                                                                                                    \
      for (size_t j = 0; j < near; j++) {                                                                  \
        const uint64_t key = nt_key(distances[found[j]]);                                                  \
        const uint64_t word = key << 32 | (uint64_t)nodes[found[j]] << 1;                                  \
        if (*count < capacity)                                                                             \
          *count += 1;                                                                                     \
        else if (word >= words[capacity - 1])                                                              \
          continue;                                                                                        \
        const size_t place = insert(words, *count - 1, word);                                              \
        if (place < least) least = place;                                                                  \
      }                                                                                                    \
    }                                                                                                      \
    return least;                                                                                          \
  }

#define NT_BIT_DOT(name)                                                                                   \
  static int32_t name(const uint8_t *row, const int8_t *query, size_t blocks) {                            \
    int32_t sum = 0;                                                                                       \
    for (size_t j = 0; j < blocks * (NT_CODE_BLOCK / 8); j++)                                              \
      for (size_t k = 0; k < 8; k++) sum += query[8 * j + k] & -(row[j] >> k & 1);                         \
    return sum;                                                                                            \
  }

// Sums of sixteen rows grow side by side, so that none is added up across lanes.
#define NT_ENTRY_ROWS(name, target_attribute)                                                              \
  target_attribute static void name(const nt_code_query *query, size_t length, const uint8_t *blocks,      \
                                    size_t count, float *out, float *minima) {                             \
    for (size_t i = 0; i < count; i += NT_ENTRY_BLOCK, blocks += nt_entry_bytes(length)) {                 \
      int32_t sums[NT_ENTRY_BLOCK] = {0};                                                                  \
      for (size_t j = 0; j < length; j += 4)                                                               \
        for (size_t r = 0; r < NT_ENTRY_BLOCK; r++) {                                                      \
          const uint8_t *u = blocks + (j * NT_ENTRY_BLOCK + 4 * r);                                        \
          const int8_t *q = query->codes + j;                                                              \
          sums[r] += u[0] * q[0] + u[1] * q[1] + u[2] * q[2] + u[3] * q[3];                                \
        }                                                                                                  \
      const float *scales = (const float *)(blocks + length * NT_ENTRY_BLOCK), *biases = scales + NT_ENTRY_BLOCK; \
      float least = __builtin_inff();                                                                      \
      for (size_t r = 0; r < NT_ENTRY_BLOCK; r++) {                                                        \
        float value = query->constant + biases[r] +                                                        \
                      query->scale * scales[r] * (float)(sums[r] - query->entry_offset);                   \
        out[i + r] = value;                                                                                \
        least = value < least ? value : least;                                                             \
      }                                                                                                    \
      minima[i / NT_ENTRY_BLOCK] = least;                                                                  \
    }                                                                                                      \
  }

// A loop over rows around one pair kernel: fetches the row after next while it computes one.
#define NT_FLOAT_ROWS(name, target_attribute, kernel, sign)                                                \
  target_attribute static void name(const float *query, size_t n, const float *base, size_t stride,        \
                                    const uint32_t *rows, size_t count, float *out) {                      \
    size_t fetched_bytes = n * sizeof(float) < 2048 ? n * sizeof(float) : 2048;                            \
    for (size_t i = 0; i < count && i < 2; i++)                                                            \
      nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);                                   \
    for (size_t i = 0; i < count; i++) {                                                                   \
      if (i + 2 < count) nt_prefetch_bytes(base + nt_row(rows, i + 2) * stride, fetched_bytes);            \
      out[i] = sign kernel(query, base + nt_row(rows, i) * stride, n);                                     \
    }                                                                                                      \
  }

#endif
