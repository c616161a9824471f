// 100,000 records with planted duplicates into SQLite: data::bulk_insert and data::ingest_csv beside a loop by hand in C, interleaved, and
// beside one transaction per record on a sample. tessera_bench_ingest [ROUNDS]; medians, on a database in the temporary folder.
#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "bench/ingest_rival.h"
#include "bench/measure.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/ingest.h"

namespace {

using namespace tessera;

constexpr std::int64_t kRecords = 100'000, kSample = 1'000, kEvery = 100;
constexpr const char* kTable = "CREATE TABLE t (id INTEGER, height REAL, name TEXT, UNIQUE (id))";

struct People {
  std::vector<std::int64_t> ids;
  std::vector<double> heights;
  std::vector<std::string> names;
  std::vector<const char*> texts;
  std::vector<std::int64_t> planted;
  std::string csv = "id,height,name\n";
};

People make_people() {
  People people;
  for (std::int64_t i = 0; i < kRecords; ++i) {
    const bool planted = i % kEvery == kEvery - 1;
    if (planted) people.planted.push_back(i);
    people.ids.push_back((planted ? i / 2 / kEvery * kEvery : i) * 7919 % 1'000'003);  // in no order
    people.heights.push_back(1.5 + static_cast<double>(i % 600) / 1000);
    people.names.push_back(fmt::format("patient number {}", i));
    people.csv += fmt::format("{},{},{}\n", people.ids.back(), people.heights.back(), people.names.back());
  }
  for (const std::string& name : people.names) people.texts.push_back(name.c_str());
  return people;
}

class PeopleRecords : public data::Records {
 public:
  explicit PeopleRecords(const People& people) : people_(people) {}
  bool next(std::vector<data::RecordValue>& values) override {
    if (++index_ >= people_.ids.size()) return false;
    values.resize(3);
    values[0] = people_.ids[index_];
    values[1] = people_.heights[index_];
    values[2] = std::string_view(people_.names[index_]);
    return true;
  }
  std::int64_t line() const override { return static_cast<std::int64_t>(index_) + 1; }

 private:
  const People& people_;
  std::size_t index_ = static_cast<std::size_t>(-1);
};

std::vector<std::int64_t> indices(const data::BulkResult& result) {
  std::vector<std::int64_t> found;
  for (const data::Rejected& each : result.rejected) found.push_back(each.index);
  return found;
}

struct Side {
  std::string name;
  std::function<std::vector<std::int64_t>()> run;  // the refused records
  std::vector<double> seconds = {};
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<std::int64_t> rival(const std::function<std::int64_t(std::int64_t*)>& run) {
  std::vector<std::int64_t> failed(kRecords);
  failed.resize(static_cast<std::size_t>(std::max<std::int64_t>(run(failed.data()), 0)));
  return failed;
}

}  // namespace

int main(int count, char** words) {
  const int rounds = count > 1 ? std::stoi(words[1]) : 7;
  const People people = make_people();
  const ScratchFolder folder("bench-ingest");
  const std::string path = folder.path() + "/t.sqlite", csv = folder.path() + "/t.csv";
  write_file_atomically(csv, people.csv);
  std::vector<Side> sides = {
      {"by hand in C, one transaction",
       [&] {
         return rival([&](std::int64_t* failed) {
           return rival_insert(path.c_str(), people.ids.data(), people.heights.data(), people.texts.data(),
                               kRecords, 0, failed);
         });
       }},
      {"data::bulk_insert",
       [&] {
         Database database(path);
         database.execute(kTable);
         PeopleRecords records(people);
         return indices(data::bulk_insert(database, "t", {"id", "height", "name"}, records));
       }},
      {"by hand in C, from CSV",
       [&] {
         return rival([&](std::int64_t* failed) { return rival_ingest(path.c_str(), csv.c_str(), failed); });
       }},
      {"data::ingest_csv, the table is there",
       [&] {
         Database database(path);
         database.execute(kTable);
         return indices(data::ingest_csv(database, "t", csv));
       }},
      {"data::ingest_csv, the table is made", [&] {
         Database database(path);
         return indices(data::ingest_csv(database, "t", csv, {.unique = {"id"}}));
       }}};
  for (int round = 0; round < rounds; ++round)
    for (Side& side : sides) {
      remove_file(path);
      const double start = bench::seconds_now();
      const std::vector<std::int64_t> refused = side.run();
      side.seconds.push_back(bench::seconds_now() - start);
      TESSERA_CHECK(refused == people.planted, "{}: refused {} records, expected the {} planted ones",
                    side.name, refused.size(), people.planted.size());
    }
  remove_file(path);
  std::vector<std::int64_t> failed(kRecords);
  const double start = bench::seconds_now();
  rival_insert(path.c_str(), people.ids.data(), people.heights.data(), people.texts.data(), kSample, 1,
               failed.data());
  const double per_record = (bench::seconds_now() - start) / kSample;
  const double insert = median(sides[0].seconds), ingest = median(sides[2].seconds);
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const double seconds = median(sides[i].seconds);
    fmt::print("{:<38} {:7.1f} ms  {:>9.0f} records/s  {:5.2f}x\n", sides[i].name, seconds * 1e3,
               kRecords / seconds, seconds / (i < 2 ? insert : ingest));
  }
  fmt::print("{:<38} {:7.1f} ms  {:>9.0f} records/s  (a sample of {})\n",
             "by hand in C, one transaction each", per_record * kRecords * 1e3, 1 / per_record, kSample);
}
