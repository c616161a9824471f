#include "tessera/data/postgresql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/data/csv.h"
#include "tessera/data/ingest.h"
#include "tessera/data/sql_table.h"

namespace tessera::data {
namespace {

using testing::HasSubstr;

constexpr std::string_view kServerScript = TESSERA_SOURCE_DIR "/tests/postgresql_server.sh";

// A server of its own for these tests: in a temporary folder, on loopback, as an unprivileged user. Skipped without one.
class PostgreSql : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_postgresql()) return;
    const std::string command =
        fmt::format("{} start {} > {} 2>&1", kServerScript, folder().path(), folder() / "connection");
    if (std::system(command.c_str()) != 0) return;
    connection_ = read_file(folder() / "connection");
    while (!connection_.empty() && connection_.back() == '\n') connection_.pop_back();
  }
  static void TearDownTestSuite() {
    const std::string command = fmt::format("{} stop {} > /dev/null 2>&1", kServerScript, folder().path());
    if (!connection_.empty()) {
      EXPECT_EQ(std::system(command.c_str()), 0);
    }
  }
  void SetUp() override {
    if (connection_.empty())
      GTEST_SKIP() << "skipped: no libpq, or no PostgreSQL server (Debian's package postgresql)";
  }
  static const TestFolder& folder() {
    static const TestFolder folder;
    return folder;
  }
  // What the table of the tests is made with: through psql, which we did not write.
  static void psql(const std::string& sql) {
    write_file_atomically(folder() / "input.sql", sql);
    const std::string command =
        fmt::format("psql -q -v ON_ERROR_STOP=1 '{}' -f - < {}", connection_, folder() / "input.sql");
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  static std::string connection_;
};
std::string PostgreSql::connection_;

std::string message_of(const std::string& connection, const std::string& query) {
  try {
    read_postgresql(connection, query);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr const char* kCsv =
    "id,height,name,zip\n1,1.7,ann,007\n2,0.1,\"b, ob \"\"x\"\"\",120\n3,,,\n4,1e300,Zoë,0\n5,-2,inf,9\n";

TEST_F(PostgreSql, TheSameRecordsHaveOneDigestFromCsvSqliteAndHere) {
  psql(
      "CREATE TABLE people (id bigint, height double precision, name text, zip varchar(5));\n"
      "COPY people FROM stdin WITH (FORMAT csv, HEADER);\n" +
      std::string(kCsv) + "\\.\n");
  const CsvOptions csv = {.text_columns = {"zip"}};
  const std::string expected = digest(parse_csv(kCsv, "people.csv", csv));
  EXPECT_EQ(digest(read_postgresql(connection_, "SELECT * FROM people ORDER BY id")), expected);
  Database database(":memory:");
  write_file_atomically(folder() / "people.csv", kCsv);
  ingest_csv(database, "people", folder() / "people.csv", {.csv = csv});
  EXPECT_EQ(digest(query_table(database, "SELECT * FROM people ORDER BY id")), expected);
}

TEST_F(PostgreSql, TypesBecomeNumbersOrTexts) {
  const Table table =
      read_postgresql(connection_,
                      "SELECT 1::smallint AS a, 2.50::numeric AS b, 0.1::real AS c, true AS d, "
                      "date '2020-02-29' AS e, 'NaN'::float8 AS f, '-Infinity'::float8 AS g, "
                      "NULL::int AS h, '' AS i, '7' AS j");
  const auto text = [&](const char* name) { return table.column(name).text(0); };
  EXPECT_EQ(table.column("a").type(), ColumnType::kNumber);
  EXPECT_EQ(table.numbers("b")[0], 2.5);
  EXPECT_EQ(table.numbers("c")[0], 0.1);
  EXPECT_EQ(text("d"), "t");
  EXPECT_EQ(text("e"), "2020-02-29");
  EXPECT_FALSE(table.column("f").is_missing(0));
  EXPECT_EQ(text("g"), "-inf");
  EXPECT_TRUE(table.column("h").is_missing(0) && table.column("i").is_missing(0));
  EXPECT_EQ(table.column("j").type(), ColumnType::kText);
}

TEST_F(PostgreSql, ManyRowsAndNone) {
  const Table many =
      read_postgresql(connection_, "SELECT i, i * i AS square FROM generate_series(1, 20000) AS i");
  EXPECT_EQ(many.rows, 20000);
  EXPECT_EQ(many.numbers("square").back(), 4e8);
  const Table none = read_postgresql(connection_, "SELECT 1 AS a WHERE false");
  EXPECT_EQ(none.rows, 0);
  EXPECT_EQ(none.columns.size(), 1U);
}

TEST_F(PostgreSql, ErrorsAreSentences) {
  EXPECT_THAT(message_of(connection_, "SELECT * FROM nothing"),
              HasSubstr("relation \"nothing\" does not exist"));
  EXPECT_THAT(message_of(connection_, "SELECT 1 AS a, 2 AS a"),
              HasSubstr("column 2 is called 'a' as another one before it"));
  EXPECT_THAT(message_of(connection_, "SELECT '\\x00'::bytea AS a"),
              HasSubstr("column 'a' holds bytes (bytea)"));
  EXPECT_THAT(message_of(connection_, "CREATE TABLE t (a int)"), HasSubstr("read-only transaction"));
  EXPECT_THAT(message_of(connection_, ""), HasSubstr("expected a SELECT"));
  EXPECT_THAT(message_of(connection_, "SELECT 1e999::numeric AS a"), HasSubstr("which float64 cannot hold"));
}

TEST(PostgreSqlAlone, AServerThatIsNotThereIsASentence) {
  const std::string message =
      message_of("host=127.0.0.1 port=1 connect_timeout=2 dbname=x user=x", "SELECT 1");
  EXPECT_THAT(message, HasSubstr(has_postgresql() ? "onnection refused" : "PostgreSQL: "));
}

}  // namespace
}  // namespace tessera::data
