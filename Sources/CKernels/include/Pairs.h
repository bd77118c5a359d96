// Distances of pairs of vectors, by element and metric: what float32 rows are not enough for.
//
// One signature for all, so that a caller picks a function once and keeps it. Integer elements are summed exactly and
// converted at the end. Pointers may be unaligned to anything but their element; nothing is read beyond `n` elements.
#ifndef NEEDLETAIL_PAIRS_H
#define NEEDLETAIL_PAIRS_H

#include <stddef.h>

/// What a vector is made of.
typedef enum nt_element {
  NT_ELEMENT_F32 = 0,
  /// IEEE 754 binary16.
  NT_ELEMENT_F16 = 1,
  NT_ELEMENT_U8 = 2,
  NT_ELEMENT_I8 = 3,
  /// Bits, eight a byte; those of the last byte beyond `n` are zero.
  NT_ELEMENT_BIT = 4,
} nt_element;
#define NT_ELEMENTS 5

typedef enum nt_metric {
  /// Σ a·b; of bits the number of those set in both.
  NT_METRIC_DOT = 0,
  /// Σ (a−b)².
  NT_METRIC_SQUARED_L2 = 1,
  /// Σ |a−b|.
  NT_METRIC_L1 = 2,
  /// 1 − Σ a·b / √(Σ a² · Σ b²); 1 where a vector is zero.
  NT_METRIC_COSINE = 3,
  /// The number of different bits.
  NT_METRIC_HAMMING = 4,
  /// 1 − |a ∧ b| / |a ∨ b|; 0 where both are empty.
  NT_METRIC_JACCARD = 5,
} nt_metric;
#define NT_METRICS 6

/// The distance of two vectors of `n` elements, n ≤ 65,536.
typedef float (*nt_pair)(const void *a, const void *b, size_t n);

/// How a pair's distance becomes the ordering value of rows, which is smaller for nearer ones: factor · pair + offset.
typedef struct nt_pair_order {
  nt_pair pair;
  float factor;
  float offset;
} nt_pair_order;

#endif
