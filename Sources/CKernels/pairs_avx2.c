// AVX2, FMA and F16C: eight floats or sixteen integers a step; the rest is copied behind zeros.
#if defined(__x86_64__)
#include "pairs.h"

#include <immintrin.h>

#define FEATURES "avx2,fma,f16c,popcnt"
#define AVX2 __attribute__((target(FEATURES)))
#define AVX2_INLINE __attribute__((target(FEATURES), always_inline)) static inline

AVX2_INLINE __m256 load_f32(const float *v) { return _mm256_loadu_ps(v); }
AVX2_INLINE __m256 load_f16(const uint16_t *v) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)v)); }
AVX2_INLINE __m256i load_u8(const uint8_t *v) { return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)v)); }
AVX2_INLINE __m256i load_i8(const int8_t *v) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)v)); }

// The rest of both vectors, fewer than `width` elements, with zeros behind.
#define REST(type, width)                                                                                  \
  type rest_a[width] = {0}, rest_b[width] = {0};                                                           \
  __builtin_memcpy(rest_a, a + i, (n - i) * sizeof(type));                                                 \
  __builtin_memcpy(rest_b, b + i, (n - i) * sizeof(type))

#define PAIR(name, type, vector, LOAD, width, ZERO, STEP, TOTAL)                                           \
  AVX2 static float name(const void *pa, const void *pb, size_t n) {                                       \
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

#define COSINE(name, type, vector, LOAD, width, ZERO, STEP, TOTAL)                                         \
  AVX2 static float name(const void *pa, const void *pb, size_t n) {                                       \
    const type *a = pa, *b = pb;                                                                           \
    vector ab = ZERO, aa = ZERO, bb = ZERO, x, y;                                                          \
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

AVX2_INLINE __m256 dot_step(__m256 sum, __m256 x, __m256 y) { return _mm256_fmadd_ps(x, y, sum); }
AVX2_INLINE __m256 l2_step(__m256 sum, __m256 x, __m256 y) {
  __m256 difference = _mm256_sub_ps(x, y);
  return _mm256_fmadd_ps(difference, difference, sum);
}
AVX2_INLINE __m256 l1_step(__m256 sum, __m256 x, __m256 y) {
  return _mm256_add_ps(sum, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(x, y)));
}
AVX2_INLINE float float_total(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

AVX2_INLINE __m256i whole_dot_step(__m256i sum, __m256i x, __m256i y) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
}
AVX2_INLINE __m256i whole_l2_step(__m256i sum, __m256i x, __m256i y) {
  __m256i difference = _mm256_sub_epi16(x, y);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(difference, difference));
}
AVX2_INLINE __m256i whole_l1_step(__m256i sum, __m256i x, __m256i y) {
  __m256i difference = _mm256_abs_epi16(_mm256_sub_epi16(x, y));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(difference, _mm256_set1_epi16(1)));
}
// Sums of 65,536 products of bytes need more than 32 bits once the lanes come together.
AVX2_INLINE int64_t whole_total(__m256i v) {
  __m256i sum = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(v)),
                                 _mm256_cvtepi32_epi64(_mm256_extracti128_si256(v, 1)));
  __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  return _mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1);
}

#define PAIRS(name, type, vector, width, ZERO, prefix, TOTAL)                                              \
  PAIR(name##_dot, type, vector, load_##name, width, ZERO, prefix##dot_step, TOTAL)                        \
  PAIR(name##_squared_l2, type, vector, load_##name, width, ZERO, prefix##l2_step, TOTAL)                  \
  PAIR(name##_l1, type, vector, load_##name, width, ZERO, prefix##l1_step, TOTAL)                          \
  COSINE(name##_cosine, type, vector, load_##name, width, ZERO, prefix##dot_step, TOTAL)

PAIRS(f32, float, __m256, 8, _mm256_setzero_ps(), , float_total)
PAIRS(f16, uint16_t, __m256, 8, _mm256_setzero_ps(), , float_total)
PAIRS(u8, uint8_t, __m256i, 16, _mm256_setzero_si256(), whole_, whole_total)
PAIRS(i8, int8_t, __m256i, 16, _mm256_setzero_si256(), whole_, whole_total)

// POPCNT takes eight bytes a cycle, which is as fast as counting by table up to a kilobyte.
#define BIT_COUNT(name, OPERATOR)                                                                          \
  AVX2 static uint64_t name(const uint8_t *a, const uint8_t *b, size_t n) {                                \
    uint64_t sum = 0, x, y;                                                                                \
    size_t bytes = (n + 7) / 8, i = 0;                                                                     \
    for (; i + 8 <= bytes; i += 8) {                                                                       \
      __builtin_memcpy(&x, a + i, 8);                                                                      \
      __builtin_memcpy(&y, b + i, 8);                                                                      \
      sum += (uint64_t)__builtin_popcountll(x OPERATOR y);                                                 \
    }                                                                                                      \
    x = 0, y = 0;                                                                                          \
    __builtin_memcpy(&x, a + i, bytes - i);                                                                \
    __builtin_memcpy(&y, b + i, bytes - i);                                                                \
    return sum + (uint64_t)__builtin_popcountll(x OPERATOR y);                                             \
  }

BIT_COUNT(count_both, &)
BIT_COUNT(count_either, |)
BIT_COUNT(count_different, ^)

static float bit_dot(const void *a, const void *b, size_t n) { return (float)count_both(a, b, n); }
static float bit_hamming(const void *a, const void *b, size_t n) { return (float)count_different(a, b, n); }
static float bit_jaccard(const void *a, const void *b, size_t n) {
  return nt_jaccard(count_both(a, b, n), count_either(a, b, n));
}
static float bit_cosine(const void *a, const void *b, size_t n) {
  return nt_cosine((double)count_both(a, b, n), (double)count_both(a, a, n), (double)count_both(b, b, n));
}

const nt_pair_table nt_pairs_avx2 = {{
    NT_NUMBER_PAIRS(f32), NT_NUMBER_PAIRS(f16), NT_NUMBER_PAIRS(u8), NT_NUMBER_PAIRS(i8), NT_BIT_PAIRS,
}};
#endif
