#include "tessera/tabular/opened_table.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/data/postgresql.h"
#include "tessera/data/sql_order.h"

namespace tessera::tabular {
namespace {

constexpr const char* kRole = "table";

void require_claimed(const OpenedTable& table, const runs::Claim& claim) {
  const auto claimed = claim.inputs.find(kRole);
  if (claimed == claim.inputs.end() || claimed->second == table.file.digest) return;
  fail_with(ExitCode::kInputChanged,
            "{}: the rows of the query have changed: the digest of the records is {}, the record says {}{}",
            table.file.path, table.file.digest, claimed->second,
            data::has_order_by(table.query) ? "" : " (the query has no ORDER BY)");
}

}  // namespace

OpenedTable open_table(const std::string& place, const std::string& query) {
  if (is_postgresql_uri(place)) {
    data::TableSource source = data::read_table_source(place, query);
    const std::string digest = data::digest(*source.rows);
    const data::InputFile rows = {kRole, source.path, digest, digest};
    return {std::move(source), rows, query};
  }
  refuse_other_address(place);
  std::string bytes = read_file(place);
  data::InputFile file = {kRole, place, to_hex(sha256(bytes))};
  const bool packed = bytes.starts_with("\x1f\x8b");
  data::TableSource source = {.path = place, .bytes = unpack_maybe_gzip(std::move(bytes), place)};
  file.unpacked_digest = packed ? to_hex(sha256(source.bytes)) : file.digest;
  data::drop_database_bytes(source);
  if (const std::string log = place + "-wal";
      source.kind() == data::TableFileKind::kSqlite && exists(log) && !read_file(log).empty())
    fail(
        "{}: part of the database is still in {}; expected a file by itself (close the program that writes "
        "it, or PRAGMA wal_checkpoint(TRUNCATE))",
        place, log);
  const bool asked = source.kind() == data::TableFileKind::kSqlite;
  return {std::move(source), file, asked ? query : ""};
}

std::string recorded_place(const std::string& run_folder) {
  for (const runs::InputPlace& place : runs::read_circumstances(run_folder).inputs)
    if (place.name == kRole) return place.path;
  return "";
}

OpenedTable open_claimed_table(const std::string& place, const std::string& query, const runs::Claim& claim) {
  if (!is_postgresql_uri(place)) return open_table(place, query);
  const auto opened = [&] {
    try {
      return open_table(place, query);
    } catch (const data::ConnectionError& error) {
      fail_with(ExitCode::kCannotRerun,
                "{}: {} (a password is no part of a record: PGPASSWORD or ~/.pgpass supplies it)",
                without_password(place), error.what());
    } catch (const Error& error) {  // of the query: a column that is not there any more, say
      fail_with(ExitCode::kCannotRerun, "{}: {}", without_password(place), error.what());
    }
  };
  OpenedTable table = opened();
  require_claimed(table, claim);
  return table;
}

}  // namespace tessera::tabular
