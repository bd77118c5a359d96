// AVX2, FMA and POPCNT. Products of codes are widened to 16 bits: u8 × s8 pairs would saturate VPMADDUBSW.
#if defined(__x86_64__)
#include "variants.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma,popcnt")))
#define AVX2_INLINE __attribute__((target("avx2,fma,popcnt"), always_inline)) static inline

AVX2_INLINE float sum_floats(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

AVX2_INLINE int32_t sum_integers(__m256i v) {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  half = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
  return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 1)));
}

AVX2_INLINE __m256 absolute(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }

// The shape of a float kernel: four sums of eight, then one of eight, then single elements.
#define FLOAT_KERNEL(name, STEP, single)                                                                   \
  AVX2 static float name(const float *a, const float *b, size_t n) {                                       \
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;                                            \
    size_t i = 0;                                                                                          \
    for (; i + 32 <= n; i += 32) {                                                                         \
      STEP(s0, _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));                                            \
      STEP(s1, _mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8));                                    \
      STEP(s2, _mm256_loadu_ps(a + i + 16), _mm256_loadu_ps(b + i + 16));                                  \
      STEP(s3, _mm256_loadu_ps(a + i + 24), _mm256_loadu_ps(b + i + 24));                                  \
    }                                                                                                      \
    for (; i + 8 <= n; i += 8) STEP(s0, _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));                   \
    float sum = sum_floats(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));                   \
    for (; i < n; i++) sum += single;                                                                      \
    return sum;                                                                                            \
  }

#define DOT_STEP(sum, x, y) sum = _mm256_fmadd_ps(x, y, sum)
#define L2_STEP(sum, x, y)                                                                                 \
  do {                                                                                                     \
    __m256 difference = _mm256_sub_ps(x, y);                                                               \
    sum = _mm256_fmadd_ps(difference, difference, sum);                                                    \
  } while (0)
#define L1_STEP(sum, x, y) sum = _mm256_add_ps(sum, absolute(_mm256_sub_ps(x, y)))

FLOAT_KERNEL(dot, DOT_STEP, a[i] * b[i])
FLOAT_KERNEL(squared_l2, L2_STEP, (a[i] - b[i]) * (a[i] - b[i]))
FLOAT_KERNEL(l1, L1_STEP, __builtin_fabsf(a[i] - b[i]))

AVX2_INLINE __m256i products(const uint8_t *codes, const int8_t *query) {
  __m256i c = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)codes));
  __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)query));
  return _mm256_madd_epi16(c, q);
}

AVX2_INLINE __m256i code_block(__m256i sum, const uint8_t *codes, const int8_t *query) {
  __m256i low = _mm256_add_epi32(products(codes, query), products(codes + 16, query + 16));
  __m256i high = _mm256_add_epi32(products(codes + 32, query + 32), products(codes + 48, query + 48));
  return _mm256_add_epi32(sum, _mm256_add_epi32(low, high));
}

AVX2 static int32_t code_dot(const uint8_t *codes, const int8_t *query, size_t n) {
  __m256i sum = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 64 <= n; i += 64) sum = code_block(sum, codes + i, query + i);
  for (; i + 16 <= n; i += 16) sum = _mm256_add_epi32(sum, products(codes + i, query + i));
  int32_t total = sum_integers(sum);
  for (; i < n; i++) total += (int32_t)codes[i] * query[i];
  return total;
}

NT_CODE_QUERY(code_query, AVX2)

// Values are looked up in a register, as many at a time as it has bytes.
AVX2 static int32_t nibble_query_block(const uint8_t *codes, const int8_t values[16], const int8_t *center,
                                       int8_t *query, size_t bytes) {
  const __m256i low = _mm256_set1_epi8(15), units = _mm256_set1_epi8(1), ones = _mm256_set1_epi16(1);
  const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)values));
  __m256i sum = _mm256_setzero_si256();
  for (size_t j = 0; j < NT_CODE_BLOCK; j += 32) {
    __m256i pairs = _mm256_loadu_si256((const __m256i *)(codes + j));
    __m256i below = _mm256_shuffle_epi8(table, _mm256_and_si256(pairs, low));
    __m256i above = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(pairs, 4), low));
    below = _mm256_add_epi8(below, _mm256_loadu_si256((const __m256i *)(center + j)));
    above = _mm256_add_epi8(above, _mm256_loadu_si256((const __m256i *)(center + bytes + j)));
    _mm256_storeu_si256((__m256i *)(query + j), below);
    _mm256_storeu_si256((__m256i *)(query + bytes + j), above);
    __m256i pair_sums = _mm256_add_epi16(_mm256_maddubs_epi16(units, below), _mm256_maddubs_epi16(units, above));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pair_sums, ones));
  }
  return sum_integers(sum);
}
NT_NIBBLE_QUERY(nibble_query, AVX2, nibble_query_block)

NT_LARGEST(largest, AVX2)
NT_QUANTIZE(quantize, AVX2)
NT_FLOAT_ROWS(negated_dot_rows, AVX2, dot, -)
NT_FLOAT_ROWS(squared_l2_rows, AVX2, squared_l2, )
NT_FLOAT_ROWS(l1_rows, AVX2, l1, )

AVX2 static void code_rows(const nt_code_query *query, const uint8_t *base, size_t stride, const uint32_t *rows,
                           size_t count, float *out) {
  size_t fetched_bytes = stride < 1024 ? stride : 1024;
  for (size_t i = 0; i < count && i < 3; i++) nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);
  for (size_t i = 0; i < count; i++) {
    if (i + 3 < count) nt_prefetch_bytes(base + nt_row(rows, i + 3) * stride, fetched_bytes);
    const uint8_t *row = base + nt_row(rows, i) * stride;
    __m256i sum = _mm256_setzero_si256();
    for (size_t block = 0; block < query->blocks; block++)
      sum = code_block(sum, row + block * NT_CODE_BLOCK, query->codes + block * NT_CODE_BLOCK);
    out[i] = nt_code_distance(query, row, stride, sum_integers(sum));
  }
}

// Nibbles are at most 15, so that sums of four products fit 16 bits.
AVX2 static void nibble_rows(const nt_code_query *query, const uint8_t *base, size_t stride,
                             const uint32_t *rows, size_t count, float *out) {
  const size_t bytes = query->blocks * NT_CODE_BLOCK;
  const size_t fetched_bytes = stride < 1024 ? stride : 1024;
  const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
  for (size_t i = 0; i < count && i < 6; i++) nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);
  for (size_t i = 0; i < count; i++) {
    if (i + 6 < count) nt_prefetch_bytes(base + nt_row(rows, i + 6) * stride, fetched_bytes);
    const uint8_t *row = base + nt_row(rows, i) * stride;
    __m256i sum = _mm256_setzero_si256();
    for (size_t j = 0; j < bytes; j += 32) {
      __m256i pairs = _mm256_loadu_si256((const __m256i *)(row + j));
      __m256i below = _mm256_and_si256(pairs, low), above = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), low);
      __m256i products = _mm256_add_epi16(
          _mm256_maddubs_epi16(below, _mm256_loadu_si256((const __m256i *)(query->codes + j))),
          _mm256_maddubs_epi16(above, _mm256_loadu_si256((const __m256i *)(query->codes + bytes + j))));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, ones));
    }
    out[i] = nt_code_distance(query, row, stride, 2 * sum_integers(sum));
  }
}

NT_ENTRY_ROWS(entry_rows, AVX2)
NT_NIBBLE_SQUARE_ROWS(nibble_square_rows, AVX2)

// 32 bits become 32 bytes of −1 or 0, which mask the query's codes.
AVX2 static int32_t bit_dot(const uint8_t *row, const int8_t *query, size_t blocks) {
  const __m256i spread = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i each = _mm256_set1_epi64x((long long)0x8040201008040201);
  const __m256i bytes = _mm256_set1_epi8(1), ones = _mm256_set1_epi16(1);
  __m256i sum = _mm256_setzero_si256();
  for (size_t j = 0; j < blocks * NT_CODE_BLOCK; j += 32) {
    int32_t bits;
    __builtin_memcpy(&bits, row + j / 8, sizeof bits);
    __m256i mask = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(bits), spread), each);
    mask = _mm256_cmpeq_epi8(mask, each);
    __m256i kept = _mm256_and_si256(mask, _mm256_loadu_si256((const __m256i *)(query + j)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, kept), ones));
  }
  return sum_integers(sum);
}
NT_BIT_ROWS(bit_rows, AVX2, bit_dot)

// Four words at a time, from the end; compared as signed, so the highest bits are inverted.
AVX2 static size_t insert(uint64_t *words, size_t count, uint64_t word) {
  const __m256i highest = _mm256_set1_epi64x(INT64_MIN);
  const __m256i placed = _mm256_xor_si256(_mm256_set1_epi64x((int64_t)word), highest);
  size_t i = count;
  for (; i >= 4; i -= 4) {
    __m256i four = _mm256_loadu_si256((const __m256i *)(words + i - 4));
    __m256i above = _mm256_cmpgt_epi64(_mm256_xor_si256(four, highest), placed);
    if (_mm256_movemask_epi8(above) != -1) break;
    _mm256_storeu_si256((__m256i *)(words + i - 3), four);
  }
  for (; i > 0 && words[i - 1] > word; i--) words[i] = words[i - 1];
  words[i] = word;
  return i;
}

NT_COUNT_ONES(count_ones, AVX2)
NT_OFFER(offer, AVX2)

AVX2 static void bytes_between(const uint8_t *bytes, size_t count, uint8_t low, uint8_t high, uint64_t *words) {
  const __m256i least = _mm256_set1_epi8((char)low), width = _mm256_set1_epi8((char)(high - low));
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    nt_prefetch_once(bytes + i + 1024);
    __m256i above = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(bytes + i)), least);
    __m256i within = _mm256_cmpeq_epi8(_mm256_min_epu8(above, width), above);
    words[i / 64] |= (uint64_t)(uint32_t)_mm256_movemask_epi8(within) << (i % 64);
  }
  nt_bytes_between(bytes, i, count, low, high, words);
}

const nt_kernels nt_avx2 = {
    NT_VARIANT_AVX2, dot, squared_l2, l1, code_dot, code_query, nibble_query,
    largest, quantize, negated_dot_rows, squared_l2_rows, l1_rows, code_rows, nibble_rows, entry_rows,
    nibble_square_rows, bit_rows, insert, offer, count_ones, bytes_between,
};
#endif
