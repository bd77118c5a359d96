// The reference: every other file of pair kernels is tested against this one.
#include "pairs.h"

static float half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
  union { uint32_t bits; float value; } result;
  if (exponent == 31) {
    result.bits = sign | 0x7F800000 | fraction << 13;
  } else if (exponent > 0) {
    result.bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    result.value = (float)fraction * 0x1p-24f;
    result.bits |= sign;
  }
  return result.value;
}

#define IDENTITY(x) (x)

#define PAIRS(name, type, number, LOAD)                                                                    \
  static float name##_dot(const void *pa, const void *pb, size_t n) {                                      \
    const type *a = pa, *b = pb;                                                                           \
    number sum = 0;                                                                                        \
    for (size_t i = 0; i < n; i++) sum += (number)LOAD(a[i]) * (number)LOAD(b[i]);                         \
    return (float)sum;                                                                                     \
  }                                                                                                        \
  static float name##_squared_l2(const void *pa, const void *pb, size_t n) {                               \
    const type *a = pa, *b = pb;                                                                           \
    number sum = 0;                                                                                        \
    for (size_t i = 0; i < n; i++) {                                                                       \
      number difference = (number)LOAD(a[i]) - (number)LOAD(b[i]);                                         \
      sum += difference * difference;                                                                      \
    }                                                                                                      \
    return (float)sum;                                                                                     \
  }                                                                                                        \
  static float name##_l1(const void *pa, const void *pb, size_t n) {                                       \
    const type *a = pa, *b = pb;                                                                           \
    number sum = 0;                                                                                        \
    for (size_t i = 0; i < n; i++) {                                                                       \
      number difference = (number)LOAD(a[i]) - (number)LOAD(b[i]);                                         \
      sum += difference < 0 ? -difference : difference;                                                    \
    }                                                                                                      \
    return (float)sum;                                                                                     \
  }                                                                                                        \
  static float name##_cosine(const void *pa, const void *pb, size_t n) {                                   \
    const type *a = pa, *b = pb;                                                                           \
    number product = 0, aa = 0, bb = 0;                                                                    \
    for (size_t i = 0; i < n; i++) {                                                                       \
      number x = (number)LOAD(a[i]), y = (number)LOAD(b[i]);                                               \
      product += x * y;                                                                                    \
      aa += x * x;                                                                                         \
      bb += y * y;                                                                                         \
    }                                                                                                      \
    return nt_cosine((double)product, (double)aa, (double)bb);                                             \
  }

PAIRS(f32, float, double, IDENTITY)
PAIRS(f16, uint16_t, double, half_to_float)
PAIRS(u8, uint8_t, int64_t, IDENTITY)
PAIRS(i8, int8_t, int64_t, IDENTITY)

typedef struct bit_counts {
  uint64_t a, b, both;
} bit_counts;

static bit_counts count_bits(const void *pa, const void *pb, size_t n) {
  const uint8_t *a = pa, *b = pb;
  bit_counts counts = {0, 0, 0};
  for (size_t i = 0; i < (n + 7) / 8; i++) {
    counts.a += (uint64_t)__builtin_popcount(a[i]);
    counts.b += (uint64_t)__builtin_popcount(b[i]);
    counts.both += (uint64_t)__builtin_popcount(a[i] & b[i]);
  }
  return counts;
}

static float bit_dot(const void *a, const void *b, size_t n) { return (float)count_bits(a, b, n).both; }
static float bit_cosine(const void *a, const void *b, size_t n) {
  bit_counts counts = count_bits(a, b, n);
  return nt_cosine((double)counts.both, (double)counts.a, (double)counts.b);
}
static float bit_hamming(const void *a, const void *b, size_t n) {
  bit_counts counts = count_bits(a, b, n);
  return (float)(counts.a + counts.b - 2 * counts.both);
}
static float bit_jaccard(const void *a, const void *b, size_t n) {
  bit_counts counts = count_bits(a, b, n);
  return nt_jaccard(counts.both, counts.a + counts.b - counts.both);
}

const nt_pair_table nt_pairs_scalar = {{
    NT_NUMBER_PAIRS(f32), NT_NUMBER_PAIRS(f16), NT_NUMBER_PAIRS(u8), NT_NUMBER_PAIRS(i8), NT_BIT_PAIRS,
}};
