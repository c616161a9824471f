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
  EXPECT_EQ(split("postgresql://h?PASSWORD=secret"), "postgresql://h secret");
  EXPECT_EQ(split("postgresql://[::1]:5432/db?password"), "postgresql://[::1]:5432/db ");
}

TEST(PostgresqlUri, AnAddressThatCouldLeaveAPartOfItsPasswordBehindIsRefusedUnseen) {
  for (const char* uri :
       {"postgresql://me:hu@sh42@host/db", "postgresql://me:hu/sh42@host/db",
        "postgresql://me:hu?sh42@host/db", "postgresql://host/db?sslpassword=hush42",
        "postgresql://h/hush42@x", "postgresql://h/d?scram_client_key=hush42",
        "postgresql://h/d?scram_server_key=hush42", "postgresql://h/d?OAuth_client_secret=hush42",
        "postgresql://h/d?application_name=hush42@x"}) {
    const std::string message = message_of([&] { split_password(uri); });
    EXPECT_THAT(message, testing::StartsWith("the address of PostgreSQL has ")) << uri;
    EXPECT_THAT(message, testing::Not(testing::HasSubstr("sh42"))) << uri;
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
  EXPECT_EQ(without_password("postgresql://me:se cret@h/d"), "postgresql://me@h/d");
  EXPECT_EQ(without_password("--data=postgresql://me:secret@h/d"), "--data=postgresql://me@h/d");
  EXPECT_EQ(without_password("--set=data.table=postgresql://me:secret@h"),
            "--set=data.table=postgresql://me@h");
  EXPECT_EQ(without_password("--set"), "--set");
}

TEST(PostgresqlUri, SoDoLongerTexts) {
  const std::pair<const char*, const char*> texts[] = {
      {"data.query=SELECT 'postgresql://me:secret@h/d'", "data.query=SELECT 'postgresql://me@h/d'"},
      {"import x; x.connect(\"PostgreSQL+psycopg2://me:secret@h/d\", 1)",
       "import x; x.connect(\"PostgreSQL+psycopg2://me@h/d\", 1)"},
      {"postgres://a:x@h,postgres://b:y@h and (postgres://c:z@h)",
       "postgres://a@h,postgres://b@h and (postgres://c@h)"},
      {"postgresql://h:5432/d: not there (me@example.org)",
       "postgresql://h:5432/d: not there (me@example.org)"},
      {"postgresql://h/d?password=secret&x=1: failed", "postgresql://h/d?x=1: failed"},
      {"from postgresql://me:se cret@h/d now", "from postgresql://me@h/d now"},
      {"from postgresql://me:se@cret@h/d now", "from postgresql://... now"},
      {"postgresql://[::1]:5432,h:1/d is open", "postgresql://[::1]:5432,h:1/d is open"},
      {"no://address:here@all", "no://address:here@all"},
      {"", ""}};
  for (const auto& [text, expected] : texts) EXPECT_EQ(without_passwords(text), expected) << text;
}

std::string password_for(const char* uri) {
  for (const auto& [name, value] : libpq_parameters(uri))
    if (name == "password") return value;
  return "";
}

TEST(PostgresqlUri, APasswordIsKeptForItsServerAndUserAlone) {
  ::unsetenv("PGPASSWORD");
  EXPECT_EQ(take_password("postgresql://me@kept/d"), "postgresql://me@kept/d");
  EXPECT_EQ(password_for("postgresql://me@kept/d"), "");
  EXPECT_EQ(take_password("--set=data.table=postgresql://me:secret@kept:5432/d"),
            "--set=data.table=postgresql://me@kept:5432/d");
  EXPECT_EQ(std::getenv("PGPASSWORD"), nullptr);
  EXPECT_EQ(password_for("postgresql://me@kept:5432/d"), "secret");
  EXPECT_EQ(password_for("postgres://kept:5432/other?user=me&sslmode=require"), "secret");
  EXPECT_EQ(password_for("postgresql://me:other@kept:5432/d"), "other");
  for (const char* elsewhere :
       {"postgresql://me@kept.evil:5432/d", "postgresql://me@kept/d", "postgresql://me@kept:5433/d",
        "postgresql://you@kept:5432/d", "postgresql://kept:5432/d", "postgresql://me@kept:5432/d?host=evil",
        "postgresql://me@kept:5432/d?hostaddr=10.0.0.1", "postgresql://me@kept:5432/d?port=1",
        "postgresql://me@kept:5432/d?service=evil", "host=kept port=5432 user=me"})
    EXPECT_EQ(password_for(elsewhere), "") << elsewhere;
}

TEST(PostgresqlUri, TheWaitForAServerHasALimit) {
  ::unsetenv("PGCONNECT_TIMEOUT");
  using testing::ElementsAre, testing::Pair;
  EXPECT_THAT(libpq_parameters("postgresql://limit/d?connect_timeout=2"),
              ElementsAre(Pair("connect_timeout", "10"),  // what the address says is read later, and counts
                          Pair("dbname", "postgresql://limit/d?connect_timeout=2")));
  ::setenv("PGCONNECT_TIMEOUT", "3", 1);
  EXPECT_THAT(libpq_parameters("host=limit"), ElementsAre(Pair("dbname", "host=limit")));
  ::unsetenv("PGCONNECT_TIMEOUT");
}

TEST(PostgresqlUri, AnAddressInAnotherSpellingIsRefusedUnseen) {
  for (const char* path :
       {"postgresql+psycopg2://locked:hush42@h/d", " postgresql://locked:hush42@h/d",
        "'postgresql://locked:hush42@h/d'", "host=127.0.0.1 password=hush42", "password = hush42",
        "host=127.0.0.1 user=hush42", "jdbc:postgresql://h/d?user=me&password=hush42",
        "jdbc:postgresql:hush42", "postgresql:locked:hush42@h/d", "postgresql:/locked:hush42@h/d",
        "mysql://locked:hush42@h/d", "data.table=postgresql://locked:hush42@h/d"}) {
    const std::string message = message_of([&] { refuse_other_address(path); });
    EXPECT_THAT(message, testing::HasSubstr("expected a file, or a PostgreSQL database as postgresql://"))
        << path;
    EXPECT_THAT(message, testing::Not(testing::HasSubstr("hush42"))) << path;
  }
  for (const char* path : {"postgresql://me@h/d", "a.csv", "", "day=2026-01-01/host=a/part.csv",
                           "user=me.csv", "C:\\me@home\\a.csv", "a@b:c.csv", "./postgresql://me@h/d",
                           "/data/host=a user=b.csv.gz", "s3://bucket/a.csv", "=", " "})
    EXPECT_NO_THROW(refuse_other_address(path)) << path;
}

}  // namespace
}  // namespace tessera
