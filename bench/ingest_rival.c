#include "bench/ingest_rival.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run(sqlite3* database, const char* sql) {
  return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static sqlite3_stmt* open_table(const char* path, sqlite3** database) {
  sqlite3_stmt* insert = NULL;
  if (sqlite3_open(path, database) != SQLITE_OK) return NULL;
  if (!run(*database, "CREATE TABLE t (id INTEGER, height REAL, name TEXT, UNIQUE (id))")) return NULL;
  sqlite3_prepare_v2(*database, "INSERT INTO t VALUES (?, ?, ?)", -1, &insert, NULL);
  return insert;
}

int64_t rival_insert(const char* path, const int64_t* ids, const double* heights, const char* const* names,
                     int64_t count, int per_record, int64_t* failed) {
  sqlite3* database = NULL;
  sqlite3_stmt* insert = open_table(path, &database);
  int64_t failures = 0;
  if (insert == NULL || (!per_record && !run(database, "BEGIN"))) return -1;
  for (int64_t i = 0; i < count; ++i) {
    sqlite3_bind_int64(insert, 1, ids[i]);
    sqlite3_bind_double(insert, 2, heights[i]);
    sqlite3_bind_text(insert, 3, names[i], -1, SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE) failed[failures++] = i;
    sqlite3_reset(insert);
  }
  if (!per_record && !run(database, "COMMIT")) return -1;
  sqlite3_finalize(insert);
  sqlite3_close(database);
  return failures;
}

static char* read_whole(const char* path, long* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  char* text = malloc((size_t)*size + 1);
  *size = (long)fread(text, 1, (size_t)*size, file);
  text[*size] = '\0';
  fclose(file);
  return text;
}

int64_t rival_ingest(const char* path, const char* csv, int64_t* failed) {
  sqlite3* database = NULL;
  sqlite3_stmt* insert = open_table(path, &database);
  long size = 0;
  char* text = read_whole(csv, &size);
  int64_t failures = 0, index = 0;
  if (insert == NULL || text == NULL || !run(database, "BEGIN")) return -1;
  char* at = strchr(text, '\n') + 1;
  for (; *at != '\0'; ++index) {
    char* end = NULL;
    sqlite3_bind_int64(insert, 1, strtoll(at, &end, 10));
    sqlite3_bind_double(insert, 2, strtod(end + 1, &end));
    char* name = end + 1;
    end = strchr(name, '\n');
    sqlite3_bind_text(insert, 3, name, (int)(end - name), SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE) failed[failures++] = index;
    sqlite3_reset(insert);
    at = end + 1;
  }
  if (!run(database, "COMMIT")) return -1;
  sqlite3_finalize(insert);
  sqlite3_close(database);
  free(text);
  return failures;
}
