// The kernels of rows: floats, codes of eight, four and one bits, entries, and rows by a kernel of pairs.
#include "check.h"

#include <math.h>
#include <string.h>

enum { ROWS = 20, BLOCKS_MAX = 17, UNTOUCHED = -77 };

static uint32_t ids[ROWS];
static uint8_t bytes[ROWS * (4 * LENGTH_MAX + 3 * LINE)], code_bytes[2 * BLOCKS_MAX * NT_CODE_BLOCK];

// Room for `count` values, not numbers yet, that ends at the forbidden page or one value before it.
static float *room(size_t count, int has_one_more) {
  float *out = (float *)(void *)out_end - count - (size_t)has_one_more;
  memset(out, 0xFF, count * sizeof *out);
  if (has_one_more) out[count] = UNTOUCHED;
  return out;
}

static void name_rows(size_t count) {
  for (size_t i = 0; i < ROWS; i++) ids[i] = (uint32_t)below(count);
}

// MARK: Floats

static nt_float_rows float_rows(const nt_kernels *kernels, int metric) {
  return metric == NT_METRIC_DOT ? kernels->negated_dot_rows
         : metric == NT_METRIC_L1 ? kernels->l1_rows
                                  : kernels->squared_l2_rows;
}

static void check_float_rows(size_t n) {
  static float query[LENGTH_MAX];
  const size_t stride = n + n % 3, size = ((ROWS - 1) * stride + n) * sizeof(float), gap = n * 4 % LINE;
  float *values = (float *)(void *)bytes, expected[ROWS];
  for (size_t i = 0; i < size / sizeof(float); i++) values[i] = unit();
  for (size_t i = 0; i < n; i++) query[i] = unit();
  name_rows(ROWS);
  const float *base = (float *)(void *)place(left_end, bytes, size, gap);
  const float *q = (float *)(void *)place(right_end, query, n * sizeof(float), other_gap(gap, 4, n));
  now.element = "f32 rows", now.pattern = "random", now.length = n, now.gap = gap;
  for (int metric = 0; metric <= NT_METRIC_L1; metric++)
    for (int is_named = 0; is_named < 2; is_named++) {
      const uint32_t *rows = is_named ? ids : NULL;
      now.kernel = metric_names[metric];
      for (int variant = 0; variant < VARIANTS; variant++) {
        const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
        if (kernels == NULL) continue;
        const size_t count = variant == 0 || is_named ? ROWS : n % (ROWS + 1);
        float *out = room(count, (int)(n % 2));
        now.variant = (nt_variant)variant;
        float_rows(kernels, metric)(q, n, base, stride, rows, count, out);
        if (n % 2) expect(out[count], UNTOUCHED, 0);
        for (size_t i = 0; i < count; i++) {
          if (variant > 0) {
            expect(out[i], expected[i], 1e-6 * (double)n + 1e-5);
            continue;
          }
          expected[i] = out[i];
          truth exact = truth_of(NT_ELEMENT_F32, q, base + (rows ? rows[i] : i) * stride, n, 1);
          expect(out[i], metric == NT_METRIC_DOT ? -exact.value[metric] : exact.value[metric], exact.slack[metric]);
        }
      }
    }
}

// MARK: Codes

typedef enum kind { BYTES, NIBBLES, BITS, NIBBLE_SQUARES, KINDS } kind;
static const char *const kind_names[KINDS] = {"code_rows", "nibble_rows", "bit_rows", "nibble_square_rows"};

static nt_code_rows code_rows(const nt_kernels *kernels, kind which) {
  switch (which) {
    case BYTES: return kernels->code_rows;
    case NIBBLES: return kernels->nibble_rows;
    case BITS: return kernels->bit_rows;
    default: return kernels->nibble_square_rows;
  }
}

// What the comments of CKernels.h say that a row's value is.
static double code_value(const nt_code_query *query, kind which, const uint8_t *row, size_t stride) {
  const size_t length = query->blocks * NT_CODE_BLOCK;
  double product = 0, square = 0;
  for (size_t i = 0; i < length; i++) {
    const int8_t *codes = query->codes;
    if (which == BYTES) product += row[i] * codes[i];
    if (which == BITS) product += 2 * (row[i / 8] >> i % 8 & 1) * codes[i];
    if (which != NIBBLES && which != NIBBLE_SQUARES) continue;
    int low = row[i] & 15, high = row[i] >> 4;
    product += 2 * (low * codes[i] + high * codes[length + i]);
    square += low * (low - 15) + high * (high - 15);
  }
  nt_code_tail tail = {1, 0};
  if (query->has_tails) memcpy(&tail, row + stride - sizeof tail, sizeof tail);
  double value = query->constant + tail.bias + (double)query->scale * tail.scale * (product - query->offset);
  return which == NIBBLE_SQUARES ? value + query->square_constant + 4 * query->square * square : value;
}

static double code_slack(kind which, double value) { return which == NIBBLE_SQUARES ? 1e-5 * fabs(value) + 1 : 0; }

static void check_code_rows(kind which, size_t blocks, size_t stride, int has_tails, int is_named) {
  const size_t row_bytes = blocks * (which == BITS ? NT_CODE_BLOCK / 8 : NT_CODE_BLOCK);
  const size_t size = (ROWS - 1) * stride + (has_tails ? stride : row_bytes);
  const size_t query_bytes = blocks * NT_CODE_BLOCK * (which == NIBBLES || which == NIBBLE_SQUARES ? 2 : 1);
  for (size_t i = 0; i < ROWS && has_tails; i++)
    memcpy(bytes + (i + 1) * stride - sizeof(nt_code_tail), &(nt_code_tail){0.5f, (float)i}, sizeof(nt_code_tail));
  const uint32_t *rows = is_named ? ids : NULL;
  // Powers of two, so that the order of the operations does not matter.
  nt_code_query query = {.codes = (int8_t *)code_bytes, .blocks = blocks, .scale = -0.25f, .constant = 3,
                         .offset = 77, .has_tails = has_tails, .square = 0.5f, .square_constant = 11};
  float expected[ROWS];
  now.element = has_tails ? "with tails" : "without tails", now.kernel = kind_names[which];
  now.variant = NT_VARIANT_SCALAR, now.length = blocks * NT_CODE_BLOCK;
  code_rows(nt_kernels_of(NT_VARIANT_SCALAR), which)(&query, bytes, stride, rows, ROWS, expected);
  for (size_t i = 0; i < ROWS; i++) {
    double exact = code_value(&query, which, bytes + (is_named ? ids[i] : i) * stride, stride);
    expect(expected[i], exact, code_slack(which, exact) + 0x1p-22 * fabs(exact));
  }
  for (size_t gap = 0; gap < LINE; gap++) {
    const size_t count = ROWS - gap % (ROWS + 1);
    const uint8_t *base = place(left_end, bytes, size, gap);
    query.codes = (int8_t *)place(right_end, code_bytes, query_bytes, other_gap(gap, 1, blocks));
    now.gap = gap;
    for (int variant = 1; variant < VARIANTS; variant++) {
      const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
      if (kernels == NULL) continue;
      now.variant = (nt_variant)variant;
      float *out = room(count, (int)(gap % 2));
      code_rows(kernels, which)(&query, base, stride, rows, count, out);
      for (size_t i = 0; i < count; i++) expect(out[i], expected[i], code_slack(which, expected[i]));
      if (gap % 2) expect(out[count], UNTOUCHED, 0);
    }
  }
}

static void check_all_code_rows(void) {
  // Strides as short as may be, odd ones, and rows whose last codes are the tail, where the query has zeros.
  static const size_t beyond[] = {0, 8, 13};
  for (int pattern = 0; pattern <= 4; pattern++)
    for (size_t blocks = 1; blocks <= BLOCKS_MAX; blocks++)
      for (int which = 0; which < KINDS; which++)
        for (int form = 0; form < 6; form++) {
          const int has_tails = form >= 3;
          if (has_tails && which == NIBBLE_SQUARES) continue;
          void *vectors[2] = {bytes, code_bytes};
          const size_t row_bytes = blocks * (which == BITS ? NT_CODE_BLOCK / 8 : NT_CODE_BLOCK);
          const size_t stride = row_bytes + beyond[form % 3];
          fill(NT_ELEMENT_U8, pattern, vectors, sizeof code_bytes);
          for (size_t i = sizeof code_bytes; i < ROWS * stride; i++) bytes[i] = bytes[i - below(sizeof code_bytes) - 1];
          name_rows(ROWS);
          check_code_rows((kind)which, blocks, stride, has_tails, (int)((blocks + (size_t)form) % 2));
        }
}

// MARK: Entries

static double entry_value(const nt_code_query *query, size_t length, const uint8_t *block, size_t row) {
  double product = 0;
  for (size_t i = 0; i < length; i++)
    product += block[i / 4 * 4 * NT_ENTRY_BLOCK + 4 * row + i % 4] * query->codes[i];
  const float *scales = (const float *)(const void *)(block + length * NT_ENTRY_BLOCK);
  return query->constant + scales[NT_ENTRY_BLOCK + row] +
         (double)query->scale * scales[row] * (product - query->entry_offset);
}

static void check_entries(size_t length, size_t count) {
  const size_t block_bytes = length * NT_ENTRY_BLOCK + 2 * NT_ENTRY_BLOCK * sizeof(float);
  const size_t blocks = (count + NT_ENTRY_BLOCK - 1) / NT_ENTRY_BLOCK, size = blocks * block_bytes;
  nt_code_query query = {.scale = 0.125f, .constant = 3, .has_tails = 1, .blocks = length / NT_CODE_BLOCK};
  for (size_t i = 0; i < length; i++) query.entry_offset += 128 * (int8_t)code_bytes[i];
  for (size_t i = 0; i < blocks * 2 * NT_ENTRY_BLOCK; i++) {
    const size_t block = i / 32, lane = i % 32;
    const int is_missing = lane >= 16 && block * 16 + lane - 16 >= count;
    memcpy(bytes + (block + 1) * block_bytes - 128 + 4 * lane, &(float){is_missing ? INFINITY : (float)lane / 4}, 4);
  }
  float expected[64];
  now.kernel = "entry_rows", now.element = "entries", now.length = length;
  // The block's floats are aligned.
  for (size_t gap = 0; gap < LINE; gap += sizeof(float)) {
    const uint8_t *base = place(left_end, bytes, size, gap);
    query.codes = (int8_t *)place(right_end, code_bytes, length, other_gap(gap, 1, length));
    now.gap = gap;
    for (int variant = 0; variant < VARIANTS; variant++) {
      const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
      if (kernels == NULL) continue;
      float *out = room(blocks * NT_ENTRY_BLOCK, (int)(gap / 4 % 2)), minima[5];
      minima[blocks] = UNTOUCHED;
      now.variant = (nt_variant)variant;
      kernels->entry_rows(&query, length, base, count, out, minima);
      for (size_t i = 0; i < blocks * NT_ENTRY_BLOCK; i++) {
        if (variant == 0) expected[i] = out[i];
        double wanted = variant == 0 && gap == 0 ? entry_value(&query, length, base + i / 16 * block_bytes, i % 16)
                                                 : (double)expected[i];
        expect(out[i], wanted, isinf(wanted) ? 0 : 1e-5 * fabs(wanted) + 0.1);
      }
      for (size_t block = 0; block < blocks; block++) {
        float least = INFINITY;
        for (size_t i = 0; i < NT_ENTRY_BLOCK; i++) least = fminf(least, out[block * NT_ENTRY_BLOCK + i]);
        expect(minima[block], least, 0);
      }
      expect(minima[blocks], UNTOUCHED, 0);
      if (gap / 4 % 2) expect(out[blocks * NT_ENTRY_BLOCK], UNTOUCHED, 0);
    }
  }
}

static void check_all_entries(void) {
  static const size_t counts[] = {1, 15, 16, 17, 31, 64};
  for (int pattern = 0; pattern <= 4; pattern++)
    for (size_t length = 64; length <= 1024; length += 64)
      for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        fill(NT_ELEMENT_U8, pattern, (void *[]){bytes, code_bytes}, sizeof code_bytes);
        for (size_t i = sizeof code_bytes; i < sizeof bytes; i++) bytes[i] = bytes[i - sizeof code_bytes + 3];
        check_entries(length, counts[k]);
      }
}

// MARK: Rows by pairs

static void check_pair_rows(nt_element element, size_t n) {
  static uint8_t query[4 * LENGTH_MAX];
  const size_t size = element == NT_ELEMENT_BIT ? (n + 7) / 8 : n * element_bytes[element];
  const size_t stride = size + n % 3 * element_bytes[element];
  fill(element, 0, (void *[]){bytes, query}, LENGTH_MAX);
  for (size_t i = LENGTH_MAX * element_bytes[element]; i < ROWS * stride; i++)
    bytes[i] = bytes[i - LENGTH_MAX * element_bytes[element]];
  name_rows(ROWS);
  now.pattern = "rows by pairs", now.length = n, now.gap = 0;
  const uint8_t *base = place(left_end, bytes, (ROWS - 1) * stride + size, 0);
  const uint8_t *q = place(right_end, query, size, 0);
  for (int variant = 0; variant < VARIANTS; variant++)
    for (int metric = 0; metric < NT_METRICS; metric++) {
      const nt_pair_order order = {nt_pair_of((nt_variant)variant, element, (nt_metric)metric), -0.5f, 3};
      if (order.pair == NULL) continue;
      now.kernel = metric_names[metric], now.variant = (nt_variant)variant;
      for (size_t count = 0; count <= ROWS; count++) {
        const uint32_t *rows = count % 2 ? ids : NULL;
        float *out = room(count, 1);
        nt_pair_rows(&order, q, n, base, stride, rows, count, out);
        expect(out[count], UNTOUCHED, 0);
        for (size_t i = 0; i < count; i++)
          expect(out[i], -0.5f * order.pair(q, base + (rows ? rows[i] : i) * stride, n) + 3, 0);
      }
    }
}

// MARK: Words

static void check_words(size_t n) {
  static uint64_t words[LENGTH_MAX];
  uint64_t sum = 0;
  size_t ones = 0;
  for (size_t i = 0; i < n; i++) {
    // Equal ones, and the highest bit in some.
    sum += below(4) == 0 ? 0 : UINT64_MAX / (2 * LENGTH_MAX) * below(3);
    words[i] = sum;
    for (int bit = 0; bit < 64; bit++) ones += sum >> bit & 1;
  }
  now.element = "words", now.pattern = "ascending", now.length = n, now.gap = n * 8 % LINE;
  const uint64_t *base = (uint64_t *)(void *)place(left_end, words, n * sizeof *words, now.gap);
  for (int variant = 0; variant < VARIANTS; variant++) {
    const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
    if (kernels == NULL) continue;
    now.kernel = "count_ones", now.variant = (nt_variant)variant;
    expect((double)kernels->count_ones(base, n), (double)ones, 0);
    now.kernel = "insert";
    for (size_t probe = 0; probe <= 16; probe++) {
      const uint64_t wanted = probe == 16 ? UINT64_MAX : words[(n - 1) * probe / 16] + probe % 3 - 1;
      size_t before = 0;
      while (before < n && words[before] <= wanted) before++;
      uint64_t *held = (uint64_t *)(void *)place(out_end, words, n * sizeof *words, sizeof *words);
      expect((double)kernels->insert(held, n, wanted), (double)before, 0);
      expect_true(memcmp(held, words, before * sizeof *words) == 0 && held[before] == wanted &&
                      memcmp(held + before + 1, words + before, (n - before) * sizeof *words) == 0 &&
                      held[-1] == UINT64_MAX,
                  "other words");
    }
  }
}

// `n` nodes offered to pools of every size up to a few more than there are.
static void check_offers(size_t n) {
  static uint32_t nodes[96];
  static float distances[96];
  static uint64_t kept[256];
  now.element = "words", now.pattern = "few distances", now.length = n, now.gap = n * 4 % LINE;
  for (size_t capacity = 1; capacity <= 120; capacity++) {
    uint64_t start[120];
    const size_t there = below(capacity + 1);
    // Odd where it was expanded; the nodes offered are others.
    for (size_t i = 0; i < there; i++) start[i] = (i ? start[i - 1] : 0) + ((uint64_t)below(3) << 56) + 2;
    for (size_t i = 0; i < n; i++) nodes[i] = (uint32_t)(1000 + i), distances[i] = below(9) == 0 ? NAN : (float)below(9) - 4;
    memcpy(kept, start, there * sizeof *kept);
    size_t held = there, first = capacity;
    for (size_t i = 0; i < n; i++) {
      uint32_t bits;
      const float distance = distances[i] + 0.0f;
      memcpy(&bits, &distance, sizeof bits);
      bits = isnan(distance) ? UINT32_MAX : distance < 0 ? ~bits : bits | UINT32_C(1) << 31;
      const uint64_t word = (uint64_t)bits << 32 | 2 * (uint64_t)nodes[i];
      size_t to = held;
      while (to > 0 && kept[to - 1] > word) kept[to] = kept[to - 1], to--;
      kept[to] = word;
      held = held < capacity ? held + 1 : capacity;
      if (to < first) first = to;
    }
    const uint32_t *from = (uint32_t *)(void *)place(left_end, nodes, n * sizeof *nodes, now.gap);
    const float *at = (float *)(void *)place(right_end, distances, n * sizeof *distances, now.gap);
    for (int variant = 0; variant < VARIANTS; variant++) {
      const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
      if (kernels == NULL) continue;
      now.kernel = "offer", now.variant = (nt_variant)variant;
      // No word behind the last there is room for can be written.
      uint64_t *words = (uint64_t *)(void *)out_end - capacity;
      memcpy(words, start, there * sizeof *start);
      size_t count = there;
      expect((double)kernels->offer(words, &count, capacity, from, at, n), (double)first, 0);
      expect((double)count, (double)held, 0);
      expect_true(memcmp(words, kept, held * sizeof *words) == 0, "other words");
    }
  }
}

static void check_marks(size_t n) {
  static uint8_t bytes[LENGTH_MAX];
  static uint64_t before[LENGTH_MAX / 64 + 1];
  const size_t words = (n + 63) / 64;
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)below(256);
  for (size_t i = 0; i < words; i++) before[i] = (uint64_t)below(256) << 32;
  now.element = "u8", now.pattern = "random", now.length = n, now.gap = n % LINE;
  const uint8_t *base = place(left_end, bytes, n, now.gap);
  for (int variant = 0; variant < VARIANTS; variant++) {
    const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
    if (kernels == NULL) continue;
    now.kernel = "bytes_between", now.variant = (nt_variant)variant;
    for (int probe = 0; probe < 8; probe++) {
      const uint8_t low = probe == 0 ? 0 : (uint8_t)below(256), high = (uint8_t)(low + below(256u - low));
      uint64_t *held = (uint64_t *)(void *)place(out_end, before, words * sizeof *before, 0);
      kernels->bytes_between(base, n, low, high, held);
      for (size_t i = 0; i < words * 64; i++) {
        const int wanted = i < n && bytes[i] >= low && bytes[i] <= high;
        expect((double)(held[i / 64] >> i % 64 & 1), (double)(before[i / 64] >> i % 64 & 1 || wanted), 0);
      }
    }
  }
}

void check_rows(void) {
  static const size_t lengths[] = {1, 7, 64, 385, LENGTH_MAX};
  for (size_t n = 1; n <= LENGTH_MAX; n++) check_float_rows(n);
  for (size_t n = 1; n <= LENGTH_MAX; n++) check_words(n);
  for (size_t n = 1; n <= LENGTH_MAX; n++) check_marks(n);
  for (size_t n = 0; n <= 96; n++) check_offers(n);
  check_all_code_rows();
  check_all_entries();
  for (int element = 0; element < NT_ELEMENTS; element++)
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) check_pair_rows((nt_element)element, lengths[k]);
}
