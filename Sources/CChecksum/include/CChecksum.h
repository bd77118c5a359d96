#ifndef NEEDLETAIL_CCHECKSUM_H
#define NEEDLETAIL_CCHECKSUM_H

#include "crash_note.h"

#include <stddef.h>
#include <stdint.h>

/// Which instructions compute the checksum. The values number the paths for tests and diagnostics.
enum nt_crc32c_path {
  NT_CRC32C_TABLE = 0,
  NT_CRC32C_SSE42 = 1,
  NT_CRC32C_SSE42_PCLMUL = 2,
  NT_CRC32C_ARM = 3,
};

/// CRC32C (Castagnoli, reflected polynomial 0x82F63B78) of `count` bytes, continuing from `crc`.
///
/// Start with 0; the checksum of a concatenation is obtained by passing the first part's checksum
/// together with the second part. The fastest path of this processor is chosen on the first call.
uint32_t nt_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The path that `nt_crc32c` takes on this processor.
int nt_crc32c_path(void);

/// The same checksum by one given path; 0 when this processor does not have it, otherwise 1 with the
/// checksum in `*result`. Only tests call it.
int nt_crc32c_by_path(int path, uint32_t crc, const void *bytes, size_t count, uint32_t *result);

/// A 128-bit hash of a key of four numbers and `count` bytes; the same on every processor. Not for secrets:
/// whoever chooses the bytes can make two hashes equal.
void nt_digest128(const uint64_t key[4], const void *bytes, size_t count, uint64_t result[2]);

/// CRC-32 (ISO-HDLC, reflected polynomial 0xEDB88320, the one of zlib) of `count` bytes, continuing from `crc`;
/// begins with 0 as above.
uint32_t nt_crc32(uint32_t crc, const void *bytes, size_t count);

#endif
