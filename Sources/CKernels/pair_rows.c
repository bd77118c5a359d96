// Many rows with one query, by a kernel of pairs. The calls of one batch wait for memory together.
#include "variants.h"

// How many rows ahead of the one that is compared the next is fetched, and how much of it.
enum { AHEAD = 4, FETCHED_MAX = 1024 };

void nt_pair_rows(const nt_pair_order *order, const void *query, size_t n, const void *base, size_t stride,
                  const uint32_t *rows, size_t count, float *out) {
  const char *first = base;
  const nt_pair pair = order->pair;
  const float factor = order->factor, offset = order->offset;
  if (rows == NULL) {
    for (size_t i = 0; i < count; i++) out[i] = factor * pair(query, first + i * stride, n) + offset;
    return;
  }
  const size_t fetched = stride < FETCHED_MAX ? stride : FETCHED_MAX;
  for (size_t i = 0; i < count + AHEAD; i++) {
    if (i < count) nt_prefetch_bytes(first + rows[i] * stride, fetched);
    if (i >= AHEAD) out[i - AHEAD] = factor * pair(query, first + rows[i - AHEAD] * stride, n) + offset;
  }
}
