// What the files of pair kernels share.
#ifndef NEEDLETAIL_PAIR_TABLES_H
#define NEEDLETAIL_PAIR_TABLES_H

#include "CKernels.h"

typedef struct nt_pair_table {
  nt_pair of[NT_ELEMENTS][NT_METRICS];
} nt_pair_table;

extern const nt_pair_table nt_pairs_scalar;
#if defined(__x86_64__)
extern const nt_pair_table nt_pairs_avx2;
extern const nt_pair_table nt_pairs_avx512;
/// Bits only: what VPOPCNTDQ counts.
extern const nt_pair_table nt_pairs_popcount;
#elif defined(__aarch64__)
extern const nt_pair_table nt_pairs_neon;
#endif

static inline float nt_cosine(double product, double a, double b) {
  return a > 0 && b > 0 ? (float)(1 - product / __builtin_sqrt(a * b)) : 1;
}
static inline float nt_jaccard(uint64_t both, uint64_t either) {
  return either > 0 ? 1 - (float)both / (float)either : 0;
}

// A table's rows: the four metrics of numbers under one name, and those of bits.
#define NT_NUMBER_PAIRS(name) {name##_dot, name##_squared_l2, name##_l1, name##_cosine, NULL, NULL}
#define NT_BIT_PAIRS {bit_dot, NULL, NULL, bit_cosine, bit_hamming, bit_jaccard}

#endif
