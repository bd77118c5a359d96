// Advanced SIMD of AArch64: four floats or eight integers a step; the rest is copied behind zeros.
#if defined(__aarch64__)
#include "pairs.h"

#include <arm_neon.h>

static inline float32x4_t load_f32(const float *v) { return vld1q_f32(v); }
static inline float32x4_t load_f16(const uint16_t *v) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(v))); }
static inline int16x8_t load_u8(const uint8_t *v) { return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(v))); }
static inline int16x8_t load_i8(const int8_t *v) { return vmovl_s8(vld1_s8(v)); }

static inline float32x4_t dot_step(float32x4_t sum, float32x4_t x, float32x4_t y) { return vfmaq_f32(sum, x, y); }
static inline float32x4_t l2_step(float32x4_t sum, float32x4_t x, float32x4_t y) {
  float32x4_t difference = vsubq_f32(x, y);
  return vfmaq_f32(sum, difference, difference);
}
static inline float32x4_t l1_step(float32x4_t sum, float32x4_t x, float32x4_t y) {
  return vaddq_f32(sum, vabdq_f32(x, y));
}
static inline int32x4_t whole_dot_step(int32x4_t sum, int16x8_t x, int16x8_t y) {
  return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(x), vget_low_s16(y)), x, y);
}
static inline int32x4_t whole_l2_step(int32x4_t sum, int16x8_t x, int16x8_t y) {
  int16x8_t difference = vsubq_s16(x, y);
  return whole_dot_step(sum, difference, difference);
}
static inline int32x4_t whole_l1_step(int32x4_t sum, int16x8_t x, int16x8_t y) {
  return vpadalq_s16(sum, vabdq_s16(x, y));
}

#define FLOAT_ZERO vdupq_n_f32(0)
#define WHOLE_ZERO vdupq_n_s32(0)

// The rest of both vectors, fewer than `width` elements, with zeros behind.
#define REST(type, width)                                                                                  \
  type rest_a[width] = {0}, rest_b[width] = {0};                                                           \
  __builtin_memcpy(rest_a, a + i, (n - i) * sizeof(type));                                                 \
  __builtin_memcpy(rest_b, b + i, (n - i) * sizeof(type))

#define PAIR(name, type, vector, LOAD, width, ZERO, STEP, TOTAL)                                           \
  static float name(const void *pa, const void *pb, size_t n) {                                            \
    const type *a = pa, *b = pb;                                                                           \
    vector s0 = ZERO, s1 = ZERO;                                                                           \
    size_t i = 0;                                                                                          \
    for (; i + 2 * width <= n; i += 2 * width) {                                                           \
      s0 = STEP(s0, LOAD(a + i), LOAD(b + i));                                                             \
      s1 = STEP(s1, LOAD(a + i + width), LOAD(b + i + width));                                             \
    }                                                                                                      \
    if (i + width <= n) {                                                                                  \
      s0 = STEP(s0, LOAD(a + i), LOAD(b + i));                                                             \
      i += width;                                                                                          \
    }                                                                                                      \
    if (i < n) {                                                                                           \
      REST(type, width);                                                                                   \
      s1 = STEP(s1, LOAD(rest_a), LOAD(rest_b));                                                           \
    }                                                                                                      \
    return (float)(TOTAL(s0) + TOTAL(s1));                                                                 \
  }

#define COSINE(name, type, vector, loaded, LOAD, width, ZERO, STEP, TOTAL)                                 \
  static float name(const void *pa, const void *pb, size_t n) {                                            \
    const type *a = pa, *b = pb;                                                                           \
    vector ab = ZERO, aa = ZERO, bb = ZERO;                                                                \
    loaded x, y;                                                                                           \
    size_t i = 0;                                                                                          \
    for (; i + width <= n; i += width) {                                                                   \
      x = LOAD(a + i), y = LOAD(b + i);                                                                    \
      ab = STEP(ab, x, y), aa = STEP(aa, x, x), bb = STEP(bb, y, y);                                       \
    }                                                                                                      \
    if (i < n) {                                                                                           \
      REST(type, width);                                                                                   \
      x = LOAD(rest_a), y = LOAD(rest_b);                                                                  \
      ab = STEP(ab, x, y), aa = STEP(aa, x, x), bb = STEP(bb, y, y);                                       \
    }                                                                                                      \
    return nt_cosine((double)TOTAL(ab), (double)TOTAL(aa), (double)TOTAL(bb));                             \
  }

#define PAIRS(name, type, vector, loaded, width, ZERO, prefix, TOTAL)                                      \
  PAIR(name##_dot, type, vector, load_##name, width, ZERO, prefix##dot_step, TOTAL)                        \
  PAIR(name##_squared_l2, type, vector, load_##name, width, ZERO, prefix##l2_step, TOTAL)                  \
  PAIR(name##_l1, type, vector, load_##name, width, ZERO, prefix##l1_step, TOTAL)                          \
  COSINE(name##_cosine, type, vector, loaded, load_##name, width, ZERO, prefix##dot_step, TOTAL)

PAIRS(f32, float, float32x4_t, float32x4_t, 4, FLOAT_ZERO, , vaddvq_f32)
PAIRS(f16, uint16_t, float32x4_t, float32x4_t, 4, FLOAT_ZERO, , vaddvq_f32)
PAIRS(u8, uint8_t, int32x4_t, int16x8_t, 8, WHOLE_ZERO, whole_, vaddlvq_s32)
PAIRS(i8, int8_t, int32x4_t, int16x8_t, 8, WHOLE_ZERO, whole_, vaddlvq_s32)

#define BIT_COUNT(name, COMBINE, OPERATOR)                                                                 \
  static uint64_t name(const uint8_t *a, const uint8_t *b, size_t n) {                                     \
    uint64x2_t sum = vdupq_n_u64(0);                                                                       \
    size_t bytes = (n + 7) / 8, i = 0;                                                                     \
    for (; i + 16 <= bytes; i += 16)                                                                       \
      sum = vpadalq_u32(sum, vpaddlq_u16(vpaddlq_u8(vcntq_u8(COMBINE(vld1q_u8(a + i), vld1q_u8(b + i)))))); \
    uint64_t total = vaddvq_u64(sum);                                                                      \
    for (; i < bytes; i++) total += (uint64_t)__builtin_popcount(a[i] OPERATOR b[i]);                      \
    return total;                                                                                          \
  }

BIT_COUNT(count_both, vandq_u8, &)
BIT_COUNT(count_either, vorrq_u8, |)
BIT_COUNT(count_different, veorq_u8, ^)

static float bit_dot(const void *a, const void *b, size_t n) { return (float)count_both(a, b, n); }
static float bit_hamming(const void *a, const void *b, size_t n) { return (float)count_different(a, b, n); }
static float bit_jaccard(const void *a, const void *b, size_t n) {
  return nt_jaccard(count_both(a, b, n), count_either(a, b, n));
}
static float bit_cosine(const void *a, const void *b, size_t n) {
  return nt_cosine((double)count_both(a, b, n), (double)count_both(a, a, n), (double)count_both(b, b, n));
}

const nt_pair_table nt_pairs_neon = {{
    NT_NUMBER_PAIRS(f32), NT_NUMBER_PAIRS(f16), NT_NUMBER_PAIRS(u8), NT_NUMBER_PAIRS(i8), NT_BIT_PAIRS,
}};
#endif
