#ifndef CSHA256_H
#define CSHA256_H

#include <stddef.h>
#include <stdint.h>

/// SHA-256 (FIPS 180-4) of a message that comes in blocks.
typedef struct {
  uint32_t state[8];
  uint64_t byte_count;
  uint8_t pending[64];
} sha256_state;

void sha256_begin(sha256_state *hash);
void sha256_update(sha256_state *hash, const void *bytes, size_t count);
/// Ends the message and writes its 32 bytes.
void sha256_finish(sha256_state *hash, uint8_t *digest);

#endif
