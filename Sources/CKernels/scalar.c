// The reference: plain loops, four sums each so that the order of additions resembles the vector kernels'.
#include "variants.h"


static float dot(const float *a, const float *b, size_t n) {
  float sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) sum[k] += a[i + k] * b[i + k];
  for (; i < n; i++) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static float squared_l2(const float *a, const float *b, size_t n) {
  float sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) {
      float difference = a[i + k] - b[i + k];
      sum[k] += difference * difference;
    }
  for (; i < n; i++) sum[0] += (a[i] - b[i]) * (a[i] - b[i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static float l1(const float *a, const float *b, size_t n) {
  float sum[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) sum[k] += __builtin_fabsf(a[i + k] - b[i + k]);
  for (; i < n; i++) sum[0] += __builtin_fabsf(a[i] - b[i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static int32_t code_dot(const uint8_t *codes, const int8_t *query, size_t n) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += (int32_t)codes[i] * query[i];
  return sum;
}

NT_CODE_QUERY(code_query, )

static int32_t nibble_query_block(const uint8_t *codes, const int8_t values[16], const int8_t *center, int8_t *query,
                                  size_t bytes) {
  int32_t sum = 0;
  for (size_t j = 0; j < NT_CODE_BLOCK; j++) {
    query[j] = (int8_t)(values[codes[j] & 15] + center[j]);
    query[bytes + j] = (int8_t)(values[codes[j] >> 4] + center[bytes + j]);
    sum += query[j] + query[bytes + j];
  }
  return sum;
}
NT_NIBBLE_QUERY(nibble_query, , nibble_query_block)
NT_LARGEST(largest, )
NT_QUANTIZE(quantize, )
NT_FLOAT_ROWS(negated_dot_rows, , dot, -)
NT_FLOAT_ROWS(squared_l2_rows, , squared_l2, )
NT_FLOAT_ROWS(l1_rows, , l1, )

static void code_rows(const nt_code_query *query, const uint8_t *base, size_t stride, const uint32_t *rows,
                      size_t count, float *out) {
  for (size_t i = 0; i < count; i++) {
    const uint8_t *row = base + nt_row(rows, i) * stride;
    out[i] = nt_code_distance(query, row, stride, code_dot(row, query->codes, query->blocks * NT_CODE_BLOCK));
  }
}

static void nibble_rows(const nt_code_query *query, const uint8_t *base, size_t stride, const uint32_t *rows,
                        size_t count, float *out) {
  const size_t bytes = query->blocks * NT_CODE_BLOCK;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *row = base + nt_row(rows, i) * stride;
    int32_t sum = 0;
    for (size_t j = 0; j < bytes; j++)
      sum += (row[j] & 15) * query->codes[j] + (row[j] >> 4) * query->codes[bytes + j];
    out[i] = nt_code_distance(query, row, stride, 2 * sum);
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
  nt_bytes_between(bytes, 0, count, low, high, words);
}

const nt_kernels nt_scalar = {
    NT_VARIANT_SCALAR, dot, squared_l2, l1, code_dot, code_query, nibble_query,
    largest, quantize, negated_dot_rows, squared_l2_rows, l1_rows, code_rows, nibble_rows, entry_rows,
    nibble_square_rows, bit_rows, insert, offer, count_ones, bytes_between,
};
