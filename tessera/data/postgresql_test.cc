#include "tessera/data/postgresql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/interrupt.h"
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

// It listens and says nothing; when it is full, it does not even take the connection.
class SilentServer {
 public:
  explicit SilentServer(bool full) {
    address_.sin_family = AF_INET;
    address_.sin_addr = {htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(socket_, where(), size), 0);
    EXPECT_EQ(::listen(socket_, full ? 0 : 8), 0);
    EXPECT_EQ(::getsockname(socket_, where(), &size), 0);
    for (int waiting = 0; full && waiting < 4; ++waiting) {
      waiting_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      [[maybe_unused]] const int begun = ::connect(waiting_.back(), where(), size);
    }
  }
  ~SilentServer() {
    for (const int waiting : waiting_) ::close(waiting);
    ::close(socket_);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  int port() const { return ntohs(address_.sin_port); }

 private:
  sockaddr* where() { return reinterpret_cast<sockaddr*>(&address_); }

  int socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address_ = {};
  std::vector<int> waiting_;
};

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
  EXPECT_THAT(message_of(connection_, "SELECT $1::int AS a"), HasSubstr("requires 1"));
  EXPECT_THAT(message_of(connection_, ""), HasSubstr("expected a SELECT"));
  EXPECT_THAT(message_of(connection_, "SELECT 1e999::numeric AS a"), HasSubstr("which float64 cannot hold"));
}

// Nothing that a query says changes the server or leaves it: not by ending the transaction, by a second statement, or by COPY.
TEST_F(PostgreSql, OnlyReads) {
  psql("CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)");
  const auto count = [&](const std::string& of) {
    return read_postgresql(connection_, "SELECT count(*) AS n FROM " + of).numbers("n")[0];
  };
  for (const char* query : {"SET TRANSACTION READ WRITE; CREATE TABLE made AS SELECT 1; SELECT 1",
                            "COMMIT; BEGIN READ WRITE; CREATE TABLE made AS SELECT 1; COMMIT",
                            "SELECT 1 AS a; COMMIT; BEGIN READ WRITE; CREATE TABLE made (a int); COMMIT",
                            "SELECT 1 AS a; SELECT 2 AS a"})
    EXPECT_THAT(message_of(connection_, query), HasSubstr("multiple commands")) << query;
  for (const char* query :
       {"CREATE TABLE made (a int)", "COMMIT", "DO $$ BEGIN COMMIT; END $$", "DELETE FROM kept",
        "COPY kept TO STDOUT", "COPY kept FROM STDIN", ";", "-- nothing"})
    EXPECT_EQ(message_of(connection_, query), "PostgreSQL: the query gives no columns, expected a SELECT")
        << query;
  for (const char* query :
       {"DELETE FROM kept RETURNING a", "WITH gone AS (DELETE FROM kept RETURNING a) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM kept"})
    EXPECT_THAT(message_of(connection_, query), HasSubstr("read-only transaction")) << query;
  message_of(connection_, "EXPLAIN ANALYZE CREATE TABLE made AS SELECT 1 AS a");  // executed, and undone
  EXPECT_THAT(message_of(connection_, "SELECT set_config('transaction_read_only', 'off', false) AS a"),
              HasSubstr("must be set before any query"));
  const std::string left = folder() / "cluster/left";
  EXPECT_THAT(message_of(connection_, "COPY kept TO PROGRAM 'touch " + left + "'"),
              HasSubstr("expected a SELECT"));
  EXPECT_FALSE(exists(left));
  EXPECT_EQ(count("kept"), 1);
  EXPECT_EQ(count("pg_class WHERE relname = 'made'"), 0);
}

// Also with a semicolon behind it: that is no second statement.
TEST_F(PostgreSql, AStatementMayEnd) {
  EXPECT_EQ(read_postgresql(connection_, "SELECT 3 AS a; -- three").numbers("a")[0], 3);
}

TEST_F(PostgreSql, TheSettingsOfTheSessionDoNotShow) {
  psql("CREATE TABLE moments (at timestamptz, length interval, price money, name text)");
  psql("INSERT INTO moments VALUES ('2026-03-29 01:30:00+00', '1 day 02:03:04', 12.5::numeric::money, 'a')");
  const char* const query =
      "SELECT at, length, price, at::date AS day, to_char(1.5, '9D9') AS number FROM moments";
  const std::string expected = digest(read_postgresql(connection_, query));
  EXPECT_EQ(read_postgresql(connection_, query).column("at").texts[0], "2026-03-29 01:30:00+00");
  ::setenv("PGTZ", "Asia/Tokyo", 1);
  ::setenv("PGDATESTYLE", "German", 1);
  ::setenv("PGOPTIONS", "-c intervalstyle=iso_8601 -c extra_float_digits=0", 1);
  EXPECT_EQ(digest(read_postgresql(connection_, query)), expected);
  for (const char* variable : {"PGTZ", "PGDATESTYLE", "PGOPTIONS"}) ::unsetenv(variable);
}

TEST_F(PostgreSql, WhatTheServerNotesIsMadePrintable) {
  psql(
      "CREATE FUNCTION noisy() RETURNS int LANGUAGE plpgsql AS "
      "$$ BEGIN RAISE NOTICE E'a\\x1b[2Jb'; RETURN 1; END $$");
  testing::internal::CaptureStderr();
  EXPECT_EQ(read_postgresql(connection_, "SELECT noisy() AS a").numbers("a")[0], 1);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, testing::StartsWith("PostgreSQL: NOTICE:  a\\x1b[2Jb"));
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

// The server speaks before there is a connection: of a setting of the user, say, that is none any more.
TEST_F(PostgreSql, WhatTheServerNotesMeanwhileIsMadePrintableToo) {
  psql(
      "CREATE ROLE noisy LOGIN; ALTER ROLE noisy SET work_mem = '1MB';"
      "UPDATE pg_db_role_setting SET setconfig = ARRAY[E'work_mem=a\\x1b[2Jb'] WHERE setrole = "
      "'noisy'::regrole");
  testing::internal::CaptureStderr();
  EXPECT_EQ(read_postgresql(connection_ + " user=noisy", "SELECT 1 AS a").numbers("a")[0], 1);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, testing::StartsWith(
                        "PostgreSQL: WARNING:  invalid value for parameter \"work_mem\": \"a\\x1b[2Jb\"\n"));
}

// The first of two hosts does not answer at all, or takes the connection and is silent.
TEST_F(PostgreSql, TheNextHostIsTriedWhenTheFirstIsSilent) {
  const std::string port = connection_.substr(connection_.find("port=") + 5);
  for (const bool full : {true, false}) {
    const SilentServer silent(full);
    const std::string both =
        fmt::format("host=127.0.0.1,127.0.0.1 port={},{} connect_timeout=2", silent.port(), port);
    EXPECT_EQ(read_postgresql(both, "SELECT 1 AS a").numbers("a")[0], 1) << full;
  }
}

// A program that was ended leaves no query behind that goes on computing.
TEST_F(PostgreSql, AQueryEndsWithItsProgram) {
  const auto computing = [&] {
    return read_postgresql(
               connection_,
               "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%sleep(' || '55)%' AND pid <> "
               "pg_backend_pid()")
        .numbers("n")[0];
  };
  const auto wait_for = [&](double expected) {
    for (int tenths = 0; tenths < 150 && computing() != expected; ++tenths)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return computing();
  };
  if (read_postgresql(connection_, "SELECT current_setting('server_version_num')::int AS v").numbers("v")[0] <
      140000)
    GTEST_SKIP() << "skipped: a server before PostgreSQL 14";
  const pid_t child = ::fork();
  if (child == 0) {
    message_of(connection_, "SELECT pg_sleep(55)::text AS a");
    ::_exit(0);
  }
  ASSERT_GT(child, 0);
  EXPECT_EQ(wait_for(1), 1);
  ::kill(child, SIGINT);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(wait_for(0), 0);
}

TEST(PostgreSqlAlone, AServerThatIsNotThereIsASentence) {
  const char* const nowhere = "host=127.0.0.1 port=1 connect_timeout=2 dbname=x user=x";
  EXPECT_THAT(message_of(nowhere, "SELECT 1"),
              HasSubstr(has_postgresql() ? "onnection refused" : "PostgreSQL: "));
  if (has_postgresql()) {
    EXPECT_THROW(read_postgresql(nowhere, "SELECT 1"), ConnectionError);
  }
}

TEST(PostgreSqlAlone, AServerThatIsSilentIsNotWaitedForWithoutEnd) {
  if (!has_postgresql()) GTEST_SKIP() << "skipped: no libpq";
  for (const bool full : {true, false}) {
    const SilentServer silent(full);
    const std::string place = fmt::format("postgresql://me@127.0.0.1:{}/d?connect_timeout=2", silent.port());
    EXPECT_THROW(read_postgresql(place, "SELECT 1"), ConnectionError);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(message_of(place, "SELECT 1"),
                testing::AllOf(HasSubstr(fmt::format("port {} failed: ", silent.port())),
                               HasSubstr("timeout expired")));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  }
}

TEST(PostgreSqlAlone, ALimitThatIsNoNumberIsASentence) {
  if (!has_postgresql()) GTEST_SKIP() << "skipped: no libpq";
  EXPECT_EQ(message_of("postgresql://me@127.0.0.1:1/d?connect_timeout=soon", "SELECT 1"),
            "PostgreSQL: connect_timeout is 'soon', expected a whole number of seconds");
}

TEST(PostgreSqlAlone, TheWaitForAServerCanBeInterrupted) {
  if (!has_postgresql()) GTEST_SKIP() << "skipped: no libpq";
  const SilentServer silent(false);
  const InterruptGuard guard;
  std::thread interrupting([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ::kill(::getpid(), SIGINT);
  });
  EXPECT_EQ(
      message_of(fmt::format("postgresql://me@127.0.0.1:{}/d?connect_timeout=60", silent.port()), "SELECT 1"),
      "PostgreSQL: interrupted before there was a connection");
  interrupting.join();
}

}  // namespace
}  // namespace tessera::data
