// One query against `count` rows, `rounds` times, for kernels.py.
#include "CKernels.h"

#include <stdint.h>

float needletail_pairs(int variant, int element, int metric, const void *query, const uint8_t *rows, size_t row_bytes,
                       size_t n, size_t count, size_t rounds) {
  nt_pair pair = variant < 0 ? nt_pair_best((nt_element)element, (nt_metric)metric)
                             : nt_pair_of((nt_variant)variant, (nt_element)element, (nt_metric)metric);
  if (pair == NULL) return -1;
  float sum = 0;
  for (size_t round = 0; round < rounds; round++)
    for (size_t row = 0; row < count; row++) sum += pair(query, rows + row * row_bytes, n);
  return sum != -1 ? sum : 0;
}
