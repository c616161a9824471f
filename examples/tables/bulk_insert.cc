// 100,000 records {id: i} into an SQLite table with a unique index, 1,000 of them with the id of an earlier one: exactly those are named,
// all others are in the table. Then a smaller file whose records are wrong in each way there is.
#include <cstdio>
#include <set>

#include "tessera/data/ingest.h"
#include "tessera/data/sql_table.h"
#include "tessera/tessera.h"

using namespace tessera;

int main() {
  constexpr std::int64_t kRecords = 100'000, kPlanted = 1'000;
  data::Column ids;
  ids.name = "id";
  ids.numeric = true;
  for (std::int64_t i = 0; i < kRecords; ++i) ids.numbers.push_back(static_cast<double>(i));
  // Which ones, and whose id they have, is drawn by counter.
  const auto order = numerics::permutation(kRecords, numerics::stream_key(1, "planted"), 0);
  std::set<std::int64_t> planted;
  for (std::int64_t i = 0; i < kPlanted; ++i) {
    const std::int64_t place = std::max(order[2 * i], order[2 * i + 1]),
                       other = std::min(order[2 * i], order[2 * i + 1]);
    ids.numbers[static_cast<std::size_t>(place)] = static_cast<double>(other);
    planted.insert(place);
  }
  const data::Table records{"records", kRecords, {}, {ids}};

  Database database(":memory:");
  database.execute("CREATE TABLE t (id INTEGER NOT NULL); CREATE UNIQUE INDEX by_id ON t (id)");
  const data::BulkResult result = data::bulk_insert(database, "t", records);
  std::set<std::int64_t> named;
  for (const data::Rejected& each : result.rejected) named.insert(each.index);
  std::printf("inserted %lld, refused %zu: %s\n", static_cast<long long>(result.inserted),
              result.rejected.size(),
              named == planted ? "the planted ones, and no other" : "others than those that were planted");
  std::printf("the first: record %lld, %s\n\n", static_cast<long long>(result.rejected[0].index),
              result.rejected[0].reason.c_str());

  write_file_atomically("people.csv",
                        "id,age,name\n1,39,Ann\n2,fifty,Bob\n1,28,Eve\n4,,Zoe\n5,61\n6,7.5,Max\n7,33,Kim\n");
  database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER NOT NULL, name TEXT)");
  const data::IngestResult people = data::ingest_csv(database, "people", "people.csv");
  for (const data::Rejected& each : people.rejected)
    std::printf("line %lld: %s\n", static_cast<long long>(each.line), each.reason.c_str());
  const data::Table rows = data::query_table(database, "SELECT * FROM people ORDER BY id");
  std::printf("in the table:\n%s", data::csv_text(rows).c_str());
  std::printf("the same digest from CSV: %s\n",
              data::digest(data::parse_csv("id,age,name\n1,39,Ann\n7,33,Kim\n", "x")) == data::digest(rows)
                  ? "yes"
                  : "no");
  remove_file("people.csv");
}
