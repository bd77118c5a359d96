// Fenced memory, values to compare on, and the count of what was wrong.
#include "check.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FENCED_BYTES = 1 << 18 };

const char *const variant_names[VARIANTS] = {"scalar", "AVX2", "AVX-512", "NEON"};
const char *const element_names[NT_ELEMENTS] = {"f32", "f16", "u8", "i8", "bit"};
const char *const metric_names[NT_METRICS] = {"dot", "squared L2", "L1", "cosine", "Hamming", "Jaccard"};
const size_t element_bytes[NT_ELEMENTS] = {4, 2, 1, 1, 1};
static const char *const float_patterns[PATTERNS] = {
    "random", "large", "small", "mixed", "left zero", "both zero", "opposite", "equal", "subnormal"};
static const char *const byte_patterns[PATTERNS] = {
    "random", "edges", "80 and 7F", "FF and FF", "left zero", "both zero", "FF and 00", "equal", "80 and 80"};

comparison now;
unsigned long compared, wrong;
uint64_t state;

static void say(const char *problem) {
  fprintf(stderr, "kernel_check: %s %s %s, pattern %s, length %zu, %zu bytes before the page's end: %s\n",
          variant_names[now.variant], now.element, now.kernel, now.pattern, now.length, now.gap, problem);
}

void expect(double got, double expected, double slack) {
  compared++;
  if (got == expected || fabs(got - expected) <= slack) return;
  char problem[100];
  snprintf(problem, sizeof problem, "%.9g instead of %.9g, slack %.3g", got, expected, slack);
  if (wrong++ < 20) say(problem);
}

void expect_true(int holds, const char *problem) {
  compared++;
  if (!holds && wrong++ < 20) say(problem);
}

static void forbidden(int number) {
  (void)number;
  say("reads or writes outside of its ranges");
  _exit(1);
}

// SplitMix64.
uint64_t drawn(void) {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}
size_t below(size_t bound) { return drawn() % bound; }
float unit(void) { return (float)((int64_t)below(1 << 24) - (1 << 23)) * 0x1p-23f; }

// Memory that ends before a page that may not be touched.
static uint8_t *fence(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *start = mmap(NULL, FENCED_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || mprotect(start + FENCED_BYTES, page, PROT_NONE) != 0) {
    perror("kernel_check: mmap");
    exit(2);
  }
  return start + FENCED_BYTES;
}
uint8_t *left_end, *right_end, *out_end;

void make_fences(void) {
  left_end = fence(), right_end = fence(), out_end = fence();
  signal(SIGSEGV, forbidden);
  signal(SIGBUS, forbidden);
}

uint8_t *place(uint8_t *end, const void *bytes, size_t count, size_t gap) {
  uint8_t *start = end - gap - count;
  memset(start - LINE, 0xFF, LINE);
  memcpy(start, bytes, count);
  memset(start + count, 0xFF, gap);
  return start;
}

double half_value(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 0x3FF;
  double value = exponent == 31  ? INFINITY
                 : exponent == 0 ? ldexp(fraction, -24)
                                 : ldexp(1024 + fraction, exponent - 25);
  return half & 0x8000 ? -value : value;
}

static float float_of(int pattern, int side) {
  switch (pattern) {
    case 1: return ldexpf(unit(), 56);
    case 2: return ldexpf(unit(), -40);
    case 3: return ldexpf(unit(), (int)below(41) - 20);
    case 4: return side == 0 ? 0 : unit();
    case 5: return 0;
    case 6: return side == 0 ? 0x1.fp56f : -0x1.fp56f;
    case 8: return (float)((int64_t)below(1 << 24) - (1 << 23)) * 0x1p-149f;
    default: return unit();
  }
}

static uint16_t half_of(int pattern, int side) {
  uint16_t bits = (uint16_t)(drawn() & 0x83FF);
  switch (pattern) {
    case 1: return (uint16_t)(bits | (15 + below(16)) << 10);
    case 2: return (uint16_t)(bits | (1 + below(14)) << 10);
    case 3: return (uint16_t)(bits | below(31) << 10);
    case 4: return side == 0 ? 0 : (uint16_t)(bits | 14 << 10);
    case 5: return 0;
    case 6: return side == 0 ? 0x7BFF : 0xFBFF;
    case 8: return bits;
  }
  // Multiples of 1/1024 in −1…1.
  size_t multiple = below(1025), exponent = 0;
  if (multiple == 0) return bits & 0x8000;
  while (multiple >> (exponent + 1) != 0) exponent++;
  return (uint16_t)((bits & 0x8000) | (exponent + 5) << 10 | (multiple << (10 - exponent) & 0x3FF));
}

static uint8_t byte_of(int pattern, int side) {
  static const uint8_t edges[] = {0x80, 0x7F, 0xFF, 0x00, 0x01, 0x81};
  static const uint8_t constants[PATTERNS][2] = {
      [2] = {0x80, 0x7F}, [3] = {0xFF, 0xFF}, [5] = {0, 0}, [6] = {0xFF, 0x00}, [8] = {0x80, 0x80}};
  switch (pattern) {
    case 1: return edges[below(sizeof edges)];
    case 4: return side == 0 ? 0 : (uint8_t)drawn();
    case 0: case 7: return (uint8_t)drawn();
    default: return constants[pattern][side];
  }
}

void fill(nt_element element, int pattern, void *vectors[2], size_t count) {
  for (int side = 0; side < 2; side++)
    for (size_t i = 0; i < count; i++)
      switch (element) {
        case NT_ELEMENT_F32: ((float *)vectors[side])[i] = float_of(pattern, side); break;
        case NT_ELEMENT_F16: ((uint16_t *)vectors[side])[i] = half_of(pattern, side); break;
        default: ((uint8_t *)vectors[side])[i] = byte_of(pattern, side); break;
      }
  if (pattern == 7) memcpy(vectors[1], vectors[0], count * element_bytes[element]);
  now.element = element_names[element];
  now.pattern = (element <= NT_ELEMENT_F16 ? float_patterns : byte_patterns)[pattern];
}

static double value_at(nt_element element, const void *vector, size_t i) {
  switch (element) {
    case NT_ELEMENT_F32: return ((const float *)vector)[i];
    case NT_ELEMENT_F16: return half_value(((const uint16_t *)vector)[i]);
    case NT_ELEMENT_U8: return ((const uint8_t *)vector)[i];
    case NT_ELEMENT_I8: return ((const int8_t *)vector)[i];
    default: return ((const uint8_t *)vector)[i / 8] >> (i % 8) & 1;
  }
}

truth truth_of(nt_element element, const void *a, const void *b, size_t n, int is_unit) {
  double ab = 0, aa = 0, bb = 0, products = 0, squares = 0, differences = 0;
  for (size_t i = 0; i < n; i++) {
    double x = value_at(element, a, i), y = value_at(element, b, i);
    ab += x * y, aa += x * x, bb += y * y;
    products += fabs(x * y), squares += (x - y) * (x - y), differences += fabs(x - y);
  }
  double either = aa + bb - ab;
  truth result = {{ab, squares, differences, aa > 0 && bb > 0 ? 1 - ab / sqrt(aa * bb) : 1, squares,
                   either > 0 ? 1 - (float)ab / (float)either : 0}, {0}};
  for (int metric = 0; metric < NT_METRICS; metric++) result.value[metric] = (float)result.value[metric];
  if (element > NT_ELEMENT_F16) return result;
  // Two sums of at most n / 4 + 16 roundings each, relative to what was added; the Swift tests' bound where the values
  // are −1…1.
  double rounding = (double)(n / 2 + 32) * 0x1p-24, least = (double)n * 0x1p-149;
  double largest[] = {products, squares, differences, 3};
  for (int metric = 0; metric < 4; metric++)
    result.slack[metric] = is_unit ? 1e-6 * (double)n + 1e-5 : rounding * largest[metric] + least;
  return result;
}

