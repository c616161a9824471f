// Bulk insertion into SQLite as somebody would write it by hand in C: what tessera's is measured against.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Inserts records {ids[i], heights[i], names[i]} of one transaction; the indices of the refused ones go to `failed` (as long as the records).
// Returns how many those are, or -1. `per_record`: a transaction for each record instead.
int64_t rival_insert(const char* path, const int64_t* ids, const double* heights, const char* const* names,
                     int64_t count, int per_record, int64_t* failed);
// The same records from a CSV file "id,height,name" without quotes.
int64_t rival_ingest(const char* path, const char* csv, int64_t* failed);

#ifdef __cplusplus
}
#endif
