// Advanced SIMD of AArch64.
#if defined(__aarch64__)
#include "variants.h"

#include <arm_neon.h>

// The shape of a float kernel: four sums of four, then one of four, then single elements.
#define FLOAT_KERNEL(name, STEP, single)                                                                   \
  static float name(const float *a, const float *b, size_t n) {                                            \
    float32x4_t s0 = vdupq_n_f32(0), s1 = s0, s2 = s0, s3 = s0;                                            \
    size_t i = 0;                                                                                          \
    for (; i + 16 <= n; i += 16) {                                                                         \
      STEP(s0, vld1q_f32(a + i), vld1q_f32(b + i));                                                        \
      STEP(s1, vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));                                                \
      STEP(s2, vld1q_f32(a + i + 8), vld1q_f32(b + i + 8));                                                \
      STEP(s3, vld1q_f32(a + i + 12), vld1q_f32(b + i + 12));                                              \
    }                                                                                                      \
    for (; i + 4 <= n; i += 4) STEP(s0, vld1q_f32(a + i), vld1q_f32(b + i));                               \
    float sum = vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));                               \
    for (; i < n; i++) sum += single;                                                                      \
    return sum;                                                                                            \
  }

#define DOT_STEP(sum, x, y) sum = vfmaq_f32(sum, x, y)
#define L2_STEP(sum, x, y)                                                                                 \
  do {                                                                                                     \
    float32x4_t difference = vsubq_f32(x, y);                                                              \
    sum = vfmaq_f32(sum, difference, difference);                                                          \
  } while (0)
#define L1_STEP(sum, x, y) sum = vaddq_f32(sum, vabdq_f32(x, y))

FLOAT_KERNEL(dot, DOT_STEP, a[i] * b[i])
FLOAT_KERNEL(squared_l2, L2_STEP, (a[i] - b[i]) * (a[i] - b[i]))
FLOAT_KERNEL(l1, L1_STEP, __builtin_fabsf(a[i] - b[i]))

static int32_t code_dot(const uint8_t *codes, const int8_t *query, size_t n) {
  int32x4_t s0 = vdupq_n_s32(0), s1 = s0;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    uint8x16_t c = vld1q_u8(codes + i);
    int8x16_t q = vld1q_s8(query + i);
    int16x8_t c_low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(c))), q_low = vmovl_s8(vget_low_s8(q));
    int16x8_t c_high = vreinterpretq_s16_u16(vmovl_high_u8(c)), q_high = vmovl_high_s8(q);
    s0 = vmlal_s16(s0, vget_low_s16(c_low), vget_low_s16(q_low));
    s1 = vmlal_high_s16(s1, c_low, q_low);
    s0 = vmlal_s16(s0, vget_low_s16(c_high), vget_low_s16(q_high));
    s1 = vmlal_high_s16(s1, c_high, q_high);
  }
  int32_t total = vaddvq_s32(vaddq_s32(s0, s1));
  for (; i < n; i++) total += (int32_t)codes[i] * query[i];
  return total;
}

NT_CODE_QUERY(code_query, )

// Values are looked up in a register, sixteen at a time.
static int32_t nibble_query_block(const uint8_t *codes, const int8_t values[16], const int8_t *center, int8_t *query,
                                  size_t bytes) {
  const int8x16_t table = vld1q_s8(values);
  int32x4_t sum = vdupq_n_s32(0);
  for (size_t j = 0; j < NT_CODE_BLOCK; j += 16) {
    uint8x16_t pairs = vld1q_u8(codes + j);
    int8x16_t below = vaddq_s8(vqtbl1q_s8(table, vandq_u8(pairs, vdupq_n_u8(15))), vld1q_s8(center + j));
    int8x16_t above = vaddq_s8(vqtbl1q_s8(table, vshrq_n_u8(pairs, 4)), vld1q_s8(center + bytes + j));
    vst1q_s8(query + j, below);
    vst1q_s8(query + bytes + j, above);
    sum = vpadalq_s16(sum, vpadalq_s8(vpaddlq_s8(below), above));
  }
  return vaddvq_s32(sum);
}
NT_NIBBLE_QUERY(nibble_query, , nibble_query_block)

NT_LARGEST(largest, )
NT_QUANTIZE(quantize, )
NT_FLOAT_ROWS(negated_dot_rows, , dot, -)
NT_FLOAT_ROWS(squared_l2_rows, , squared_l2, )
NT_FLOAT_ROWS(l1_rows, , l1, )

static void code_rows(const nt_code_query *query, const uint8_t *base, size_t stride, const uint32_t *rows,
                      size_t count, float *out) {
  size_t fetched_bytes = stride < 1024 ? stride : 1024;
  for (size_t i = 0; i < count && i < 3; i++) nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);
  for (size_t i = 0; i < count; i++) {
    if (i + 3 < count) nt_prefetch_bytes(base + nt_row(rows, i + 3) * stride, fetched_bytes);
    const uint8_t *row = base + nt_row(rows, i) * stride;
    out[i] = nt_code_distance(query, row, stride, code_dot(row, query->codes, query->blocks * NT_CODE_BLOCK));
  }
}

static void nibble_rows(const nt_code_query *query, const uint8_t *base, size_t stride, const uint32_t *rows,
                        size_t count, float *out) {
  const size_t bytes = query->blocks * NT_CODE_BLOCK;
  const size_t fetched_bytes = stride < 1024 ? stride : 1024;
  for (size_t i = 0; i < count && i < 6; i++) nt_prefetch_bytes(base + nt_row(rows, i) * stride, fetched_bytes);
  for (size_t i = 0; i < count; i++) {
    if (i + 6 < count) nt_prefetch_bytes(base + nt_row(rows, i + 6) * stride, fetched_bytes);
    const uint8_t *row = base + nt_row(rows, i) * stride;
    int32x4_t sum = vdupq_n_s32(0);
    for (size_t j = 0; j < bytes; j += 16) {
      uint8x16_t pairs = vld1q_u8(row + j);
      int8x16_t below = vreinterpretq_s8_u8(vandq_u8(pairs, vdupq_n_u8(15)));
      int8x16_t above = vreinterpretq_s8_u8(vshrq_n_u8(pairs, 4));
      int8x16_t q_below = vld1q_s8(query->codes + j), q_above = vld1q_s8(query->codes + bytes + j);
      int16x8_t products = vmull_s8(vget_low_s8(below), vget_low_s8(q_below));
      products = vmlal_high_s8(products, below, q_below);
      products = vmlal_s8(products, vget_low_s8(above), vget_low_s8(q_above));
      products = vmlal_high_s8(products, above, q_above);
      sum = vpadalq_s16(sum, products);
    }
    out[i] = nt_code_distance(query, row, stride, 2 * vaddvq_s32(sum));
  }
}

NT_ENTRY_ROWS(entry_rows, )
NT_NIBBLE_SQUARE_ROWS(nibble_square_rows, )
NT_BIT_DOT(bit_dot)
NT_BIT_ROWS(bit_rows, , bit_dot)
NT_INSERT(insert)
NT_COUNT_ONES(count_ones, )
NT_OFFER(offer, )

static void bytes_between(const uint8_t *bytes, size_t count, uint8_t low, uint8_t high, uint64_t *words) {
  static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t least = vdupq_n_u8(low), width = vdupq_n_u8((uint8_t)(high - low)), bits = vld1q_u8(places);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    nt_prefetch_once(bytes + i + 1024);
    uint8x16_t within = vandq_u8(vcleq_u8(vsubq_u8(vld1q_u8(bytes + i), least), width), bits);
    uint64_t sixteen = vaddv_u8(vget_low_u8(within)) | (uint64_t)vaddv_u8(vget_high_u8(within)) << 8;
    words[i / 64] |= sixteen << (i % 64);
  }
  nt_bytes_between(bytes, i, count, low, high, words);
}

const nt_kernels nt_neon = {
    NT_VARIANT_NEON, dot, squared_l2, l1, code_dot, code_query, nibble_query,
    largest, quantize, negated_dot_rows, squared_l2_rows, l1_rows, code_rows, nibble_rows, entry_rows,
    nibble_square_rows, bit_rows, insert, offer, count_ones, bytes_between,
};
#endif
