#include "tessera/data/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/interrupt.h"
#include "tessera/data/sql_table.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::int64_t count(Database& database, const std::string& what) {
  Statement rows(database, "SELECT count(*) FROM " + what);
  rows.step();
  return rows.integer(0);
}

// {id: i}, some of which have the id of an earlier one.
class PlantedDuplicates : public Records {
 public:
  PlantedDuplicates(std::int64_t records, std::int64_t every) : records_(records), every_(every) {}
  bool next(std::vector<RecordValue>& values) override {
    if (++index_ >= records_) return false;
    values.assign(1, planted(index_) ? index_ / 2 : index_);
    return true;
  }
  std::int64_t line() const override { return index_ + 1; }
  bool planted(std::int64_t index) const { return index > 0 && index % every_ == 0; }

 private:
  std::int64_t records_, every_, index_ = -1;
};

TEST(BulkInsert, NamesExactlyThePlantedDuplicates) {
  Database database(":memory:");
  database.execute("CREATE TABLE t (id INTEGER); CREATE UNIQUE INDEX by_id ON t (id)");
  PlantedDuplicates records(100'000, 97);
  const BulkResult result = bulk_insert(database, "t", {"id"}, records);
  std::set<std::int64_t> expected, found;
  std::set<std::int64_t> ids;
  for (std::int64_t i = 0; i < 100'000; ++i)
    if (!ids.insert(records.planted(i) ? i / 2 : i).second) expected.insert(i);
  for (const Rejected& each : result.rejected) {
    found.insert(each.index);
    EXPECT_EQ(each.reason,
              "a record with id = " + std::to_string(each.index / 2) + " is in the table already");
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 500U);
  EXPECT_EQ(result.inserted + static_cast<std::int64_t>(found.size()), 100'000);
  EXPECT_EQ(count(database, "t"), result.inserted);
}

TEST(BulkInsert, ReasonsAreSentences) {
  Database database(":memory:");
  database.execute(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, height REAL NOT NULL, name TEXT CHECK (length(name) < 5), "
      "UNIQUE (height, name))");
  const Table table = parse_csv(
      "id,height,name\n1,1.5,ann\nx,1,bob\n2,,bob\n3,tall,bob\n1.5,2,bob\n4,2,barbara\n1,9,eve\n5,1.5,ann\n6,"
      "nan,eve\n7,7,7\n",
      "t.csv", {.text_columns = {"id", "height", "name"}});
  const BulkResult result = bulk_insert(database, "t", table);
  std::vector<std::string> reasons;
  for (const Rejected& each : result.rejected)
    reasons.push_back(fmt::format("{} {}: {}", each.index, each.line, each.reason));
  EXPECT_THAT(reasons, ElementsAre("1 3: column 'id': found 'x', expected a whole number",
                                   "2 4: column 'height': a value is missing, expected one (NOT NULL)",
                                   "3 5: column 'height': found 'tall', expected a number",
                                   "4 6: column 'id': found '1.5', expected a whole number",
                                   "5 7: CHECK constraint failed: length(name) < 5",
                                   "6 8: a record with id = 1 is in the table already",
                                   "7 9: a record with height = 1.5, name = 'ann' is in the table already",
                                   "8 10: column 'height': found 'nan', expected a number"));
  EXPECT_EQ(result.inserted, 2);
}

TEST(BulkInsert, ConflictClausesOfTheTableDoNotCount) {
  Database database(":memory:");
  database.execute(
      "CREATE TABLE t (id INTEGER UNIQUE ON CONFLICT REPLACE, x TEXT); INSERT INTO t VALUES (1, 'old')");
  const BulkResult result = bulk_insert(database, "t", parse_csv("id,x\n1,new\n2,new\n", "t.csv"));
  EXPECT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(count(database, "t WHERE x = 'old'"), 1);
}

TEST(BulkInsert, WhatIsNoRecordIsAnError) {
  Database database(":memory:");
  const Table table = parse_csv("id\n1\n", "t.csv");
  EXPECT_EQ(message_of([&] { bulk_insert(database, "t", table); }), ":memory:: there is no table 't'");
  database.execute("CREATE TABLE t (idd INTEGER)");
  EXPECT_EQ(message_of([&] { bulk_insert(database, "t", table); }),
            ":memory:: the table 't' has no column 'id' (did you mean 'idd'?)");
  database.execute("CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'never'); END");
  EXPECT_THAT(message_of([&] { bulk_insert(database, "t", parse_csv("idd\n1\n", "t.csv")); }),
              HasSubstr("record 0: never; the table rolled the batch back"));
  EXPECT_EQ(count(database, "t"), 0);
}

class Ingest : public testing::Test {
 protected:
  std::string file(const std::string& text) {
    const std::string path = folder_ / "people.csv";
    write_file_atomically(path, text);
    return path;
  }
  TestFolder folder_;
};

TEST_F(Ingest, MakesTheTableAndGivesTheFilesDigestBack) {
  const std::string path = file("id,height,na me,zip\n1,1.5,ann,007\n2,2,\"b, ob\",120\n3,,,\n");
  Database database(folder_ / "people.sqlite");
  const CsvOptions csv = {.text_columns = {"zip"}};
  const IngestResult result = ingest_csv(database, "people", path, {.csv = csv, .unique = {"id"}});
  EXPECT_EQ(result.created, "id INTEGER, height REAL, \"na me\" TEXT, zip TEXT, UNIQUE (id)");
  EXPECT_EQ(result.inserted, 3);
  EXPECT_EQ(digest(query_table(database, "SELECT * FROM people ORDER BY rowid")),
            digest(read_csv(path, csv)));
  EXPECT_EQ(digest(read_sqlite(folder_ / "people.sqlite", "SELECT * FROM people")),
            digest(read_csv(path, csv)));
  const IngestResult again = ingest_csv(database, "people", path, {.csv = csv, .unique = {"id"}});
  EXPECT_EQ(again.created, "");
  EXPECT_EQ(again.rejected.size(), 3U);
  EXPECT_THAT(message_of([&] { ingest_csv(database, "people", path, {.unique = {"height"}}); }),
              HasSubstr("without a unique key of the columns asked for"));
}

TEST_F(Ingest, ARaggedRowIsRefusedAndTheOthersAreNot) {
  Database database(":memory:");
  const IngestResult result = ingest_csv(database, "t", file("a,b\n1,2\n3\n4,5,6\n7,8\n"));
  ASSERT_EQ(result.rejected.size(), 2U);
  EXPECT_EQ(result.rejected[0], (Rejected{1, 3, "found 1 field, expected 2"}));
  EXPECT_EQ(result.rejected[1], (Rejected{2, 4, "found 3 fields, expected 2"}));
  EXPECT_EQ(result.inserted, 2);
}

// Stops after the second batch as Ctrl-C would, and by an error; the next call goes on to the same end.
TEST_F(Ingest, AnInterruptedCallIsTakenUp) {
  std::string text = "id\n";
  for (int i = 0; i < 95; ++i) text += std::to_string(i % 80) + "\n";
  const std::string path = file(text);
  Database whole(":memory:");
  const IngestResult expected = ingest_csv(whole, "t", path, {.unique = {"id"}, .batch = 10});
  EXPECT_EQ(expected.rejected.size(), 15U);
  for (const bool by_signal : {true, false}) {
    Database database(":memory:");
    IngestOptions options = {.unique = {"id"}, .batch = 10};
    options.progress = [&](std::int64_t done, std::int64_t, std::int64_t) {
      if (done != 90) return;
      if (!by_signal) fail("stopped");
      std::raise(SIGINT);
    };
    if (by_signal) {
      const IngestResult cut = ingest_csv(database, "t", path, options);
      EXPECT_FALSE(cut.complete);
      EXPECT_EQ(cut.inserted, 80);
    } else {
      EXPECT_EQ(message_of([&] { ingest_csv(database, "t", path, options); }), "stopped");
    }
    EXPECT_EQ(count(database, "tessera_ingest_rejected"), 10);
    const IngestResult rest = ingest_csv(database, "t", path, {.unique = {"id"}, .batch = 10});
    EXPECT_EQ(rest.resumed_at, 90);
    EXPECT_EQ(rest.inserted, expected.inserted);
    EXPECT_EQ(rest.rejected, expected.rejected);
    EXPECT_TRUE(rest.complete);
    EXPECT_EQ(count(database, "sqlite_master WHERE name LIKE 'tessera%'"), 0);
    EXPECT_EQ(count(database, "t"), 80);
  }
}

TEST_F(Ingest, OneTransactionIsAllOrNothing) {
  Database database(":memory:");
  database.execute("CREATE TABLE t (id INTEGER)");
  std::string text = "id\n";
  for (int i = 0; i < 120'000; ++i) text += "1\n";
  IngestOptions options = {.batch = 0};
  options.progress = [](std::int64_t done, std::int64_t, std::int64_t) {
    if (done == 100'000) fail("stopped");
  };
  EXPECT_EQ(message_of([&] { ingest_csv(database, "t", file(text), options); }), "stopped");
  EXPECT_EQ(count(database, "t"), 0);
}

TEST_F(Ingest, TakesTheFirstLineAsARecordWhereThereIsNoHeader) {
  Database database(":memory:");
  const IngestResult result = ingest_csv(database, "t", file("3,oak\n4,pine\n"), {.csv = {.header = false}});
  EXPECT_EQ(result.created, "column_1 INTEGER, column_2 TEXT");
  EXPECT_EQ(result.inserted, 2);
  EXPECT_EQ(count(database, "t WHERE column_1 = 3 AND column_2 = 'oak'"), 1);
}

}  // namespace
}  // namespace tessera::data
