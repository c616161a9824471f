#include "tessera/data/table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/base/sqlite.h"
#include "tessera/data/npy.h"
#include "tessera/data/npz.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TableFile : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  TestFolder folder_;
};

// The same records in four kinds of files: one digest, and the target as texts in each.
TEST_F(TableFile, GivesTheSameTableFromEveryKindOfFile) {
  const TableFileOptions options = {.csv = {.text_columns = {"kind"}}};
  write_file_atomically(folder_ / "t.csv", "girth,kind\n1.5,3\n2,4\n-1,3\n");
  const std::string expected = digest(read_table_file(folder_ / "t.csv", options));
  write_npz(folder_ / "t.npz", {{"girth", Tensor::from<double>({1.5, 2, -1}, {3})},
                                {"kind", Tensor::from<std::int64_t>({3, 4, 3}, {3})}});
  EXPECT_EQ(digest(read_table_file(folder_ / "t.npz", options)), expected);
  Database(folder_ / "t.sqlite")
      .execute("CREATE TABLE t (girth REAL, kind INTEGER); INSERT INTO t VALUES (1.5, 3), (2, 4), (-1, 3)");
  TableFileOptions query = options;
  query.query = "SELECT * FROM t ORDER BY rowid";
  EXPECT_EQ(digest(read_table_file(folder_ / "t.sqlite", query)), expected);
  EXPECT_THAT(table_source_names(read_table_source(folder_ / "t.sqlite"), query),
              ElementsAre("girth", "kind"));
}

// What was read goes when the table is made of it, where nobody needs it any more.
TEST_F(TableFile, ASourceIsGivenAway) {
  Database(folder_ / "t.sqlite").execute("CREATE TABLE t (girth REAL); INSERT INTO t VALUES (1.5), (2)");
  TableSource source = read_table_source(folder_ / "t.sqlite");
  EXPECT_EQ(source.kind(), TableFileKind::kSqlite);
  EXPECT_EQ(source.bytes.size(), 16U);  // it is opened again
  EXPECT_EQ(parse_table_source(std::move(source), {.query = "SELECT * FROM t"}).rows, 2);
  TableSource rows{.path = "postgresql://me@host/d", .rows = parse_csv("girth\n1.5\n2\n", "t.csv")};
  const double* const place = rows.rows->columns[0].numbers.data();
  EXPECT_NE(parse_table_source(rows, {.query = "SELECT 1"}).columns[0].numbers.data(), place);
  EXPECT_THAT(table_source_names(rows, {.query = "SELECT 1"}), ElementsAre("girth"));
  const Table taken = parse_table_source(std::move(rows), {.query = "SELECT 1"});
  EXPECT_EQ(taken.columns[0].numbers.data(), place);
  EXPECT_EQ(taken.source, "postgresql://me@host/d");
}

TEST_F(TableFile, NamesAreOfTheQueryWithoutItsRows) {
  Database(folder_ / "t.sqlite").execute("CREATE TABLE t (a REAL, b TEXT); INSERT INTO t VALUES (1.5, 'x')");
  const TableSource source = read_table_source(folder_ / "t.sqlite");
  const auto names = [&](const std::string& query) { return table_source_names(source, {.query = query}); };
  EXPECT_THAT(names("SELECT b, a + 1 AS more FROM t"), ElementsAre("b", "more"));
  EXPECT_THAT(message_of([&] { names("SELECT c FROM t"); }), HasSubstr("no such column: c"));
  EXPECT_THAT(message_of([&] { names(""); }), HasSubstr("expected a query"));
  EXPECT_THAT(message_of([&] { names("DELETE FROM t"); }), HasSubstr("expected a SELECT"));
}

TEST_F(TableFile, AMatrixGivesItsColumnsNumbers) {
  write_npy(folder_ / "m.npy", Tensor::from<double>({1, 2, 3, 4}, {2, 2}));
  const Table table = read_table_file(folder_ / "m.npy", {.csv = {.text_columns = {"column_2"}}});
  EXPECT_THAT(table.names(), ElementsAre("column_1", "column_2"));
  EXPECT_THAT(table.column("column_2").texts, ElementsAre("2", "4"));
  EXPECT_THAT(message_of([&] { read_table_file(folder_ / "m.npy", {.csv = {.text_columns = {"colum_2"}}}); }),
              HasSubstr("did you mean 'column_2'?"));
}

// Names for a file that has none; what is said of its columns is said by these.
TEST_F(TableFile, TakesNamesForAFileWithoutThem) {
  write_npy(folder_ / "m.npy", Tensor::from<double>({1, 2, 3, 4}, {2, 2}));
  write_file_atomically(folder_ / "m.csv", "1,2\n3,4\n");
  TableFileOptions options{.csv = {.header = false, .text_columns = {"kind"}}, .columns = {"girth", "kind"}};
  for (const char* file : {"m.npy", "m.csv"}) {
    const Table table = read_table_file(folder_ / file, options);
    EXPECT_THAT(table.names(), ElementsAre("girth", "kind"));
    EXPECT_THAT(table.column("kind").texts, ElementsAre("2", "4"));
    EXPECT_THAT(table_source_names(read_table_source(folder_ / file), options), ElementsAre("girth", "kind"));
  }
  const auto message = [&] { return message_of([&] { read_table_file(folder_ / "m.csv", options); }); };
  options.csv.text_columns = {"kid"};
  EXPECT_THAT(
      message(),
      HasSubstr("m.csv: there is no column 'kid' among the names that are given (did you mean 'kind'?)"));
  options.csv.text_columns.clear();
  options.columns = {"a", "a"};
  EXPECT_THAT(message(), HasSubstr("m.csv: the name 'a' is given to 2 columns"));
  options.columns = {"a", "b", "c"};
  EXPECT_THAT(message(), HasSubstr("m.csv: names of 3 columns are given, found 2 columns"));
  options.csv.header = true;
  EXPECT_THAT(message(), HasSubstr("m.csv: names of columns are given, but the file has its own"));
}

TEST_F(TableFile, AsksForAQueryWhereOneIsNeededAndNowhereElse) {
  Database(folder_ / "t.sqlite").execute("CREATE TABLE t (a REAL)");
  write_file_atomically(folder_ / "t.csv", "a\n1\n");
  EXPECT_THAT(message_of([&] { read_table_file(folder_ / "t.sqlite"); }), HasSubstr("expected a query"));
  EXPECT_THAT(message_of([&] { read_table_file(folder_ / "t.csv", {.query = "SELECT 1"}); }),
              HasSubstr("the file is no database"));
  EXPECT_THAT(message_of([&] { read_table_file(folder_ / "t.sqlite", {.query = "SELECT b FROM t"}); }),
              HasSubstr("no such column: b"));
}

// Nothing of it is shown, as in "... cannot be read": it may be a password.
TEST_F(TableFile, RefusesOtherSpellingsOfAnAddressUnseen) {
  for (const char* path : {"postgresql+psycopg2://locked:hush42@127.0.0.1/d",
                           " postgresql://locked:hush42@h/d", "host=127.0.0.1 password=hush42"}) {
    const std::string message = message_of([&] { read_table_file(path, {.query = "SELECT 1"}); });
    EXPECT_THAT(message, HasSubstr("an address in another spelling"));
    EXPECT_THAT(message, testing::Not(HasSubstr("hush42")));
  }
}

}  // namespace
}  // namespace tessera::data
