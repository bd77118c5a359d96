#include "CChecksum.h"

#include <string.h>

static uint64_t load64(const unsigned char *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

/// The two halves of the 128-bit product, folded: every input bit reaches most output bits.
static uint64_t fold(uint64_t left, uint64_t right) {
  __uint128_t product = (__uint128_t)left * right;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t rotate(uint64_t value, int count) { return value << count | value >> (64 - count); }

// Odd constants with half of their bits set: fractional parts of square roots of primes.
static const uint64_t K0 = 0x6a09e667f3bcc909, K1 = 0xbb67ae8584caa73b, K2 = 0x3c6ef372fe94f82b,
                      K3 = 0xa54ff53a5f1d36f1;

void nt_digest128(const uint64_t key[4], const void *bytes, size_t count, uint64_t result[2]) {
  const unsigned char *next = bytes;
  uint64_t a = fold(key[0] ^ K0, key[1] ^ K1) + rotate(key[1], 17);
  uint64_t b = fold(key[2] ^ K2, key[3] ^ K3) + rotate(key[3], 29);
  size_t rest = count;
  while (rest >= 32) {
    a = fold(load64(next) ^ a, load64(next + 8) ^ K1) + rotate(a, 23);
    b = fold(load64(next + 16) ^ b, load64(next + 24) ^ K3) + rotate(b, 41);
    next += 32;
    rest -= 32;
  }
  unsigned char tail[32] = {0};
  if (rest > 0) memcpy(tail, next, rest);
  a = fold(load64(tail) ^ a, load64(tail + 8) ^ K0) + rotate(a, 23);
  b = fold(load64(tail + 16) ^ b, load64(tail + 24) ^ K2) + rotate(b, 41);
  uint64_t length = (uint64_t)count ^ K3;
  result[0] = fold(a ^ length, b ^ K2) + rotate(b, 11);
  result[1] = fold(b + K1, rotate(a, 32) ^ K0) + rotate(a, 37) + length;
}
