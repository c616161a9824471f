// tessera ingest: a CSV file into a table of an SQLite database; what the table refuses is named.
#include "tessera/data/ingest.h"

#include <fmt/core.h>

#include <optional>

#include "tessera/base/files.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kIngestDetails =
    "FILE is CSV (also .gz); without a header its columns are column_1, column_2, ... A TABLE that is "
    "missing is made: INTEGER, REAL or TEXT by what "
    "the "
    "fields are.\n"
    "A record that the table refuses (a duplicate of a unique key, another type, NOT NULL, CHECK, another "
    "number of fields)\n"
    "is named with its line and the reason; all others are in the table, and the status is 1. Empty fields "
    "are "
    "NULL.\n"
    "Records go in batches of one transaction each. Interrupted or killed, the same command goes on behind "
    "the "
    "last batch;\n"
    "with --atomic all records are one transaction: all of them or, interrupted, none.\n\n"
    "Examples:\n"
    "  tessera ingest people.csv clinic.sqlite people --unique id\n"
    "  tessera ingest adult.csv adult.sqlite adult --no-header --missing '?' --trim --rejected refused.csv";

constexpr std::size_t kShown = 10;

char csv_separator(const std::string& text) {
  if (text == "auto") return data::kDetectSeparator;
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n")
    fail_with(ExitCode::kUsage, "--separator: found '{}', expected one character, tab or auto", text);
  return text[0];
}

std::string rejected_csv(const std::vector<data::Rejected>& rejected) {
  std::string text = "record,line,reason\n";
  for (const data::Rejected& each : rejected)
    text += fmt::format("{},{},{}\n", each.index, each.line, data::csv_field(each.reason));
  return text;
}

void print_result(const data::IngestResult& result, const std::string& table, const std::string& database,
                  const std::string& rejected_file) {
  if (!result.created.empty()) fmt::print("created   {} ({})\n", printable(table), printable(result.created));
  if (result.resumed_at > 0)
    fmt::print("resumed   after {} records of an interrupted call\n",
               grouped_number(static_cast<std::uint64_t>(result.resumed_at)));
  fmt::print("inserted  {} records into {} of {}\n",
             grouped_number(static_cast<std::uint64_t>(result.inserted)), printable(table),
             printable(database));
  if (result.rejected.empty()) return;
  fmt::print("rejected  {} records\n", grouped_number(result.rejected.size()));
  for (std::size_t i = 0; i < result.rejected.size() && i < kShown; ++i)
    fmt::print("  line {}: {}\n", result.rejected[i].line, printable(result.rejected[i].reason));
  if (result.rejected.size() > kShown)
    fmt::print("  and {} more{}\n", grouped_number(result.rejected.size() - kShown),
               rejected_file.empty() ? " (--rejected FILE writes all of them)" : "");
}

}  // namespace

ExitCode run_ingest(const Words& words) {
  Arguments arguments("ingest", "Put the records of a CSV file into a table of an SQLite database",
                      kIngestDetails);
  std::string file, database_path, table, separator = ",", rejected_file;
  data::IngestOptions options;
  bool atomic = false, quiet = false, no_header = false;
  arguments.positional("FILE", file, "CSV file");
  arguments.positional("DATABASE", database_path, "SQLite database; made when it is missing");
  arguments.positional("TABLE", table, "Table of it; made when it is missing");
  arguments.option("--unique COLUMN", options.unique,
                   "A column of the unique key of a table that is made; may be repeated");
  arguments.option("--text COLUMN", options.csv.text_columns,
                   "A column that is text even if all its fields are numbers; may be repeated");
  arguments.option("--missing TEXT", options.csv.missing, "A field that stands for NULL; may be repeated");
  arguments.flag("--no-header", no_header, "The first line is a record");
  arguments.flag("--trim", options.csv.trim, "Blanks around fields do not count");
  arguments.option("--separator C", separator, "Between fields: a character, tab or auto (default: ,)");
  arguments.option("--batch N", options.batch, "Records per transaction (default: 50000)", 1, 1'000'000'000);
  arguments.flag("--atomic", atomic, "One transaction for all records");
  arguments.option("--rejected FILE", rejected_file, "Write every refused record there: record,line,reason");
  arguments.flag("--quiet", quiet, "No progress");
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  options.csv.separator = csv_separator(separator);
  options.csv.header = !no_header;
  if (atomic) options.batch = 0;
  if (!rejected_file.empty()) check_user_place(rejected_file);
  if (!exists(file)) fail("{}: there is no such file", file);  // before a database is made
  Database database(database_path);
  std::optional<Progress> progress;
  options.progress = [&](std::int64_t done, std::int64_t bytes, std::int64_t of_bytes) {
    if (!progress)
      progress.emplace("ingest", static_cast<std::uint64_t>(of_bytes), 0, ProgressOptions{.quiet = quiet});
    progress->update(static_cast<std::uint64_t>(bytes),
                     fmt::format("{} records", grouped_number(static_cast<std::uint64_t>(done))));
  };
  const data::IngestResult result = data::ingest_csv(database, table, file, options);
  if (progress) progress->finish();
  if (!rejected_file.empty()) write_user_file(rejected_file, rejected_csv(result.rejected));
  print_result(result, table, database_path, rejected_file);
  if (!result.complete)
    fail("{}: interrupted; the same command goes on behind the last batch", database_path);
  return result.rejected.empty() ? ExitCode::kSuccess : ExitCode::kFailure;
}

}  // namespace tessera::cli
