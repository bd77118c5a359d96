// CRC-32 (ISO-HDLC, the one of zlib): carry-less multiplication on x86-64, the CRC extension on 64-bit ARM, and
// eight tables elsewhere.

#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif
#endif

#define POLYNOMIAL 0xEDB88320u

static uint32_t tables[8][256];

static void fill_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    tables[0][byte] = crc;
  }
  for (uint32_t byte = 0; byte < 256; byte++) {
    for (int slice = 1; slice < 8; slice++) {
      uint32_t crc = tables[slice - 1][byte];
      tables[slice][byte] = (crc >> 8) ^ tables[0][crc & 255];
    }
  }
}

// The register goes in and out as it is, without the ones at both ends.
static uint32_t by_table(uint32_t state, const uint8_t *bytes, size_t count) {
  while (count >= 8) {
    uint32_t low = state ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                            (uint32_t)bytes[3] << 24);
    state = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^
            tables[3][bytes[4]] ^ tables[2][bytes[5]] ^ tables[1][bytes[6]] ^ tables[0][bytes[7]];
    bytes += 8;
    count -= 8;
  }
  while (count--) state = (state >> 8) ^ tables[0][(state ^ *bytes++) & 255];
  return state;
}

#if defined(__x86_64__)

// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009): four
// lanes of 128 bits are folded 512 bits forward at a time, then joined. Deviation: the last 128 bits go through
// the tables instead of a Barrett reduction.

// Factors that carry the two halves of a lane 512 and 128 bits forward.
static uint64_t far_factors[2], near_factors[2];

static uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (int bit = 31; bit >= 0; bit--) {
    if (a >> bit & 1) product ^= b;
    b = b & 1 ? (b >> 1) ^ POLYNOMIAL : b >> 1;
  }
  return product;
}

// x^exponent modulo the polynomial, reflected and shifted by the one bit that a reflected product loses.
static uint64_t factor(uint64_t exponent) {
  uint32_t result = 0x80000000u, square = 0x40000000u;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return (uint64_t)result << 1;
}

static void fill_factors(void) {
  far_factors[0] = factor(512 + 32);
  far_factors[1] = factor(512 - 32);
  near_factors[0] = factor(128 + 32);
  near_factors[1] = factor(128 - 32);
}

__attribute__((target("sse2,pclmul"))) static inline __m128i folded(__m128i lane, __m128i factors, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(lane, factors, 0x00);
  __m128i high = _mm_clmulepi64_si128(lane, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("sse2,pclmul"))) static uint32_t by_folding(uint32_t state, const uint8_t *bytes, size_t count) {
  if (count < 64) return by_table(state, bytes, count);
  __m128i lanes[4];
  for (int lane = 0; lane < 4; lane++) lanes[lane] = _mm_loadu_si128((const __m128i *)bytes + lane);
  lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)state));
  __m128i factors = _mm_loadu_si128((const __m128i *)far_factors);
  for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64)
    for (int lane = 0; lane < 4; lane++)
      lanes[lane] = folded(lanes[lane], factors, _mm_loadu_si128((const __m128i *)bytes + lane));
  factors = _mm_loadu_si128((const __m128i *)near_factors);
  __m128i rest = lanes[0];
  for (int lane = 1; lane < 4; lane++) rest = folded(rest, factors, lanes[lane]);
  for (; count >= 16; bytes += 16, count -= 16) rest = folded(rest, factors, _mm_loadu_si128((const __m128i *)bytes));
  uint8_t last[16];
  _mm_storeu_si128((__m128i *)last, rest);
  return by_table(by_table(0, last, sizeof last), bytes, count);
}

static int has_instructions(void) { return __builtin_cpu_supports("pclmul") != 0; }

#define by_instructions by_folding

#elif defined(__aarch64__)

#if defined(__clang__)
#define CRC_TARGET __attribute__((target("crc")))
#else
#define CRC_TARGET __attribute__((target("+crc")))
#endif

CRC_TARGET static uint32_t by_extension(uint32_t state, const uint8_t *bytes, size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    state = __crc32d(state, word);
  }
  while (count--) state = __crc32b(state, *bytes++);
  return state;
}

static int has_instructions(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
  return 1;
#endif
}

#define by_instructions by_extension

#else

static int has_instructions(void) { return 0; }

#define by_instructions by_table

#endif

static uint32_t (*chosen)(uint32_t, const uint8_t *, size_t) = by_table;

// Runs before `main` and before any thread, so that the calls need no synchronisation.
__attribute__((constructor)) static void choose(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  fill_factors();
#endif
  fill_tables();
  if (has_instructions()) chosen = by_instructions;
}

uint32_t nt_crc32(uint32_t crc, const void *bytes, size_t count) { return ~chosen(~crc, bytes, count); }
