#include "tessera/runs/index.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/base/sqlite.h"
#include "tessera/base/suggest.h"
#include "tessera/runs/where.h"

namespace tessera::runs {
namespace {

constexpr const char* kIndexFile = "index.sqlite";
constexpr const char* kVersion = "1";  // of the tables; another one means: make them anew

const std::vector<std::string> kOwnKeys = {"name", "status", "kind", "seed", "steps", "planned", "seal"};

std::string index_path(const std::string& store) {
  return record_path(store, kIndexFile);
}

// ---- What a folder says ----

std::string stamp_of_file(const std::string& path) {
  struct stat information {};
  if (::stat(path.c_str(), &information) != 0) return "-";
  return fmt::format("{}:{}.{}", information.st_size, information.st_mtim.tv_sec,
                     information.st_mtim.tv_nsec);
}

// Changes whenever something changes that the index holds.
std::string stamp_of_run(const std::string& folder) {
  return fmt::format(
      "{} {} {} {}", status_name(run_status(folder)), stamp_of_file(record_path(folder, kClaimFile)),
      stamp_of_file(record_path(folder, kChainFile)), stamp_of_file(record_path(folder, kSealFile)));
}

RunSummary summary_of(const std::string& store, const std::string& name) {
  RunSummary summary;
  summary.name = name;
  summary.folder = record_path(store, name);
  const RunStatus status = run_status(summary.folder);
  summary.status = status_name(status);
  if (status == RunStatus::kNotStarted || !exists(record_path(summary.folder, kClaimFile))) return summary;
  try {
    const Record record = read_record(summary.folder);
    summary.kind = record.claim.kind;
    summary.seed = record.claim.seed;
    summary.planned = record.claim.steps;
    summary.steps = record.last_step();
    summary.configuration = record.claim.configuration;
    if (record.seal) summary.seal = to_hex(seal_value(*record.seal));
    for (const RecordLine& line : record.lines)
      for (const auto& [key, value] : line.line.scalars) summary.scalars[key] = value;
    const Circumstances circumstances = read_circumstances(summary.folder);
    if (!circumstances.sessions.empty()) summary.started = circumstances.sessions.front().started;
  } catch (const Error&) {
    summary.status = "damaged";  // the record's own check says what and where
  }
  return summary;
}

bool looks_like_a_run(const std::string& folder) {
  return is_folder(folder) &&
         (exists(record_path(folder, kClaimFile)) || exists(record_path(folder, kSealFile)) ||
          exists(record_path(folder, kLockFile)));
}

std::vector<std::string> run_names(const std::string& store) {
  std::vector<std::string> names;
  for (const std::string& name : names_in_folder(store))
    if (looks_like_a_run(record_path(store, name))) names.push_back(name);
  return names;
}

// ---- The tables ----

bool tables_are_there(Database& database) {
  Statement statement(database, "PRAGMA user_version");
  return statement.step() && statement.text(0) == kVersion;
}

void make_tables(Database& database) {
  if (tables_are_there(database)) return;
  Transaction transaction(database);
  if (tables_are_there(database)) return;  // another process was quicker
  database.execute(
      "DROP TABLE IF EXISTS runs; DROP TABLE IF EXISTS facts;"
      "CREATE TABLE runs (name TEXT PRIMARY KEY, stamp TEXT, status TEXT, kind TEXT, seed TEXT, steps "
      "INTEGER,"
      " planned INTEGER, seal TEXT, started TEXT);"
      // One row per key of a run, so that conditions are the same for all keys. source: own, configuration, scalar.
      "CREATE TABLE facts (run TEXT, source TEXT, key TEXT, text TEXT, number REAL);"
      "CREATE INDEX facts_of_run ON facts (run, key);");
  database.execute(fmt::format("PRAGMA user_version = {}", kVersion));
  transaction.commit();
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && stop == text.data() + text.size()) return value;
  if (!text.starts_with("0x") && !text.starts_with("-0x")) return std::nullopt;
  try {
    return hex_float_value(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

class Writer {
 public:
  explicit Writer(Database& database)
      : remove_run_(database, "DELETE FROM runs WHERE name = ?"),
        remove_facts_(database, "DELETE FROM facts WHERE run = ?"),
        add_run_(database, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        add_fact_(database, "INSERT INTO facts VALUES (?, ?, ?, ?, ?)") {}

  void remove(const std::string& name) {
    remove_run_.bind(name).run();
    remove_facts_.bind(name).run();
  }

  void put(const RunSummary& run, const std::string& stamp) {
    remove(run.name);
    const std::string seed = std::to_string(run.seed), steps = std::to_string(run.steps),
                      planned = std::to_string(run.planned);
    add_run_.bind(run.name).bind(stamp).bind(run.status).bind(run.kind).bind(seed);
    add_run_.bind(static_cast<std::int64_t>(run.steps)).bind(static_cast<std::int64_t>(run.planned));
    add_run_.bind(run.seal).bind(run.started).run();
    const std::string values[] = {run.name, run.status, run.kind, seed, steps, planned, run.seal};
    for (std::size_t i = 0; i < kOwnKeys.size(); ++i) put_fact(run.name, "own", kOwnKeys[i], values[i]);
    for (const auto& [key, value] : run.configuration) put_fact(run.name, "configuration", key, value);
    for (const auto& [key, value] : run.scalars) put_fact(run.name, "scalar", key, hex_float(value));
  }

 private:
  void put_fact(const std::string& run, const std::string& source, const std::string& key,
                const std::string& text) {
    add_fact_.bind(run).bind(source).bind(key).bind(text);
    const auto number = number_of(text);
    (number ? add_fact_.bind(*number) : add_fact_.bind_null()).run();
  }

  Statement remove_run_, remove_facts_, add_run_, add_fact_;
};

std::map<std::string, std::string> stamps_in(Database& database) {
  std::map<std::string, std::string> stamps;
  Statement statement(database, "SELECT name, stamp FROM runs");
  while (statement.step()) stamps[statement.text(0)] = statement.text(1);
  return stamps;
}

// Folders are read before the transaction, so that other processes wait for the writing only.
void refresh(Database& database, const std::string& store) {
  std::map<std::string, std::string> known = stamps_in(database);
  std::vector<std::pair<RunSummary, std::string>> changed;
  for (const std::string& name : run_names(store)) {
    const std::string stamp = stamp_of_run(record_path(store, name));
    const auto found = known.find(name);
    if (found == known.end() || found->second != stamp) changed.emplace_back(summary_of(store, name), stamp);
    if (found != known.end()) known.erase(found);
  }
  if (changed.empty() && known.empty()) return;
  Transaction transaction(database);
  Writer writer(database);
  for (const auto& [summary, stamp] : changed) writer.put(summary, stamp);
  for (const auto& [name, stamp] : known) writer.remove(name);  // the folder is gone
  transaction.commit();
}

std::vector<std::string> known_keys(Database& database) {
  std::vector<std::string> keys = kOwnKeys;
  Statement statement(database, "SELECT DISTINCT key FROM facts WHERE source != 'own' ORDER BY key");
  while (statement.step()) keys.push_back(statement.text(0));
  return keys;
}

std::uint64_t natural(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void add_facts(Database& database, RunSummary& run) {
  Statement statement(database, "SELECT source, key, text FROM facts WHERE run = ? AND source != 'own'");
  statement.bind(run.name);
  while (statement.step()) {
    if (statement.text(0) == "scalar")
      run.scalars[statement.text(1)] = hex_float_value(statement.text(2));
    else
      run.configuration[statement.text(1)] = statement.text(2);
  }
}

std::vector<RunSummary> query(Database& database, const std::string& store, std::string_view where) {
  SqlCondition condition{"1", {}};
  if (where.find_first_not_of(" \t") != std::string_view::npos)
    condition = parse_where(where, known_keys(database));
  Statement statement(database,
                      "SELECT name, status, kind, seed, steps, planned, seal, started FROM runs WHERE " +
                          condition.sql + " ORDER BY name",
                      false);
  for (const SqlValue& value : condition.parameters)
    std::visit([&](const auto& parameter) { statement.bind(parameter); }, value);
  std::vector<RunSummary> runs;
  while (statement.step()) {
    RunSummary run;
    run.name = statement.text(0);
    run.folder = record_path(store, run.name);
    run.status = statement.text(1);
    run.kind = statement.text(2);
    run.seed = natural(statement.text(3));
    run.steps = static_cast<std::uint64_t>(statement.integer(4));
    run.planned = static_cast<std::uint64_t>(statement.integer(5));
    run.seal = statement.text(6);
    run.started = statement.text(7);
    runs.push_back(std::move(run));
  }
  for (RunSummary& run : runs) add_facts(database, run);
  return runs;
}

std::vector<RunSummary> list_with(const std::string& path, const std::string& store, std::string_view where) {
  Database database(path);
  make_tables(database);
  refresh(database, store);
  return query(database, store, where);
}

// With the journal that a killed process may have left beside it.
void remove_index(const std::string& store) {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) remove_file(index_path(store) + suffix);
}

void remove_damaged_index(const std::string& store) {
  try {
    remove_index(store);
  } catch (const Error&) {  // a store that cannot be written: the index is made in memory instead
  }
}

// SQLite writes whole pages and reads what is missing of the last one as zeros, which are rows without values: no error, and runs that are
// not found. The page size stands in the file's header.
bool cut_in_mid_page(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  unsigned char header[18] = {};
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(header), sizeof header);
  const std::uint64_t page = std::uint64_t{header[16]} << 8 | header[17];
  return page >= 512 && file_size(path) % page != 0;
}

void refuse_missing_store(const std::string& store) {
  if (!is_folder(store)) fail("{}: there is no such store of runs", store);
}

}  // namespace

std::vector<RunSummary> list_runs(const std::string& store, std::string_view where) {
  refuse_missing_store(store);
  if (cut_in_mid_page(index_path(store))) remove_damaged_index(store);
  try {
    return list_with(index_path(store), store, where);
  } catch (const DatabaseError& error) {
    if (error.damaged) remove_damaged_index(store);
  }
  try {
    return list_with(index_path(store), store, where);
  } catch (const DatabaseError&) {  // a store that cannot be written: the answer is the same without a file
    return list_with(":memory:", store, where);
  }
}

void rebuild_index(const std::string& store) {
  refuse_missing_store(store);
  remove_index(store);
  list_with(index_path(store), store, "");
}

void update_index(const std::string& store, const std::string& name) {
  if (!exists(index_path(store))) return;
  try {
    Database database(index_path(store));
    make_tables(database);
    const RunSummary summary = summary_of(store, name);
    const std::string stamp = stamp_of_run(summary.folder);
    Transaction transaction(database);
    Writer(database).put(summary, stamp);
    transaction.commit();
  } catch (const Error&) {  // the next query repairs it
  }
}

std::string find_run(const std::string& store, const std::string& name_or_path) {
  const bool is_path = name_or_path.find('/') != std::string::npos;
  const std::string in_store = record_path(store, name_or_path);
  if (!is_path && !name_or_path.empty() && is_folder(in_store)) return in_store;
  if (is_folder(name_or_path)) return name_or_path;
  if (is_path) fail_with(ExitCode::kUsage, "{}: there is no such run folder", name_or_path);
  const std::vector<std::string> names = is_folder(store) ? run_names(store) : std::vector<std::string>();
  fail_with(ExitCode::kUsage, "there is no run '{}' in the store {}{}", name_or_path, store,
            did_you_mean(name_or_path, names));
}

}  // namespace tessera::runs
