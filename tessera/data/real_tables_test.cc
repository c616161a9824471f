// Tables that people use, where TESSERA_DATA has them: counts by Python's csv module, and one digest from CSV and SQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/data/ingest.h"
#include "tessera/data/sql_table.h"

namespace tessera::data {
namespace {

class RealTables : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("TESSERA_DATA");
    if (data == nullptr || !exists(std::string(data) + "/tabular/titanic.csv"))
      GTEST_SKIP() << "skipped: TESSERA_DATA has no tables";
    folder_ = std::string(data) + "/tabular/";
  }
  void expect_one_digest(const std::string& file, const CsvOptions& csv) {
    const TestFolder scratch;
    Database database(scratch / "t.sqlite");
    const IngestResult result = ingest_csv(database, "t", folder_ + file, {.csv = csv, .batch = 1000});
    EXPECT_TRUE(result.rejected.empty());
    EXPECT_EQ(digest(query_table(database, "SELECT * FROM t ORDER BY rowid")),
              digest(read_csv(folder_ + file, csv)));
  }
  std::string folder_;
};

TEST_F(RealTables, Titanic) {
  Table table = read_csv(folder_ + "titanic.csv");
  EXPECT_EQ(table.rows, 891);
  EXPECT_EQ(table.column("Age").missing, 177);
  EXPECT_EQ(table.column("Cabin").missing, 687);
  EXPECT_EQ(table.column("Embarked").missing, 2);
  EXPECT_EQ(table.column("Name").texts[1], "Cumings, Mrs. John Bradley (Florence Briggs Thayer)");
  make_category(table, "Ticket");
  EXPECT_EQ(table.column("Ticket").categories.size(), 681U);
  expect_one_digest("titanic.csv", {});
}

TEST_F(RealTables, Adult) {
  const CsvOptions csv = {.header = false, .missing = {"?"}, .trim = true};
  Table table = read_csv(folder_ + "adult_train.csv.gz", csv);
  EXPECT_EQ(table.rows, 32'561);
  EXPECT_EQ(table.column("column_2").missing, 1836);
  EXPECT_EQ(table.column("column_7").missing, 1843);
  EXPECT_EQ(table.column("column_14").missing, 583);
  const std::vector<double>& weights = table.numbers("column_3");
  EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0.0), 6179373392.0);
  make_category(table, "column_14");
  EXPECT_EQ(table.column("column_14").categories.size(), 41U);
  expect_one_digest("adult_train.csv.gz", csv);
}

}  // namespace
}  // namespace tessera::data
