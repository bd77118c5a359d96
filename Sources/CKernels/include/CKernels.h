// How far apart are two vectors? Distance kernels with run-time dispatch.
//
// Every kernel exists once per instruction set (`nt_variant`); `nt_kernels_best()` gives the table of the best
// set that this processor has, chosen once. All pointers may be unaligned to anything but their element.
// No kernel allocates, locks, or reads outside the ranges stated beside it.
#ifndef NEEDLETAIL_CKERNELS_H
#define NEEDLETAIL_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "Pairs.h"

/// An instruction set that the kernels are written for.
typedef enum nt_variant {
  NT_VARIANT_SCALAR = 0,
  /// AVX2 and FMA.
  NT_VARIANT_AVX2 = 1,
  /// AVX-512 F, DQ, BW, VL and VNNI.
  NT_VARIANT_AVX512 = 2,
  /// Advanced SIMD of AArch64.
  NT_VARIANT_NEON = 3,
} nt_variant;

/// Bytes of a block of codes; rows of codes and queries over them are padded to whole blocks.
#define NT_CODE_BLOCK 64

/// Ends a list of links.
#define NT_NO_NODE UINT32_MAX

/// The last bytes of a row of codes: what turns its integer product into a distance.
typedef struct nt_code_tail {
  float scale;
  float bias;
} nt_code_tail;

/// A query over rows of codes: distance(row) = constant + tail.bias + scale · tail.scale · (k · Σ u·q − offset),
/// where k is 1 for bytes and 2 for nibbles and bits. Without tails, tail.scale is 1 and tail.bias 0.
typedef struct nt_code_query {
  /// Signed codes of the query, zero beyond the dimension: `blocks` × 64 of them for rows of bytes and of bits; for rows
  /// of nibbles as many for the low nibbles and then as many for the high ones.
  const int8_t *codes;
  /// Blocks of a row; of a row of bits, blocks of the query.
  size_t blocks;
  float scale;
  float constant;
  /// What storing unsigned codes adds to the product: 128 · Σ q for bytes, 15 · Σ q for nibbles, Σ q for bits.
  int32_t offset;
  /// Whether rows end with an `nt_code_tail`.
  int32_t has_tails;
  /// 128 · Σ q, for entries.
  int32_t entry_offset;
  /// For `nibble_square_rows`: the square of the rows' scale, and that times 225 · dimension.
  float square;
  float square_constant;
} nt_code_query;

/// Distances from one float32 query of `n` elements to `count` rows, `stride` floats apart.
/// Row i is `base + rows[i] · stride`, or `base + i · stride` where `rows` is NULL.
typedef void (*nt_float_rows)(const float *query, size_t n, const float *base, size_t stride,
                              const uint32_t *rows, size_t count, float *out);

/// Ordering values of rows of codes, `stride` bytes apart, each `blocks` × 64 readable bytes long or longer and, with
/// tails, ended by one at `stride − 8`. Rows are named as for `nt_float_rows`.
typedef void (*nt_code_rows)(const nt_code_query *query, const uint8_t *base, size_t stride,
                             const uint32_t *rows, size_t count, float *out);

/// Rows of a block of entries.
#define NT_ENTRY_BLOCK 16

/// Ordering values of `count` entries, rows of bytes that are kept in blocks of sixteen: for each four positions of the
/// query's codes sixteen times four bytes, then sixteen scales, then sixteen biases, float32. `length` is the number of
/// the query's codes, a multiple of 64. `out` has room for whole blocks, and `minima` gets the least value of each, whose
/// missing rows have an infinite bias.
typedef void (*nt_entry_rows)(const nt_code_query *query, size_t length, const uint8_t *blocks, size_t count,
                              float *out, float *minima);

typedef struct nt_kernels {
  nt_variant variant;
  /// Σ a·b, Σ (a−b)² and Σ |a−b| over `n` elements.
  float (*dot)(const float *a, const float *b, size_t n);
  float (*squared_l2)(const float *a, const float *b, size_t n);
  float (*l1)(const float *a, const float *b, size_t n);
  /// Σ u·q over `n` codes; exact for n ≤ 65,536.
  int32_t (*code_dot)(const uint8_t *codes, const int8_t *query, size_t n);
  /// Writes the signed codes u − 128 of a row of `n` codes, then zeros up to a whole block, and returns 128 · Σ of
  /// them: a row becomes the query of its own neighbours.
  int32_t (*code_query)(const uint8_t *codes, size_t n, int8_t *query);
  /// The same of a row of nibbles, `n` bytes of them: writes values[u] + center of the lower nibbles, then of the higher
  /// ones, both up to a whole block, with u = 0 behind the last, and returns the sum of all. `center` has as many, and no
  /// sum of two leaves ±127.
  int32_t (*nibble_query)(const uint8_t *codes, size_t n, const int8_t values[16], const int8_t *center,
                          int8_t *query);
  /// max|x| of x = vector − mean, which may be NULL; not finite where some x is not.
  float (*largest)(const float *vector, const float *mean, size_t n);
  /// Writes the codes round(x · factor) of x = vector − mean, which may be NULL, clamped to ±127, and returns their sum.
  int32_t (*quantize)(const float *vector, const float *mean, size_t n, float factor, int8_t *codes);
  /// Ordering values of rows: −Σ a·b, Σ (a−b)², Σ |a−b|.
  nt_float_rows negated_dot_rows;
  nt_float_rows squared_l2_rows;
  nt_float_rows l1_rows;
  /// Rows of a byte an element.
  nt_code_rows code_rows;
  /// Rows of a nibble an element: with h = ⌈n / 2⌉, byte j holds element j below and element h + j above.
  nt_code_rows nibble_rows;
  nt_entry_rows entry_rows;
  /// Rows of nibbles without tails under squared L2: adds square_constant + 4 · square · Σ u·(u − 15), the squared
  /// length of the row.
  nt_code_rows nibble_square_rows;
  /// Rows of a bit an element, the first in the lowest bit of the first byte; whole groups of 64 are read.
  nt_code_rows bit_rows;
  /// Puts `word` behind the words of `count` ascending ones that are not above it, and returns where it is; those above
  /// move up by one place, for which there is room.
  size_t (*insert)(uint64_t *words, size_t count, uint64_t word);
  /// Puts the words of `offered` nodes, distances' keys above and the nodes doubled below, among `*count` ascending ones of
  /// at most `capacity`, of which the least stay: as if each were inserted behind those that are not above it and the last
  /// fell out. Returns the place of the least of those that stay, or `capacity` where none does.
  size_t (*offer)(uint64_t *words, size_t *count, size_t capacity, const uint32_t *nodes, const float *distances,
                  size_t offered);
  /// How many bits of `count` words are set.
  size_t (*count_ones)(const uint64_t *words, size_t count);
  /// Sets bit i of the words for each of `count` bytes that is from `low` to `high`, and leaves the other bits as they are.
  void (*bytes_between)(const uint8_t *bytes, size_t count, uint8_t low, uint8_t high, uint64_t *words);
} nt_kernels;

/// The kernels of the best instruction set of this processor.
const nt_kernels *nt_kernels_best(void);

/// The kernels of one instruction set, or NULL where this processor lacks it.
const nt_kernels *nt_kernels_of(nt_variant variant);

/// The pair kernel of one instruction set, or NULL where this processor lacks it or where the metric has no meaning for
/// the element: Hamming and Jaccard are for bits, and bits have no other than these, `DOT` and `COSINE`.
nt_pair nt_pair_of(nt_variant variant, nt_element element, nt_metric metric);

/// The pair kernel of the best instruction set of this processor, or NULL where the metric has no meaning.
nt_pair nt_pair_best(nt_element element, nt_metric metric);

/// Ordering values of rows of `n` elements, `stride` bytes apart. Row i is `base + rows[i] · stride`, or
/// `base + i · stride` where `rows` is NULL.
void nt_pair_rows(const nt_pair_order *order, const void *query, size_t n, const void *base, size_t stride,
                  const uint32_t *rows, size_t count, float *out);

/// Writes `n` codes round(x·127/max|x|) + 128 of x = vector − mean, and returns max|x|/127.
/// `mean` may be NULL. Values that are not finite are clamped.
float nt_encode(const float *vector, const float *mean, size_t n, uint8_t *codes);

/// Writes `n` nibbles of x = vector − mean as ⌈n / 2⌉ bytes (the order of `nibble_rows`): u stands for
/// (2u − 15) · step / 2. Returns step / 2.
/// `step` 0 or less: the step is chosen for this row, and what is returned is fitted to it by least squares.
/// Values that are not finite are clamped.
float nt_encode_nibbles(const float *vector, const float *mean, size_t n, float step, uint8_t *codes);

/// Writes the signs of x = vector − mean as ⌈n / 8⌉ bytes (the order of `bit_rows`): u stands for 2u − 1. Returns the
/// scale under which a row's code has the row's length along the row: ‖x‖² / Σ |x|.
/// Values that are not finite are clamped.
float nt_encode_bits(const float *vector, const float *mean, size_t n, uint8_t *codes);

/// Σ (vector − mean)·v over the values v of a row's codes: u − 128 of bytes, 2u − 15 of nibbles, 2u − 1 of bits.
float nt_decoded_dot(const float *vector, const float *mean, size_t n, const uint8_t *codes, int bits);

/// Writes the codes round(x·127/max|x|) of x = vector − mean, a query over rows of bytes or bits in 1 part and over rows
/// of nibbles in 2 (see `nt_code_query.codes`), zero up to `blocks` × 64 in each, and returns max|x|/127.
/// `mean` may be NULL. Values that are not finite are clamped.
float nt_encode_query(const float *vector, const float *mean, size_t n, size_t parts, size_t blocks, int8_t *query,
                      int32_t *sum);

static inline void nt_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

static inline void nt_prefetch_bytes(const void *address, size_t bytes) {
  for (size_t offset = 0; offset < bytes; offset += 64) nt_prefetch((const char *)address + offset);
}

/// Fetches the first kilobyte of each of `count` rows, `stride` bytes apart.
static inline void nt_prefetch_rows(const uint8_t *base, size_t stride, const uint32_t *rows, size_t count) {
  const size_t bytes = stride < 1024 ? stride : 1024;
  for (size_t i = 0; i < count; i++) nt_prefetch_bytes(base + rows[i] * stride, bytes);
}

// Links are read while another thread of the same build changes them: every entry is one relaxed atomic word,
// so a reader sees old or new ids, never torn ones.
static inline uint32_t nt_load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline void nt_store(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

/// Takes the next value of a shared counter.
static inline uint64_t nt_next(uint64_t *counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

static inline void nt_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static inline void nt_lock(uint8_t *lock) {
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
    while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) nt_pause();
  }
}
static inline void nt_unlock(uint8_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

#endif
