#include "tessera/runs/record.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::runs {
namespace {

void refuse_missing_record(const std::string& folder) {
  if (!is_folder(folder)) fail_with(ExitCode::kCannotRerun, "{}: there is no such run folder", folder);
  if (!exists(record_path(folder, kClaimFile)))
    fail_with(ExitCode::kCannotRerun, "{}: not a run, or one that was not started: it has no {}", folder,
              kClaimFile);
}

// The lines follow each other: each holds the hash of the one before and the next step.
void refuse_wrong_place(const Record& record, const ChainLine& line, const std::string& where) {
  const bool first = record.lines.empty();
  const Digest& expected = first ? record.claim_hash : record.lines.back().hash;
  if (line.previous != expected)
    fail("{}: holds the hash {} of what comes before it ({}), which has {}: one of the two was changed",
         where, to_hex(line.previous), first ? kClaimFile : "the line above", to_hex(expected));
  if (!first && record.lines.back().line.closing) fail("{}: a line after the closing one", where);
  const std::uint64_t last = record.last_step();
  const bool in_order = first ? line.step == 0 : line.step == last + 1 || (line.closing && line.step == last);
  if (!in_order) fail("{}: step {} after step {}", where, line.step, last);
}

void read_chain(Record& record) {
  const std::string path = record_path(record.folder, kChainFile);
  if (!exists(path)) return;  // killed before the first line
  const std::string text = read_regular_file(path);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t newline = text.find('\n', begin);
    if (newline == std::string::npos) break;
    const std::string line_text = text.substr(begin, newline + 1 - begin);
    const std::string where = fmt::format("{}:{}", path, record.lines.size() + 1);
    ChainLine line = parse_chain_line(line_text, where);
    refuse_wrong_place(record, line, where);
    record.lines.push_back({std::move(line), sha256(line_text)});
    begin = newline + 1;
  }
  record.chain_bytes = begin;
  record.torn_bytes = text.size() - begin;
}

}  // namespace

std::string record_path(const std::string& folder, std::string_view file) {
  return fmt::format("{}/{}", folder, file);
}

std::string_view status_name(RunStatus status) {
  switch (status) {
    case RunStatus::kNotStarted:
      return "not started";
    case RunStatus::kRunning:
      return "running";
    case RunStatus::kInterrupted:
      return "interrupted";
    case RunStatus::kSealed:
      return "sealed";
  }
  return "";
}

RunStatus run_status(const std::string& folder) {
  if (exists(record_path(folder, kSealFile))) return RunStatus::kSealed;
  if (is_locked(record_path(folder, kLockFile))) return RunStatus::kRunning;
  return exists(record_path(folder, kClaimFile)) ? RunStatus::kInterrupted : RunStatus::kNotStarted;
}

Claim read_claim(const std::string& folder) {
  refuse_missing_record(folder);
  const std::string path = record_path(folder, kClaimFile);
  return parse_claim(read_regular_file(path), path);
}

Circumstances read_circumstances(const std::string& folder) {
  const std::string path = record_path(folder, kCircumstancesFile);
  return parse_circumstances(read_regular_file(path), path);
}

std::optional<Seal> read_seal(const std::string& folder) {
  const std::string path = record_path(folder, kSealFile);
  if (!exists(path)) return std::nullopt;
  return parse_seal(read_regular_file(path), path);
}

Record read_record(const std::string& folder) {
  refuse_missing_record(folder);
  Record record;
  record.folder = folder;
  const std::string path = record_path(folder, kClaimFile);
  const std::string text = read_regular_file(path);
  record.claim = parse_claim(text, path);
  record.claim_hash = sha256(text);
  read_chain(record);
  record.seal = read_seal(folder);
  return record;
}

}  // namespace tessera::runs
