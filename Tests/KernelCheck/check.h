// What the files of the kernel check share: fenced memory, values to compare on, and the count of what was wrong.
#ifndef NEEDLETAIL_CHECK_H
#define NEEDLETAIL_CHECK_H

#include "CKernels.h"

enum { LENGTH_MAX = 1025, LONGEST = 65536, LINE = 64, VARIANTS = 4, PATTERNS = 9 };

extern const char *const variant_names[VARIANTS], *const element_names[NT_ELEMENTS], *const metric_names[NT_METRICS];
extern const size_t element_bytes[NT_ELEMENTS];

// What is being compared, for the message when it is wrong or when it touches what it may not.
typedef struct comparison {
  const char *kernel, *element, *pattern;
  nt_variant variant;
  size_t length, gap;
} comparison;
extern comparison now;
extern unsigned long compared, wrong;

void expect(double got, double expected, double slack);
void expect_true(int holds, const char *problem);

// The generator's state, and draws from it: any bits, less than a bound, and −1…1.
extern uint64_t state;
uint64_t drawn(void);
size_t below(size_t bound);
float unit(void);

// Ends of memory that is followed by a page that may not be touched.
extern uint8_t *left_end, *right_end, *out_end;
void make_fences(void);

// Copies bytes to `gap` bytes before the end; around them stands 0xFF, not a number to floats.
uint8_t *place(uint8_t *end, const void *bytes, size_t count, size_t gap);

// The other vector's gap: goes through all multiples of `size` within a line as `gap` does, in another order.
static inline size_t other_gap(size_t gap, size_t size, size_t length) {
  return (gap / size * 5 + length) * size % LINE;
}

// Fills two vectors with random values of a pattern or with its constants.
void fill(nt_element element, int pattern, void *vectors[2], size_t count);
double half_value(uint16_t half);

// All metrics of a pair, computed in double precision, and how far sums in single precision may be from them.
typedef struct truth {
  double value[NT_METRICS], slack[NT_METRICS];
} truth;
truth truth_of(nt_element element, const void *a, const void *b, size_t n, int is_unit);

void check_pairs(void);
void check_codes(void);
void check_rows(void);
void check_encodings(void);

#endif
