// AVX-512 F, DQ, BW, VL and VNNI: VPDPBUSD multiplies u8 by s8 and adds to 32 bits without saturation.
#if defined(__x86_64__)
#include "variants.h"

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,popcnt")))
#define AVX512_INLINE                                                                                      \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,popcnt"), always_inline)) static inline

AVX512_INLINE __mmask16 float_mask(size_t n) { return (__mmask16)((1u << n) - 1); }

// The shape of a float kernel: four sums of sixteen, then one of sixteen, then a masked rest.
#define FLOAT_KERNEL(name, STEP)                                                                           \
  AVX512 static float name(const float *a, const float *b, size_t n) {                                     \
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;                                            \
    size_t i = 0;                                                                                          \
    for (; i + 64 <= n; i += 64) {                                                                         \
      STEP(s0, _mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));                                            \
      STEP(s1, _mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16));                                  \
      STEP(s2, _mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32));                                  \
      STEP(s3, _mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48));                                  \
    }                                                                                                      \
    for (; i + 16 <= n; i += 16) STEP(s0, _mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));                 \
    if (i < n) {                                                                                           \
      __mmask16 rest = float_mask(n - i);                                                                  \
      STEP(s1, _mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i));                    \
    }                                                                                                      \
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));              \
  }

#define DOT_STEP(sum, x, y) sum = _mm512_fmadd_ps(x, y, sum)
#define L2_STEP(sum, x, y)                                                                                 \
  do {                                                                                                     \
    __m512 difference = _mm512_sub_ps(x, y);                                                               \
    sum = _mm512_fmadd_ps(difference, difference, sum);                                                    \
  } while (0)
#define L1_STEP(sum, x, y) sum = _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(x, y)))

FLOAT_KERNEL(dot, DOT_STEP)
FLOAT_KERNEL(squared_l2, L2_STEP)
FLOAT_KERNEL(l1, L1_STEP)

AVX512 static int32_t code_dot(const uint8_t *codes, const int8_t *query, size_t n) {
  __m512i s0 = _mm512_setzero_si512(), s1 = s0;
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    s0 = _mm512_dpbusd_epi32(s0, _mm512_loadu_si512(codes + i), _mm512_loadu_si512(query + i));
    s1 = _mm512_dpbusd_epi32(s1, _mm512_loadu_si512(codes + i + 64), _mm512_loadu_si512(query + i + 64));
  }
  for (; i < n; i += 64) {
    __mmask64 rest = n - i >= 64 ? ~0ull : (1ull << (n - i)) - 1;
    s0 = _mm512_dpbusd_epi32(s0, _mm512_maskz_loadu_epi8(rest, codes + i),
                             _mm512_maskz_loadu_epi8(rest, query + i));
  }
  return _mm512_reduce_add_epi32(_mm512_add_epi32(s0, s1));
}

AVX512 static int32_t code_query(const uint8_t *codes, size_t n, int8_t *query) {
  __m512i sum = _mm512_setzero_si512(), ones = _mm512_set1_epi8(1), flip = _mm512_set1_epi8((char)0x80);
  for (size_t i = 0; i < n; i += 64) {
    __mmask64 rest = n - i >= 64 ? ~0ull : (1ull << (n - i)) - 1;
    __m512i part = _mm512_maskz_mov_epi8(rest, _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, codes + i), flip));
    _mm512_storeu_si512(query + i, part);
    sum = _mm512_dpbusd_epi32(sum, ones, part);
  }
  return 128 * _mm512_reduce_add_epi32(sum);
}

// Values are looked up in a register, sixty-four at a time.
AVX512 static int32_t nibble_query(const uint8_t *codes, size_t n, const int8_t values[16], const int8_t *center,
                                   int8_t *query) {
  const size_t bytes = (n + NT_CODE_BLOCK - 1) / NT_CODE_BLOCK * NT_CODE_BLOCK;
  const __m512i low = _mm512_set1_epi8(15), units = _mm512_set1_epi8(1);
  const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)values));
  __m512i sum = _mm512_setzero_si512();
  for (size_t j = 0; j < n; j += NT_CODE_BLOCK) {
    __mmask64 rest = n - j >= 64 ? ~0ull : (1ull << (n - j)) - 1;
    __m512i pairs = _mm512_maskz_loadu_epi8(rest, codes + j);
    __m512i below = _mm512_shuffle_epi8(table, _mm512_and_si512(pairs, low));
    __m512i above = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low));
    below = _mm512_add_epi8(below, _mm512_loadu_si512(center + j));
    above = _mm512_add_epi8(above, _mm512_loadu_si512(center + bytes + j));
    _mm512_storeu_si512(query + j, below);
    _mm512_storeu_si512(query + bytes + j, above);
    sum = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, units, below), units, above);
  }
  return _mm512_reduce_add_epi32(sum);
}

NT_LARGEST(largest, AVX512)
NT_QUANTIZE(quantize, AVX512)
NT_FLOAT_ROWS(negated_dot_rows, AVX512, dot, -)
NT_FLOAT_ROWS(squared_l2_rows, AVX512, squared_l2, )
NT_FLOAT_ROWS(l1_rows, AVX512, l1, )

AVX512_INLINE __m256i halve(__m512i v) {
  return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

// The four sums of sixteen as four integers: three rounds of pairwise additions for all of them together.
AVX512_INLINE __m128i sums_of_four(__m512i a, __m512i b, __m512i c, __m512i d) {
  __m256i ab = _mm256_hadd_epi32(halve(a), halve(b));
  __m256i cd = _mm256_hadd_epi32(halve(c), halve(d));
  __m256i all = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

AVX512_INLINE __m512i byte_block(__m512i sum, const uint8_t *row, const int8_t *query, size_t bytes) {
  (void)bytes;
  return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(row), _mm512_loadu_si512(query));
}

AVX512_INLINE __m512i nibble_block(__m512i sum, const uint8_t *row, const int8_t *query, size_t bytes) {
  const __m512i low = _mm512_set1_epi8(15);
  __m512i pairs = _mm512_loadu_si512(row);
  sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(pairs, low), _mm512_loadu_si512(query));
  pairs = _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low);
  return _mm512_dpbusd_epi32(sum, pairs, _mm512_loadu_si512(query + bytes));
}

// Four rows at a time share the loads of the query and the sums across lanes; sixteen rows ahead are fetched.
#define CODE_ROWS(name, BLOCK, factor)                                                                     \
  AVX512 static void name(const nt_code_query *query, const uint8_t *base, size_t stride,                  \
                          const uint32_t *rows, size_t count, float *out) {                                \
    const size_t bytes = query->blocks * NT_CODE_BLOCK;                                                    \
    const int8_t *q = query->codes;                                                                        \
    const size_t fetched_bytes = stride < 1024 ? stride : 1024;                                            \
    for (size_t i = 0; i < count && i < 16; i++)                                                           \
      nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);                                   \
    size_t i = 0;                                                                                          \
    for (; i + 4 <= count; i += 4) {                                                                       \
      for (size_t k = i + 16; k < i + 20 && k < count; k++)                                                \
        nt_prefetch_bytes(base + nt_row(rows, k) * stride, fetched_bytes);                                 \
      const uint8_t *row0 = base + nt_row(rows, i) * stride, *row1 = base + nt_row(rows, i + 1) * stride;  \
      const uint8_t *row2 = base + nt_row(rows, i + 2) * stride, *row3 = base + nt_row(rows, i + 3) * stride; \
      __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;                                      \
      for (size_t j = 0; j < bytes; j += NT_CODE_BLOCK) {                                                  \
        s0 = BLOCK(s0, row0 + j, q + j, bytes);                                                            \
        s1 = BLOCK(s1, row1 + j, q + j, bytes);                                                            \
        s2 = BLOCK(s2, row2 + j, q + j, bytes);                                                            \
        s3 = BLOCK(s3, row3 + j, q + j, bytes);                                                            \
      }                                                                                                    \
      int32_t dots[4];                                                                                     \
      _mm_storeu_si128((__m128i *)dots, sums_of_four(s0, s1, s2, s3));                                     \
      out[i] = nt_code_distance(query, row0, stride, factor *dots[0]);                                     \
      out[i + 1] = nt_code_distance(query, row1, stride, factor *dots[1]);                                 \
      out[i + 2] = nt_code_distance(query, row2, stride, factor *dots[2]);                                 \
      out[i + 3] = nt_code_distance(query, row3, stride, factor *dots[3]);                                 \
    }                                                                                                      \
    for (; i < count; i++) {                                                                               \
      const uint8_t *row = base + nt_row(rows, i) * stride;                                                \
      __m512i sum = _mm512_setzero_si512();                                                                \
      for (size_t j = 0; j < bytes; j += NT_CODE_BLOCK) sum = BLOCK(sum, row + j, q + j, bytes);           \
      out[i] = nt_code_distance(query, row, stride, factor *_mm512_reduce_add_epi32(sum));                 \
    }                                                                                                      \
  }

CODE_ROWS(code_rows, byte_block, 1)
CODE_ROWS(nibble_rows, nibble_block, 2)

// A row's bits are the mask under which the query's codes are added; four rows share the query's loads.
AVX512_INLINE __m512i bit_block(__m512i sum, const uint8_t *row, __m512i query) {
  __mmask64 bits;
  __builtin_memcpy(&bits, row, sizeof bits);
  return _mm512_dpbusd_epi32(sum, _mm512_maskz_mov_epi8(bits, _mm512_set1_epi8(1)), query);
}

AVX512 static void bit_rows(const nt_code_query *query, const uint8_t *base, size_t stride, const uint32_t *rows,
                            size_t count, float *out) {
  const size_t blocks = query->blocks, fetched_bytes = stride < 1024 ? stride : 1024;
  for (size_t i = 0; i < count && i < 32; i++) nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);
  for (size_t i = 0; i < count; i += 4) {
    for (size_t k = i + 32; k < i + 36 && k < count; k++)
      nt_prefetch_bytes(base + nt_row(rows, k) * stride, fetched_bytes);
    const size_t last = count - i < 4 ? count - i - 1 : 3;
    const uint8_t *row[4];
    __m512i sums[4];
    for (size_t k = 0; k < 4; k++) {
      row[k] = base + nt_row(rows, i + (k < last ? k : last)) * stride;
      sums[k] = _mm512_setzero_si512();
    }
    for (size_t j = 0; j < blocks; j++) {
      __m512i codes = _mm512_loadu_si512(query->codes + j * NT_CODE_BLOCK);
      for (size_t k = 0; k < 4; k++) sums[k] = bit_block(sums[k], row[k] + 8 * j, codes);
    }
    int32_t dots[4];
    _mm_storeu_si128((__m128i *)dots, sums_of_four(sums[0], sums[1], sums[2], sums[3]));
    for (size_t k = 0; k <= last; k++) out[i + k] = nt_code_distance(query, row[k], stride, 2 * dots[k]);
  }
}

AVX512_INLINE __m256 halve_floats(__m512 v) {
  return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

AVX512_INLINE __m128 float_sums_of_four(__m512 a, __m512 b, __m512 c, __m512 d) {
  __m256 ab = _mm256_hadd_ps(halve_floats(a), halve_floats(b));
  __m256 cd = _mm256_hadd_ps(halve_floats(c), halve_floats(d));
  __m256 all = _mm256_hadd_ps(ab, cd);
  return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

// Sixteen parts of a row's product and squared length, weighed and added.
AVX512_INLINE __m512 nibble_square(const uint8_t *row, const int8_t *query, size_t bytes, __m512 product_weight,
                                   __m512 square_weight) {
  const __m512i low = _mm512_set1_epi8(15);
  __m512i product = _mm512_setzero_si512(), square = product;
  for (size_t j = 0; j < bytes; j += NT_CODE_BLOCK) {
    __m512i pairs = _mm512_loadu_si512(row + j);
    __m512i below = _mm512_and_si512(pairs, low), above = _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low);
    product = _mm512_dpbusd_epi32(product, below, _mm512_loadu_si512(query + j));
    product = _mm512_dpbusd_epi32(product, above, _mm512_loadu_si512(query + bytes + j));
    square = _mm512_dpbusd_epi32(square, below, _mm512_sub_epi8(below, low));
    square = _mm512_dpbusd_epi32(square, above, _mm512_sub_epi8(above, low));
  }
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(square), square_weight,
                         _mm512_mul_ps(_mm512_cvtepi32_ps(product), product_weight));
}

AVX512 static void nibble_square_rows(const nt_code_query *query, const uint8_t *base, size_t stride,
                                      const uint32_t *rows, size_t count, float *out) {
  const size_t bytes = query->blocks * NT_CODE_BLOCK;
  const int8_t *q = query->codes;
  const size_t fetched_bytes = stride < 1024 ? stride : 1024;
  const __m512 product_weight = _mm512_set1_ps(2 * query->scale), square_weight = _mm512_set1_ps(4 * query->square);
  const float constant = query->constant + query->square_constant - query->scale * (float)query->offset;
  for (size_t i = 0; i < count && i < 32; i++) nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (size_t k = i + 32; k < i + 36 && k < count; k++)
      nt_prefetch_bytes(base + nt_row(rows, k) * stride, fetched_bytes);
    __m512 sums[4];
    for (size_t k = 0; k < 4; k++)
      sums[k] = nibble_square(base + nt_row(rows, i + k) * stride, q, bytes, product_weight, square_weight);
    __m128 values = float_sums_of_four(sums[0], sums[1], sums[2], sums[3]);
    _mm_storeu_ps(out + i, _mm_add_ps(values, _mm_set1_ps(constant)));
  }
  // Summed up in the same order, so that equal rows have equal distances.
  for (; i < count; i++) {
    __m512 sum = nibble_square(base + nt_row(rows, i) * stride, q, bytes, product_weight, square_weight);
    out[i] = _mm_cvtss_f32(_mm_add_ps(float_sums_of_four(sum, sum, sum, sum), _mm_set1_ps(constant)));
  }
}

AVX512_INLINE __m512i entry_step(__m512i sum, const uint8_t *codes, const int8_t *query) {
  int32_t four;
  __builtin_memcpy(&four, query, sizeof four);
  return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(codes), _mm512_set1_epi32(four));
}

AVX512 static void entry_rows(const nt_code_query *query, size_t length, const uint8_t *blocks, size_t count,
                              float *out, float *minima) {
  const __m512 constant = _mm512_set1_ps(query->constant), scale = _mm512_set1_ps(query->scale);
  const __m512i offset = _mm512_set1_epi32(query->entry_offset);
  for (size_t i = 0; i < count; i += NT_ENTRY_BLOCK, blocks += nt_entry_bytes(length)) {
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t j = 0; j < length; j += 16) {
      const uint8_t *codes = blocks + j * NT_ENTRY_BLOCK;
      s0 = entry_step(s0, codes, query->codes + j);
      s1 = entry_step(s1, codes + 64, query->codes + j + 4);
      s2 = entry_step(s2, codes + 128, query->codes + j + 8);
      s3 = entry_step(s3, codes + 192, query->codes + j + 12);
    }
    __m512i dots = _mm512_sub_epi32(_mm512_add_epi32(_mm512_add_epi32(s0, s1), _mm512_add_epi32(s2, s3)), offset);
    const float *scales = (const float *)(blocks + length * NT_ENTRY_BLOCK);
    __m512 factors = _mm512_mul_ps(scale, _mm512_loadu_ps(scales));
    __m512 values = _mm512_add_ps(constant, _mm512_loadu_ps(scales + NT_ENTRY_BLOCK));
    values = _mm512_add_ps(values, _mm512_mul_ps(factors, _mm512_cvtepi32_ps(dots)));
    _mm512_storeu_ps(out + i, values);
    minima[i / NT_ENTRY_BLOCK] = _mm512_reduce_min_ps(values);
  }
}

// Eight words at a time, from the end.
AVX512 static size_t insert(uint64_t *words, size_t count, uint64_t word) {
  const __m512i placed = _mm512_set1_epi64((int64_t)word);
  size_t i = count;
  for (; i >= 8; i -= 8) {
    __m512i eight = _mm512_loadu_si512(words + i - 8);
    __mmask8 above = _mm512_cmpgt_epu64_mask(eight, placed);
    _mm512_mask_storeu_epi64(words + i - 7, above, eight);
    if (above != 0xFF) {
      i -= (size_t)__builtin_popcount(above);
      words[i] = word;
      return i;
    }
  }
  __mmask8 rest = (__mmask8)((1u << i) - 1);
  __m512i first = _mm512_maskz_loadu_epi64(rest, words);
  __mmask8 above = _mm512_mask_cmpgt_epu64_mask(rest, first, placed);
  _mm512_mask_storeu_epi64(words + 1, above, first);
  i -= (size_t)__builtin_popcount(above);
  words[i] = word;
  return i;
}

// Eight words in their order: Batcher's odd-even merge sort (1968), whose six steps each compare all with others.
AVX512 static __m512i sorted(__m512i w) {
#define STEP(p7, p6, p5, p4, p3, p2, p1, p0, upper)                                          \
  do {                                                                                       \
    __m512i other = _mm512_permutexvar_epi64(_mm512_set_epi64(p7, p6, p5, p4, p3, p2, p1, p0), w); \
    w = _mm512_mask_max_epu64(_mm512_min_epu64(w, other), upper, w, other);                  \
  } while (0)
  STEP(6, 7, 4, 5, 2, 3, 0, 1, 0xAA);
  STEP(5, 4, 7, 6, 1, 0, 3, 2, 0xCC);
  STEP(7, 5, 6, 4, 3, 1, 2, 0, 0x44);
  STEP(3, 2, 1, 0, 7, 6, 5, 4, 0xF0);
  STEP(7, 6, 3, 2, 5, 4, 1, 0, 0x30);
  STEP(7, 5, 6, 3, 4, 1, 2, 0, 0x54);
#undef STEP
  return w;
}

// Puts `added` ascending words among the others, eight of which move at once, from the end, by as many places as there are
// added ones below each. What is read was written long before: words that are inserted one by one wait for each other.
AVX512 static size_t merge(uint64_t *words, size_t *count, size_t capacity, const uint64_t *added, size_t adding) {
  size_t rest = *count, least = capacity;
  *count = rest + adding < capacity ? rest + adding : capacity;
  while (adding > 0) {
    const size_t width = rest < 8 ? rest : 8, base = rest - width;
    const __mmask8 all = (__mmask8)((1u << width) - 1);
    const __m512i eight = _mm512_maskz_loadu_epi64(all, words + base);
    __mmask8 moved = 0;
    for (; adding > 0; adding--) {
      const __mmask8 above = _mm512_mask_cmpgt_epu64_mask(all, eight, _mm512_set1_epi64((int64_t)added[adding - 1]));
      const size_t to = base + adding;
      const __mmask8 room = to + 8 <= capacity ? 0xFF : to >= capacity ? 0 : (__mmask8)((1u << (capacity - to)) - 1);
      _mm512_mask_storeu_epi64(words + to, above & (__mmask8)~moved & room, eight);
      // It comes among those before the eight, as do all that are less.
      if (above == all && base > 0) break;
      moved = above;
      const size_t place = to - 1 + width - (size_t)__builtin_popcount(above);
      if (place < capacity) words[place] = added[adding - 1], least = place;
    }
    rest = base;
  }
  return least;
}

AVX512 static size_t offer(uint64_t *words, size_t *count, size_t capacity, const uint32_t *nodes, const float *distances,
                           size_t offered) {
  uint64_t added[8];
  size_t least = capacity;
  const __m512i sign = _mm512_set1_epi32(INT32_MIN), none = _mm512_set1_epi32(-1);
  for (size_t i = 0; i < offered; i += 16) {
    const __mmask16 all = offered - i < 16 ? (__mmask16)((1u << (offered - i)) - 1) : 0xFFFF;
    const __m512 values = _mm512_maskz_loadu_ps(all, distances + i);
    const __m512i bits = _mm512_castps_si512(_mm512_add_ps(values, _mm512_setzero_ps()));
    __m512i keys = _mm512_xor_si512(bits, _mm512_or_si512(_mm512_srai_epi32(bits, 31), sign));
    keys = _mm512_mask_mov_epi32(keys, _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q), none);
    const uint32_t last = *count < capacity ? UINT32_MAX : (uint32_t)(words[capacity - 1] >> 32);
    const __mmask16 near = _mm512_mask_cmple_epu32_mask(all, keys, _mm512_set1_epi32((int32_t)last));
    if (near == 0) continue;
    keys = _mm512_maskz_compress_epi32(near, keys);
    const __m512i low = _mm512_maskz_compress_epi32(near, _mm512_maskz_loadu_epi32(all, nodes + i));
    const size_t found = (size_t)__builtin_popcount(near);
    for (size_t done = 0; done < found; done += 8) {
      const size_t adding = found - done < 8 ? found - done : 8;
      const __m256i eight_keys = done ? _mm512_extracti64x4_epi64(keys, 1) : _mm512_castsi512_si256(keys);
      const __m256i eight_nodes = done ? _mm512_extracti64x4_epi64(low, 1) : _mm512_castsi512_si256(low);
      __m512i eight = _mm512_or_si512(_mm512_slli_epi64(_mm512_cvtepu32_epi64(eight_keys), 32),
                                      _mm512_slli_epi64(_mm512_cvtepu32_epi64(eight_nodes), 1));
      eight = _mm512_mask_mov_epi64(none, (__mmask8)((1u << adding) - 1), eight);
      _mm512_storeu_si512(added, adding == 1 ? eight : sorted(eight));
      const size_t place = merge(words, count, capacity, added, adding);
      if (place < least) least = place;
    }
  }
  return least;
}

// Processors with these instructions have POPCNT.
NT_COUNT_ONES(count_ones, AVX512)

AVX512 static void bytes_between(const uint8_t *bytes, size_t count, uint8_t low, uint8_t high, uint64_t *words) {
  const __m512i least = _mm512_set1_epi8((char)low), width = _mm512_set1_epi8((char)(high - low));
  for (size_t i = 0; i < count; i += 64) {
    __mmask64 rest = count - i < 64 ? ((__mmask64)1 << (count - i)) - 1 : ~(__mmask64)0;
    nt_prefetch_once(bytes + i + 1024);
    __m512i above = _mm512_sub_epi8(_mm512_maskz_loadu_epi8(rest, bytes + i), least);
    words[i / 64] |= _mm512_mask_cmple_epu8_mask(rest, above, width);
  }
}

const nt_kernels nt_avx512 = {
    NT_VARIANT_AVX512, dot, squared_l2, l1, code_dot, code_query, nibble_query,
    largest, quantize, negated_dot_rows, squared_l2_rows, l1_rows, code_rows, nibble_rows, entry_rows,
    nibble_square_rows, bit_rows, insert, offer, count_ones, bytes_between,
};
#endif
