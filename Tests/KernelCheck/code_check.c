// Products of codes, queries that are made of them, and codes that are made of vectors.
#include "check.h"

#include <math.h>
#include <string.h>

static void check_code_query(const uint8_t *codes, size_t n) {
  const size_t padded = (n + NT_CODE_BLOCK - 1) / NT_CODE_BLOCK * NT_CODE_BLOCK;
  int8_t expected[LENGTH_MAX + NT_CODE_BLOCK] = {0};
  int32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += expected[i] = (int8_t)(codes[i] - 128);
  for (size_t gap = 0; gap < LINE; gap++) {
    const uint8_t *row = place(left_end, codes, n, other_gap(gap, 1, n));
    for (int variant = 0; variant < VARIANTS; variant++) {
      const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
      if (kernels == NULL) continue;
      now.kernel = "code_query", now.variant = (nt_variant)variant, now.gap = gap;
      uint8_t *query = out_end - gap - padded;
      memset(query - 1, 99, padded + 1 + gap);
      expect(kernels->code_query(row, n, (int8_t *)query), 128 * sum, 0);
      expect_true(memcmp(query, expected, padded) == 0, "other codes");
      expect_true(query[-1] == 99 && (gap == 0 || query[padded] == 99), "writes beside the query");
    }
  }
}

// Rows of nibbles as queries: the values of their nibbles around a center.
static void check_nibble_query(const uint8_t *codes, const uint8_t *others, size_t n) {
  const size_t bytes = (n + NT_CODE_BLOCK - 1) / NT_CODE_BLOCK * NT_CODE_BLOCK;
  int8_t values[16], center[2 * (LENGTH_MAX + NT_CODE_BLOCK)], expected[2 * (LENGTH_MAX + NT_CODE_BLOCK)];
  static int8_t query[2 * (LENGTH_MAX + NT_CODE_BLOCK) + 1];
  uint8_t row[LENGTH_MAX + NT_CODE_BLOCK] = {0};
  int32_t sum = 0;
  memcpy(row, codes, n);
  for (size_t i = 0; i < 16; i++) values[i] = (int8_t)(others[i] % 121 - 60);
  for (size_t i = 0; i < 2 * bytes; i++) {
    center[i] = (int8_t)(others[i % n] % 135 - 67);
    expected[i] = (int8_t)(values[i < bytes ? row[i] & 15 : row[i - bytes] >> 4] + center[i]);
    sum += expected[i];
  }
  for (int variant = 0; variant < VARIANTS; variant++) {
    const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
    if (kernels == NULL) continue;
    now.kernel = "nibble_query", now.variant = (nt_variant)variant, now.gap = 0;
    memset(query, 99, sizeof query);
    expect(kernels->nibble_query(place(left_end, codes, n, 0), n, values, center, query), sum, 0);
    expect_true(memcmp(query, expected, 2 * bytes) == 0, "other codes");
    expect_true(query[2 * bytes] == 99, "writes behind the query");
  }
}

void check_codes(void) {
  static uint8_t codes[LENGTH_MAX + LINE], query[LENGTH_MAX + LINE];
  for (int pattern = 0; pattern < PATTERNS; pattern++) {
    fill(NT_ELEMENT_U8, pattern, (void *[]){codes, query}, LENGTH_MAX + LINE);
    now.element = "codes";
    for (size_t n = 1; n <= LENGTH_MAX; n++) {
      const uint8_t *a = codes + n % LINE, *b = query + n % LINE;
      int32_t expected = 0;
      for (size_t i = 0; i < n; i++) expected += a[i] * (int8_t)b[i];
      now.length = n;
      for (size_t gap = 0; gap < LINE; gap++) {
        const uint8_t *x = place(left_end, a, n, gap), *y = place(right_end, b, n, other_gap(gap, 1, n));
        for (int variant = 0; variant < VARIANTS; variant++) {
          const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
          if (kernels == NULL) continue;
          now.kernel = "code_dot", now.variant = (nt_variant)variant, now.gap = gap;
          expect(kernels->code_dot(x, (const int8_t *)y, n), expected, 0);
        }
      }
      if (pattern <= 1) check_code_query(a, n);
      if (pattern <= 1) check_nibble_query(a, b, n);
    }
  }
}

// The inner product that a row of codes of `bits` bits stands for, against that of the decoded row.
static void check_inner_product(const nt_kernels *kernels, const float *vector, const float *query, size_t n,
                                int bits) {
  static uint8_t row[LENGTH_MAX + NT_CODE_BLOCK], unsigned_codes[LENGTH_MAX];
  static int8_t signed_codes[2 * (LENGTH_MAX + NT_CODE_BLOCK)];
  const size_t half = (n + 1) / 2, blocks = ((bits == 4 ? half : n) + NT_CODE_BLOCK - 1) / NT_CODE_BLOCK;
  memset(row, bits == 4 ? 0 : 255, sizeof row);
  memset(signed_codes, 99, sizeof signed_codes);
  const float scale = bits == 4   ? nt_encode_nibbles(vector, NULL, n, 0, row)
                      : bits == 1 ? nt_encode_bits(vector, NULL, n, row)
                                  : nt_encode(vector, NULL, n, row);
  int32_t sum, offset;
  nt_encode(query, NULL, n, unsigned_codes);
  const float step = nt_encode_query(query, NULL, n, bits == 4 ? 2 : 1, blocks, signed_codes, &sum);
  offset = sum * (bits == 4 ? 15 : bits == 1 ? 1 : 128);
  const nt_code_query prepared = {.codes = signed_codes, .blocks = blocks, .scale = scale * step, .offset = offset};
  float distance;
  (bits == 4 ? kernels->nibble_rows : bits == 1 ? kernels->bit_rows : kernels->code_rows)(
      &prepared, row, sizeof row, NULL, 1, &distance);
  double exact = 0, length = 0, error = 0;
  for (size_t i = 0; i < n; i++) {
    int code = bits == 8   ? row[i] - 128
               : bits == 4 ? 2 * (i < half ? row[i] & 15 : row[i - half] >> 4) - 15
                           : 2 * (row[i / 8] >> i % 8 & 1) - 1;
    double decoded = (double)scale * code;
    exact += decoded * step * (unsigned_codes[i] - 128);
    length += (double)vector[i] * vector[i];
    error += (decoded - vector[i]) * (decoded - vector[i]);
  }
  expect(distance, exact, 1e-4 * (double)n);
  if (bits == 1) expect(scale * nt_decoded_dot(vector, NULL, n, row, 1), length, 1e-4 * length);
  // Half a step for each element.
  if (bits == 4) expect_true(error <= (double)n / 220, "nibbles are too far from their vector");
  if (bits == 8) expect_true(error <= (double)n / 60000, "codes are too far from their vector");
}

static void check_quantized(const float *vector, const float *mean, size_t n) {
  static int8_t codes[LENGTH_MAX + 1];
  for (int variant = 0; variant < VARIANTS; variant++) {
    const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
    if (kernels == NULL) continue;
    now.kernel = "quantize", now.variant = (nt_variant)variant;
    memset(codes, 99, sizeof codes);
    float largest = 0;
    int32_t sum = 0, reported = kernels->quantize(vector, mean, n, 100, codes);
    for (size_t i = 0; i < n; i++) {
      float x = mean != NULL ? vector[i] - mean[i] : vector[i];
      largest = fmaxf(largest, fabsf(x));
      expect(codes[i], fmaxf(-127, fminf(127, 100 * x)), 0.5001);
      sum += codes[i];
    }
    expect(reported, sum, 0);
    expect_true(codes[n] == 99, "writes behind the codes");
    now.kernel = "largest";
    expect(kernels->largest(vector, mean, n), largest, 0);
  }
}

void check_encodings(void) {
  static const int widths[] = {8, 4, 1};
  static const char *const names[] = {"codes", "nibbles", "bits"};
  static float vector[LENGTH_MAX], query[LENGTH_MAX];
  now.pattern = "encoded", now.kernel = "inner product", now.gap = 0;
  for (size_t n = 1; n <= LENGTH_MAX; n++) {
    for (size_t i = 0; i < n; i++) vector[i] = unit(), query[i] = unit();
    now.length = n, now.element = "float32";
    check_quantized(vector, NULL, n);
    check_quantized(vector, query, n);
    now.kernel = "inner product";
    for (int variant = 0; variant < VARIANTS; variant++) {
      const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
      if (kernels == NULL) continue;
      now.variant = (nt_variant)variant;
      for (int k = 0; k < 3; k++) {
        now.element = names[k];
        check_inner_product(kernels, vector, query, n, widths[k]);
      }
    }
  }
  uint8_t codes[4];
  now.variant = NT_VARIANT_SCALAR, now.kernel = "nt_encode", now.length = 4;
  expect(nt_encode((float[]){1, -1, 0.5f, 0}, NULL, 4, codes), 1.0f / 127, 0);
  expect_true(memcmp(codes, (uint8_t[]){255, 1, 192, 128}, 4) == 0, "other codes");
  nt_encode((float[]){INFINITY, -INFINITY, NAN, 0}, NULL, 4, codes);
  expect_true(codes[0] == 255 && codes[1] == 1 && codes[3] == 128, "other codes of what is not finite");
  expect(nt_encode((float[]){0, 0, 0, 0}, NULL, 4, codes), 0, 0);
  expect_true(memcmp(codes, (uint8_t[]){128, 128, 128, 128}, 4) == 0, "other codes of zeros");
}
