// What the benchmark needs of simdjson: one upsert body read by its On-Demand interface.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csimdjson_reader csimdjson_reader;

typedef struct {
  size_t point_count;
  size_t float_count;
  size_t payload_bytes;
  double float_sum;
} csimdjson_totals;

/// Keeps a parser and a padded copy of `text`, so that neither is part of the measured time.
csimdjson_reader *csimdjson_reader_create(const char *text, size_t count);
void csimdjson_reader_destroy(csimdjson_reader *reader);

/// Reads `{points: [{id, vector, payload}]}`: floats into one array per point, payloads as raw text.
/// Returns 0, or simdjson's error code.
int csimdjson_read_upsert(csimdjson_reader *reader, csimdjson_totals *totals);

#ifdef __cplusplus
}
#endif
#endif
