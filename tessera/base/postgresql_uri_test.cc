#include "tessera/base/postgresql_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/message_test.h"

namespace tessera {
namespace {

TEST(PostgresqlUri, IsToldFromAPath) {
  EXPECT_TRUE(is_postgresql_uri("postgresql://"));
  EXPECT_TRUE(is_postgresql_uri("postgres://host/db"));
  EXPECT_TRUE(is_postgresql_uri("PostgreSQL://host/db"));
  for (const char* path :
       {"postgresql", "postgresql:/x", "./postgresql://x", "data/postgres://", "a.csv", ""})
    EXPECT_FALSE(is_postgresql_uri(path)) << path;
}

TEST(PostgresqlUri, ThePasswordIsTakenOutWhereverLibpqTakesOne) {
  const auto split = [](const char* uri) {
    const PostgresqlAddress address = split_password(uri);
    return address.uri + " " + address.password;
  };
  EXPECT_EQ(split("postgresql://host/db"), "postgresql://host/db ");
  EXPECT_EQ(split("postgresql://"), "postgresql:// ");
  EXPECT_EQ(split("postgresql://me@host:5433/db"), "postgresql://me@host:5433/db ");
  EXPECT_EQ(split("postgresql://me:secret@host/db"), "postgresql://me@host/db secret");
  EXPECT_EQ(split("postgres://me:a:b%40%2f%3F@host"), "postgres://me@host a:b@/?");
  EXPECT_EQ(split("postgresql://:secret@/db"), "postgresql://@/db secret");
  EXPECT_EQ(split("POSTGRES://me:@host"), "postgres://me@host ");
  EXPECT_EQ(split("postgresql://h/db?user=me&password=se%26cret&sslmode=require"),
            "postgresql://h/db?user=me&sslmode=require se&cret");
  EXPECT_EQ(split("postgresql://h?pass%77ord=secret"), "postgresql://h secret");
  EXPECT_EQ(split("postgresql://[::1]:5432/db?password"), "postgresql://[::1]:5432/db ");
}

TEST(PostgresqlUri, AnAddressThatCouldLeaveAPartOfItsPasswordBehindIsRefusedUnseen) {
  for (const char* uri : {"postgresql://me:se@cret@host/db", "postgresql://me:se/cret@host/db",
                          "postgresql://me:se?cret@host/db", "postgresql://host/db?sslpassword=secret",
                          "postgresql://h/secret@x"}) {
    const std::string message = message_of([&] { split_password(uri); });
    EXPECT_THAT(message, testing::StartsWith("the address of PostgreSQL has ")) << uri;
    EXPECT_THAT(message, testing::Not(testing::HasSubstr("cret"))) << uri;
    EXPECT_EQ(without_password(uri), "postgresql://...");
  }
}

TEST(PostgresqlUri, IsDescribedAsLibpqTakesItWithoutSecrets) {
  EXPECT_EQ(describe_postgresql("postgresql://me:secret@db.example:5433/clinic?sslmode=require"),
            "host db.example, port 5433, database clinic, user me");
  EXPECT_EQ(describe_postgresql("postgresql://"),
            "host default, port default, database default, user default");
  EXPECT_EQ(describe_postgresql("postgres://a%20b@[::1]:1,h2:2/?password=secret"),
            "host ::1,h2, port 1,2, database default, user a b");
  // What is behind '?' counts, and a control character is no surprise for a terminal.
  EXPECT_EQ(
      describe_postgresql("postgresql://me@good/d?host=evil&hostaddr=10.0.0.1&port=7&user=you&dbname=e%1b"),
      "host evil at 10.0.0.1, port 7, database e\\x1b, user you");
  EXPECT_EQ(describe_postgresql("postgresql:///?service=clinic"),
            "host default, port default, database default, user default, service clinic");
}

TEST(PostgresqlUri, WordsOfACommandLoseIt) {
  EXPECT_EQ(without_password("postgresql://me:secret@h/d"), "postgresql://me@h/d");
  EXPECT_EQ(without_password("--data=postgresql://me:secret@h/d"), "--data=postgresql://me@h/d");
  EXPECT_EQ(without_password("--set"), "--set");
  EXPECT_EQ(without_password("data.query=SELECT 'postgresql://me:secret@h/d'"),
            "data.query=SELECT 'postgresql://me:secret@h/d'");
}

TEST(PostgresqlUri, LibpqFindsItInTheEnvironment) {
  ::unsetenv("PGPASSWORD");
  EXPECT_EQ(take_password("postgresql://me@h/d"), "postgresql://me@h/d");
  EXPECT_EQ(std::getenv("PGPASSWORD"), nullptr);
  EXPECT_EQ(take_password("postgresql://me:secret@h/d"), "postgresql://me@h/d");
  EXPECT_STREQ(std::getenv("PGPASSWORD"), "secret");
  ::unsetenv("PGPASSWORD");
}

}  // namespace
}  // namespace tessera
