// CRC32C by the instructions that the processor has: three interleaved streams of CRC32 on x86-64 (one
// instruction has a latency of three cycles and a throughput of one), the CRC extension on 64-bit ARM, and
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

#define POLYNOMIAL 0x82F63B78u

typedef uint32_t (*crc32c_function)(uint32_t, const uint8_t *, size_t);

static inline uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  return word;
}

// ---- Eight tables ("slicing by 8") ----

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

static uint32_t crc32c_table(uint32_t crc, const uint8_t *bytes, size_t count) {
  crc = ~crc;
  while (count >= 8) {
    uint32_t low = crc ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
          tables[4][low >> 24] ^ tables[3][bytes[4]] ^ tables[2][bytes[5]] ^ tables[1][bytes[6]] ^
          tables[0][bytes[7]];
    bytes += 8;
    count -= 8;
  }
  while (count--) crc = (crc >> 8) ^ tables[0][(crc ^ *bytes++) & 255];
  return ~crc;
}

#if defined(__x86_64__)

// ---- SSE4.2 ----

__attribute__((target("sse4.2"))) static inline uint64_t stream(uint64_t crc, const uint8_t *bytes,
                                                                size_t count) {
  while (count >= 8) {
    crc = _mm_crc32_u64(crc, load64(bytes));
    bytes += 8;
    count -= 8;
  }
  while (count--) crc = _mm_crc32_u8((uint32_t)crc, *bytes++);
  return crc;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *bytes,
                                                               size_t count) {
  return ~(uint32_t)stream((uint32_t)~crc, bytes, count);
}

// A block is three stretches of equal length, whose checksums are joined by multiplying the first with
// x^(16 L) and the second with x^(8 L) modulo the polynomial (L bytes a stretch). Both factors are 32-bit
// reflected polynomials. The carry-less product of two such words is the reflected product times x, and
// CRC32 of a 64-bit word multiplies by x^32, hence the exponents n - 33.
#define LONG_STRETCH 2048
#define SHORT_STRETCH 256

static uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (int bit = 31; bit >= 0; bit--) {
    if (a >> bit & 1) product ^= b;
    b = b & 1 ? (b >> 1) ^ POLYNOMIAL : b >> 1;
  }
  return product;
}

// x^exponent modulo the polynomial, reflected: bit 31 is x^0.
static uint32_t power_of_x(uint64_t exponent) {
  uint32_t result = 0x80000000u, square = 0x40000000u;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

static uint64_t long_factors[2], short_factors[2];

static void fill_factors(void) {
  long_factors[0] = power_of_x(8ull * 2 * LONG_STRETCH - 33);
  long_factors[1] = power_of_x(8ull * LONG_STRETCH - 33);
  short_factors[0] = power_of_x(8ull * 2 * SHORT_STRETCH - 33);
  short_factors[1] = power_of_x(8ull * SHORT_STRETCH - 33);
}

__attribute__((target("sse4.2,pclmul"))) static inline uint64_t shifted(uint64_t crc, uint64_t factor) {
  __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128((int64_t)factor), 0);
  return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static inline uint64_t block(uint64_t crc, const uint8_t *bytes,
                                                                      size_t stretch, const uint64_t *factors) {
  uint64_t second = 0, third = 0;
  for (const uint8_t *end = bytes + stretch; bytes < end; bytes += 8) {
    crc = _mm_crc32_u64(crc, load64(bytes));
    second = _mm_crc32_u64(second, load64(bytes + stretch));
    third = _mm_crc32_u64(third, load64(bytes + 2 * stretch));
  }
  return shifted(crc, factors[0]) ^ shifted(second, factors[1]) ^ third;
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc32c_sse42_pclmul(uint32_t crc, const uint8_t *bytes,
                                                                             size_t count) {
  uint64_t state = (uint32_t)~crc;
  for (; count >= 3 * LONG_STRETCH; bytes += 3 * LONG_STRETCH, count -= 3 * LONG_STRETCH)
    state = block(state, bytes, LONG_STRETCH, long_factors);
  for (; count >= 3 * SHORT_STRETCH; bytes += 3 * SHORT_STRETCH, count -= 3 * SHORT_STRETCH)
    state = block(state, bytes, SHORT_STRETCH, short_factors);
  return ~(uint32_t)stream(state, bytes, count);
}

#elif defined(__aarch64__)

#if defined(__clang__)
#define CRC_TARGET __attribute__((target("crc")))
#else
#define CRC_TARGET __attribute__((target("+crc")))
#endif

CRC_TARGET static uint32_t crc32c_arm(uint32_t crc, const uint8_t *bytes, size_t count) {
  crc = ~crc;
  while (count >= 8) {
    crc = __crc32cd(crc, load64(bytes));
    bytes += 8;
    count -= 8;
  }
  while (count--) crc = __crc32cb(crc, *bytes++);
  return ~crc;
}

#endif

// ---- Dispatch ----

static int has_path(int path) {
  switch (path) {
  case NT_CRC32C_TABLE:
    return 1;
#if defined(__x86_64__)
  case NT_CRC32C_SSE42:
    return __builtin_cpu_supports("sse4.2") != 0;
  case NT_CRC32C_SSE42_PCLMUL:
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  case NT_CRC32C_ARM:
#if defined(__APPLE__)
    return 1;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
    return 0;
#endif
#endif
  default:
    return 0;
  }
}

static crc32c_function function_of(int path) {
  switch (path) {
#if defined(__x86_64__)
  case NT_CRC32C_SSE42:
    return crc32c_sse42;
  case NT_CRC32C_SSE42_PCLMUL:
    return crc32c_sse42_pclmul;
#elif defined(__aarch64__)
  case NT_CRC32C_ARM:
    return crc32c_arm;
#endif
  default:
    return crc32c_table;
  }
}

static int chosen_path;
static crc32c_function chosen = crc32c_table;

// Runs before `main` and before any thread, so that the calls need no synchronisation.
__attribute__((constructor)) static void choose(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  fill_factors();
#endif
  fill_tables();
  for (int path = NT_CRC32C_ARM; path >= NT_CRC32C_TABLE; path--) {
    if (!has_path(path)) continue;
    chosen_path = path;
    chosen = function_of(path);
    return;
  }
}

uint32_t nt_crc32c(uint32_t crc, const void *bytes, size_t count) { return chosen(crc, bytes, count); }

int nt_crc32c_path(void) { return chosen_path; }

int nt_crc32c_by_path(int path, uint32_t crc, const void *bytes, size_t count, uint32_t *result) {
  if (!has_path(path)) return 0;
  *result = function_of(path)(crc, bytes, count);
  return 1;
}
