#include "tessera/base/sql_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tessera/base/folder_test.h"

namespace tessera::sql {
namespace {

using testing::HasSubstr;

// The chain that fails where a cursor refers to a connection that ended with the expression.
TEST(SqlCursor, AChainInOneExpressionStaysOpen) {
  Cursor cursor = open(":memory:").cursor().dup();
  cursor.execute("CREATE TABLE t (id INTEGER, name TEXT)");
  cursor.execute("INSERT INTO t VALUES (?, ?)", {std::int64_t{7}, std::string("seven")});
  Cursor reader = cursor.dup().execute("SELECT id, name FROM t WHERE id = ?", {7.0}).dup();
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.value(0), Value(std::int64_t{7}));
  EXPECT_EQ(reader.value(1), Value(std::string("seven")));
  EXPECT_EQ(reader.name(1), "name");
  EXPECT_FALSE(reader.next());
}

TEST(SqlCursor, CursorsHavePlacesOfTheirOwn) {
  const Connection connection = open(":memory:");
  connection.cursor().execute("CREATE TABLE t (id INTEGER)");
  connection.cursor().execute("INSERT INTO t VALUES (1), (2), (3)");
  Cursor first = connection.cursor();
  first.execute("SELECT id FROM t ORDER BY id");
  EXPECT_TRUE(first.next() && first.next());
  Cursor second = first.dup();
  EXPECT_TRUE(second.next());
  EXPECT_EQ(first.integer(0), 2);
  EXPECT_EQ(second.integer(0), 1);
  EXPECT_TRUE(first.next());
  EXPECT_EQ(second.integer(0), 1);
}

TEST(SqlCursor, TheLastOneClosesTheDatabase) {
  std::optional<Connection> connection = open(":memory:");
  Cursor one = connection->cursor();
  std::optional<Cursor> two = one.dup();
  EXPECT_EQ(connection->sharers(), 3);
  two.reset();
  EXPECT_EQ(connection->sharers(), 2);
  connection.reset();
  one.execute("CREATE TABLE t (id)");  // still open
  EXPECT_TRUE(one.execute("SELECT count(*) FROM t").next());
}

TEST(SqlCursor, MovesAndIsExecutedInAChain) {
  Cursor cursor = open(":memory:").cursor().execute("SELECT 1");
  ASSERT_TRUE(cursor.next());
  cursor = open(":memory:").cursor().execute("SELECT 2");  // the first database is closed after its statement
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.integer(0), 2);
}

template <typename Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SqlCursor, ErrorsAreSentences) {
  Cursor cursor = open(":memory:").cursor();
  EXPECT_EQ(message_of([&] { cursor.next(); }),
            ":memory:: the cursor has no statement, expected execute() first");
  EXPECT_EQ(message_of([&] { cursor.execute("SELEC 1"); }), ":memory:: near \"SELEC\": syntax error");
  cursor.execute("SELECT x'00'");
  ASSERT_TRUE(cursor.next());
  EXPECT_THAT(message_of([&] { cursor.value(0); }), HasSubstr("holds bytes (a blob)"));
  const TestFolder folder;
  EXPECT_THAT(message_of([&] { open(folder / "no/such.sqlite"); }), HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace tessera::sql
