// AVX-512: sixteen floats or thirty-two integers a step, the rest masked. Integers are widened to 16 bits for VPDPWSSD.
#if defined(__x86_64__)
#include "pairs.h"

#include <immintrin.h>

#define FEATURES "avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c"
#define AVX512 __attribute__((target(FEATURES)))
#define AVX512_INLINE __attribute__((target(FEATURES), always_inline)) static inline

AVX512_INLINE __m512 load_f32(const float *v) { return _mm512_loadu_ps(v); }
AVX512_INLINE __m512 rest_f32(const float *v, size_t n) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), v);
}
AVX512_INLINE __m512 load_f16(const uint16_t *v) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)v));
}
AVX512_INLINE __m512 rest_f16(const uint16_t *v, size_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16((__mmask16)((1u << n) - 1), v));
}
AVX512_INLINE __m512i load_u8(const uint8_t *v) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)v));
}
AVX512_INLINE __m512i rest_u8(const uint8_t *v, size_t n) {
  return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8((__mmask32)((1ull << n) - 1), v));
}
AVX512_INLINE __m512i load_i8(const int8_t *v) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)v));
}
AVX512_INLINE __m512i rest_i8(const int8_t *v, size_t n) {
  return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8((__mmask32)((1ull << n) - 1), v));
}

// Two sums of a step of elements each, then the rest; the metric's step says what is added.
#define PAIR(name, type, vector, LOAD, REST, width, ZERO, STEP, RESULT)                                    \
  AVX512 static float name(const void *pa, const void *pb, size_t n) {                                     \
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
    if (i < n) s1 = STEP(s1, REST(a + i, n - i), REST(b + i, n - i));                                      \
    return RESULT(s0, s1);                                                                                 \
  }

#define COSINE(name, type, vector, LOAD, REST, width, ZERO, STEP, TOTAL)                                   \
  AVX512 static float name(const void *pa, const void *pb, size_t n) {                                     \
    const type *a = pa, *b = pb;                                                                           \
    vector ab = ZERO, aa = ZERO, bb = ZERO;                                                                \
    for (size_t i = 0; i < n; i += width) {                                                                \
      vector x = n - i < width ? REST(a + i, n - i) : LOAD(a + i);                                         \
      vector y = n - i < width ? REST(b + i, n - i) : LOAD(b + i);                                         \
      ab = STEP(ab, x, y);                                                                                 \
      aa = STEP(aa, x, x);                                                                                 \
      bb = STEP(bb, y, y);                                                                                 \
    }                                                                                                      \
    return nt_cosine(TOTAL(ab), TOTAL(aa), TOTAL(bb));                                                     \
  }

AVX512_INLINE __m512 dot_step(__m512 sum, __m512 x, __m512 y) { return _mm512_fmadd_ps(x, y, sum); }
AVX512_INLINE __m512 l2_step(__m512 sum, __m512 x, __m512 y) {
  __m512 difference = _mm512_sub_ps(x, y);
  return _mm512_fmadd_ps(difference, difference, sum);
}
AVX512_INLINE __m512 l1_step(__m512 sum, __m512 x, __m512 y) {
  return _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(x, y)));
}
#define FLOAT_SUM(s0, s1) _mm512_reduce_add_ps(_mm512_add_ps(s0, s1))
#define FLOAT_TOTAL(s) _mm512_reduce_add_ps(s)

#define FLOAT_PAIRS(name, type)                                                                            \
  PAIR(name##_dot, type, __m512, load_##name, rest_##name, 16, _mm512_setzero_ps(), dot_step, FLOAT_SUM)   \
  PAIR(name##_squared_l2, type, __m512, load_##name, rest_##name, 16, _mm512_setzero_ps(), l2_step, FLOAT_SUM) \
  PAIR(name##_l1, type, __m512, load_##name, rest_##name, 16, _mm512_setzero_ps(), l1_step, FLOAT_SUM)     \
  COSINE(name##_cosine, type, __m512, load_##name, rest_##name, 16, _mm512_setzero_ps(), dot_step, FLOAT_TOTAL)

FLOAT_PAIRS(f32, float)
FLOAT_PAIRS(f16, uint16_t)

AVX512_INLINE __m512i whole_dot_step(__m512i sum, __m512i x, __m512i y) { return _mm512_dpwssd_epi32(sum, x, y); }
AVX512_INLINE __m512i whole_l2_step(__m512i sum, __m512i x, __m512i y) {
  __m512i difference = _mm512_sub_epi16(x, y);
  return _mm512_dpwssd_epi32(sum, difference, difference);
}
AVX512_INLINE __m512i whole_l1_step(__m512i sum, __m512i x, __m512i y) {
  return _mm512_dpwssd_epi32(sum, _mm512_abs_epi16(_mm512_sub_epi16(x, y)), _mm512_set1_epi16(1));
}
// Sums of 65,536 products of bytes need more than 32 bits once the lanes come together.
AVX512_INLINE int64_t whole_total(__m512i sum) {
  __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
  __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
  return _mm512_reduce_add_epi64(_mm512_add_epi64(low, high));
}
#define WHOLE_SUM(s0, s1) (float)(whole_total(s0) + whole_total(s1))
#define WHOLE_TOTAL(s) (double)whole_total(s)

#define WHOLE_PAIRS(name, type)                                                                            \
  PAIR(name##_dot, type, __m512i, load_##name, rest_##name, 32, _mm512_setzero_si512(), whole_dot_step, WHOLE_SUM) \
  PAIR(name##_squared_l2, type, __m512i, load_##name, rest_##name, 32, _mm512_setzero_si512(), whole_l2_step, \
       WHOLE_SUM)                                                                                          \
  PAIR(name##_l1, type, __m512i, load_##name, rest_##name, 32, _mm512_setzero_si512(), whole_l1_step, WHOLE_SUM) \
  COSINE(name##_cosine, type, __m512i, load_##name, rest_##name, 32, _mm512_setzero_si512(), whole_dot_step, \
         WHOLE_TOTAL)

WHOLE_PAIRS(u8, uint8_t)
WHOLE_PAIRS(i8, int8_t)

const nt_pair_table nt_pairs_avx512 = {{
    NT_NUMBER_PAIRS(f32), NT_NUMBER_PAIRS(f16), NT_NUMBER_PAIRS(u8), NT_NUMBER_PAIRS(i8), {NULL},
}};

#define POPCOUNT __attribute__((target(FEATURES ",avx512vpopcntdq")))

// The bits of `a` that are combined with those of `b`, counted eight bytes a lane.
#define BIT_COUNT(name, COMBINED)                                                                          \
  POPCOUNT static uint64_t name(const uint8_t *a, const uint8_t *b, size_t n) {                            \
    __m512i sum = _mm512_setzero_si512();                                                                  \
    size_t bytes = (n + 7) / 8;                                                                            \
    for (size_t i = 0; i < bytes; i += 64) {                                                               \
      __mmask64 rest = bytes - i >= 64 ? ~0ull : (1ull << (bytes - i)) - 1;                                \
      __m512i x = _mm512_maskz_loadu_epi8(rest, a + i), y = _mm512_maskz_loadu_epi8(rest, b + i);          \
      sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(COMBINED));                                          \
    }                                                                                                      \
    return (uint64_t)_mm512_reduce_add_epi64(sum);                                                         \
  }

BIT_COUNT(count_both, _mm512_and_si512(x, y))
BIT_COUNT(count_either, _mm512_or_si512(x, y))
BIT_COUNT(count_different, _mm512_xor_si512(x, y))

static float bit_dot(const void *a, const void *b, size_t n) { return (float)count_both(a, b, n); }
static float bit_hamming(const void *a, const void *b, size_t n) { return (float)count_different(a, b, n); }
static float bit_jaccard(const void *a, const void *b, size_t n) {
  return nt_jaccard(count_both(a, b, n), count_either(a, b, n));
}
static float bit_cosine(const void *a, const void *b, size_t n) {
  return nt_cosine((double)count_both(a, b, n), (double)count_both(a, a, n), (double)count_both(b, b, n));
}

const nt_pair_table nt_pairs_popcount = {{{NULL}, {NULL}, {NULL}, {NULL}, NT_BIT_PAIRS}};
#endif
