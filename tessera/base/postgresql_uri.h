// The address of a PostgreSQL database, postgresql://user@host:port/database?option=value (or postgres://), as libpq has it, and how the password in one is kept
// out of records, reports and messages: it is taken out of the words of a command before anything else sees them, and libpq finds it in
// the environment (PGPASSWORD) of this process and of those that it starts. A later execution finds it there, or in ~/.pgpass.
//
// Errors: of split_password and take_password, an address whose password cannot be told from the rest, such as one with two '@'; the message
// does not show it. Thread-safety: pure functions; take_password changes the environment: before threads are started.
//
// ```cpp
// assert(is_postgresql_uri("postgresql://me@db.example/clinic") && !is_postgresql_uri("clinic.sqlite"));
// const PostgresqlAddress address = split_password("postgresql://me:a%20b@db.example/clinic?sslmode=require");
// assert(address.uri == "postgresql://me@db.example/clinic?sslmode=require" && address.password == "a b");
// assert(without_password("--data=postgres://me:secret@host") == "--data=postgres://me@host");
// ```
#pragma once

#include <string>
#include <string_view>

namespace tessera {

struct PostgresqlAddress {
  std::string uri;  // without the password
  std::string password = {};
};

bool is_postgresql_uri(std::string_view text);
PostgresqlAddress split_password(std::string_view uri);
// For a message: "host db.example, port 5433, database clinic, user me", as libpq would take them, never a password. What the address leaves to
// libpq (PGHOST, 5432, ...) is "default". Control characters are shown as \xNN.
std::string describe_postgresql(std::string_view uri);
// The word itself unless it is such an address, or NAME=ADDRESS. Of an address that is refused above only the beginning.
std::string without_password(const std::string& word);
// The same, and the password goes to the environment; throws for an address that is refused.
std::string take_password(const std::string& word);

}  // namespace tessera
