// Tables from PostgreSQL: the rows of a query.
//
// `connection` is what psql takes: "host=127.0.0.1 port=5432 dbname=clinic user=me", or "postgresql://me@127.0.0.1/clinic"; a password
// is better in ~/.pgpass. Columns of smallint, integer, bigint, real, double precision, numeric and oid are numbers
// (whole ones beyond 2^53 and longer numerics are rounded to float64); all other types are texts as PostgreSQL writes them: booleans
// t and f, dates in ISO order; bytea is an Error. NULL and the empty text are missing values; a column without any value is of
// texts. So the same records give the digest that they give as CSV (COPY ... TO ... CSV HEADER) or in SQLite; name columns of texts that
// look like numbers in `text_columns` there, and say ORDER BY here; ORDER BY on a text follows the database's collation.
//
// The query is one statement that gives columns, in a transaction that is read-only: PostgreSQL refuses what would write, and nothing else (COPY, COMMIT,
// several statements) is executed. Times with a zone are in UTC, amounts of money as in the locale C, intervals as PostgreSQL writes them, whatever the
// session's settings. What the server notes goes to stderr, made printable, from the first word on. The wait for a connection has a limit
// (connect_timeout, 10 s by default, for each address that is tried), and ends under an InterruptGuard when the user interrupts; a query has no limit, but
// PostgreSQL 14 and later end it when this program is gone.
//
// Optional: built where CMake finds libpq's header (libpq-dev), and libpq.so.5 is loaded by the first call, so programs that never ask
// PostgreSQL do not need it. Errors: PostgreSQL's own message, a ConnectionError where there is no connection; no libpq. Thread-safety: pure functions, a
// connection per call.
//
// ```cpp no-run
// const data::Table adults = data::read_postgresql("host=127.0.0.1 dbname=clinic",
//                                                  "SELECT age, work FROM patients WHERE age >= 18 ORDER BY id");
// ```
#pragma once

#include <string>

#include "tessera/base/error.h"
#include "tessera/data/table.h"

namespace tessera::data {

// The server does not answer, or does not let this user in; what is wrong with a query is an Error of no kind.
class ConnectionError : public Error {
 public:
  using Error::Error;
};

bool has_postgresql();  // is it built in, and libpq there?
Table read_postgresql(const std::string& connection, const std::string& query);

}  // namespace tessera::data
