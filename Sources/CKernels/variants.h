// The tables that each instruction set's file defines for dispatch.c.
#ifndef NEEDLETAIL_VARIANTS_H
#define NEEDLETAIL_VARIANTS_H

#include "CKernels.h"

extern const nt_kernels nt_scalar;
#if defined(__x86_64__)
extern const nt_kernels nt_avx2;
extern const nt_kernels nt_avx512;
#elif defined(__aarch64__)
extern const nt_kernels nt_neon;
#endif

static inline size_t nt_row(const uint32_t *rows, size_t i) { return rows != NULL ? rows[i] : i; }

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

static inline void nt_prefetch_bytes(const void *address, size_t bytes) {
  for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch((const char *)address + offset, 0, 3);
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
