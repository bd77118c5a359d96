// The kernels of pairs of both tables, at every length and alignment.
#include "check.h"

#include <math.h>
#include <string.h>

// The kernel of a pair: of the table of rows for floats, or of the table of pairs.
static int has(nt_variant variant, int of_rows, nt_element element, nt_metric metric) {
  if (of_rows) return element == NT_ELEMENT_F32 && metric <= NT_METRIC_L1 && nt_kernels_of(variant) != NULL;
  return nt_pair_of(variant, element, metric) != NULL;
}

static float run(nt_variant variant, int of_rows, nt_element element, nt_metric metric, const void *a, const void *b,
                 size_t n) {
  now.kernel = metric_names[metric], now.variant = variant, now.length = n;
  if (!of_rows) return nt_pair_of(variant, element, metric)(a, b, n);
  const nt_kernels *kernels = nt_kernels_of(variant);
  if (metric == NT_METRIC_DOT) return kernels->dot(a, b, n);
  return metric == NT_METRIC_L1 ? kernels->l1(a, b, n) : kernels->squared_l2(a, b, n);
}

static void check_pair(int of_rows, nt_element element, int pattern, const uint8_t *a, const uint8_t *b, size_t n) {
  const size_t size = element_bytes[element], bytes = element == NT_ELEMENT_BIT ? (n + 7) / 8 : n * size;
  truth exact = truth_of(element, a, b, n, pattern == 0);
  float expected[NT_METRICS] = {0};
  int metrics = 0;
  for (int metric = 0; metric < NT_METRICS; metric++) {
    // The squares of subnormal numbers are zero in single precision.
    if (element == NT_ELEMENT_F32 && pattern == 8 && metric == NT_METRIC_COSINE) continue;
    if (!has(NT_VARIANT_SCALAR, of_rows, element, (nt_metric)metric)) continue;
    metrics |= 1 << metric;
    expected[metric] = run(NT_VARIANT_SCALAR, of_rows, element, (nt_metric)metric, a, b, n);
    expect(expected[metric], exact.value[metric], exact.slack[metric]);
  }
  for (size_t gap = 0; gap < LINE; gap += size) {
    const void *x = place(left_end, a, bytes, gap), *y = place(right_end, b, bytes, other_gap(gap, size, n));
    now.gap = gap;
    for (int variant = 1; variant < VARIANTS; variant++)
      for (int metric = 0; metric < NT_METRICS; metric++)
        if (metrics >> metric & 1 && has((nt_variant)variant, of_rows, element, (nt_metric)metric))
          expect(run((nt_variant)variant, of_rows, element, (nt_metric)metric, x, y, n), expected[metric],
                 exact.slack[metric]);
  }
}

static void check_table(int of_rows) {
  static _Alignas(64) uint8_t pool[2][4 * (LENGTH_MAX + LINE)], a[4 * LENGTH_MAX], b[4 * LENGTH_MAX];
  for (int element = 0; element < (of_rows ? 1 : NT_ELEMENTS); element++)
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
      fill((nt_element)element, pattern, (void *[]){pool[0], pool[1]}, LENGTH_MAX + LINE);
      for (size_t length = 1; length <= LENGTH_MAX; length++) {
        const size_t start = length % LINE * element_bytes[element];
        memcpy(a, pool[0] + start, LENGTH_MAX * element_bytes[element]);
        memcpy(b, pool[1] + start, LENGTH_MAX * element_bytes[element]);
        if (element == NT_ELEMENT_BIT && length % 8 != 0) {
          a[length / 8] &= (uint8_t)((1 << length % 8) - 1);
          b[length / 8] &= (uint8_t)((1 << length % 8) - 1);
        }
        check_pair(of_rows, (nt_element)element, pattern, a, b, length);
      }
    }
}

// Each finite half and the infinities, in each lane of a step of eight.
static void check_halves(void) {
  now.element = "f16", now.pattern = "every half", now.gap = 0;
  for (int variant = 0; variant < VARIANTS; variant++) {
    if (!has((nt_variant)variant, 0, NT_ELEMENT_F16, NT_METRIC_L1)) continue;
    for (uint32_t bits = 0; bits < 65536; bits++) {
      if ((bits & 0x7C00) == 0x7C00 && (bits & 0x3FF) != 0) continue;
      uint16_t half[8] = {0}, zero[8] = {0};
      half[bits % 8] = (uint16_t)bits;
      for (size_t n = bits % 8 + 1; n <= 8; n++)
        expect(run((nt_variant)variant, 0, NT_ELEMENT_F16, NT_METRIC_L1, half, zero, n),
               fabs(half_value((uint16_t)bits)), 0);
    }
  }
}

static void check_longest(void) {
  static uint8_t bytes[2][LONGEST];
  const uint8_t values[] = {0x80, 0xFF, 0x7F, 0x00};
  now.pattern = "longest", now.length = LONGEST, now.gap = 0;
  for (int i = 0; i < 16; i++) {
    memset(bytes[0], values[i / 4], LONGEST);
    memset(bytes[1], values[i % 4], LONGEST);
    for (int variant = 0; variant < VARIANTS; variant++) {
      const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
      for (int element = NT_ELEMENT_U8; element < NT_ELEMENTS; element++) {
        truth exact = truth_of((nt_element)element, bytes[0], bytes[1], LONGEST, 0);
        now.element = element_names[element];
        for (int metric = 0; metric < NT_METRICS; metric++)
          if (has((nt_variant)variant, 0, (nt_element)element, (nt_metric)metric))
            expect(run((nt_variant)variant, 0, (nt_element)element, (nt_metric)metric, bytes[0], bytes[1], LONGEST),
                   exact.value[metric], 0);
      }
      if (kernels == NULL) continue;
      now.kernel = "code_dot", now.element = "codes", now.variant = (nt_variant)variant;
      expect(kernels->code_dot(bytes[0], (int8_t *)bytes[1], LONGEST),
             (double)LONGEST * bytes[0][0] * (int8_t)bytes[1][0], 0);
    }
  }
}

void check_pairs(void) {
  check_table(1);
  check_table(0);
  check_halves();
  check_longest();
}
