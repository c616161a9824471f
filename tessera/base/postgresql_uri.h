// The address of a PostgreSQL database, postgresql://user@host:port/database?option=value (or postgres://), as libpq has it, and how the password in one is kept
// out of records, reports and messages: it is taken out of the words of a command before anything else sees them, and kept in memory for the host,
// port and user that it was typed for; no other address, no environment and no other process gets it. PGPASSWORD and ~/.pgpass are libpq's own, and
// a later execution finds it there.
//
// Errors: of split_password, describe_postgresql, take_password and libpq_parameters, an address whose password cannot be told from the rest, such as
// one with two '@', or that has another secret; the message does not show it. Thread-safety: any thread.
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
#include <utility>
#include <vector>

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
// Throws, without showing the path, where a table is said by what is no file and no address of the kind above, and may hold a password:
// "postgresql+psycopg2://...", "jdbc:...", " postgresql://...", "host=... password=...". What begins with '/', './' or '../' is a file.
void refuse_other_address(std::string_view path);

// A word of a command without the password of its address, or of all addresses that stand in it. Of an address that is refused above only the beginning.
std::string without_password(const std::string& word);
// A text, such as a message, without the passwords of the addresses in it.
std::string without_passwords(std::string_view text);
// The word without the password of an address that it is, or that stands behind NAME= or NAME=NAME=; the password is kept for
// libpq_parameters. Throws for an address that is refused.
std::string take_password(const std::string& word);

// For PQconnectdbParams, of an address or of psql's "host=... user=...": with the password, and a limit of ten seconds to the
// wait for a server, unless the address or PGCONNECT_TIMEOUT says another one.
using LibpqParameters = std::vector<std::pair<std::string, std::string>>;
LibpqParameters libpq_parameters(const std::string& connection);

}  // namespace tessera
