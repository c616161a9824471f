#include "tessera/runs/run_folder.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/thread_pool.h"
#include "tessera/runs/keys.h"

namespace tessera::runs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 100;
constexpr std::string_view kIndexPrefix = "index.sqlite";

fs::path full_path(const std::string& path) {
  const fs::path full = fs::absolute(path).lexically_normal();
  return full.has_filename() ? full : full.parent_path();  // "runs/a/" means "runs/a"
}

// Lines and checkpoints are written after the claim. Where they are without one, the claim of a run was lost.
bool holds_work(const std::string& path, const std::string& name) {
  const std::string place = record_path(path, name);
  if (name == kChainFile || name == kTimingFile) return file_size(place) > 0;
  if (name != kCheckpointFolder || !is_folder(place)) return false;
  const std::vector<std::string> files = names_in_folder(place);
  return std::any_of(files.begin(), files.end(), [](const auto& file) { return !is_temporary_name(file); });
}

// What a run that was killed while it began may have left: everything but a claim.
void clear_unstarted_folder(const std::string& path) {
  for (const std::string& name : names_in_folder(path)) {
    const bool ours = name == kLockFile || name == kCircumstancesFile || name == kChainFile ||
                      name == kTimingFile || name == kCheckpointFolder || is_temporary_name(name);
    if (!ours) fail("{}: the folder exists, is not a run, and holds '{}': choose another name", path, name);
    if (holds_work(path, name))
      fail("{}: the folder holds '{}' of a run whose {} is missing: put it back, or choose another name",
           path, name, kClaimFile);
  }
  for (const std::string& name : names_in_folder(path))
    if (name != kLockFile) remove_folder(record_path(path, name));
}

// Nothing when the folder belongs to somebody else: a run that was started, or one that another process is starting.
std::optional<OwnedFolder> try_to_own(const std::string& store, const std::string& name) {
  const std::string path = record_path(store, name);
  if (exists(record_path(path, kClaimFile)) || is_locked(record_path(path, kLockFile))) return std::nullopt;
  make_folders(path);
  OwnedFolder owned{name, path, FolderLock(record_path(path, kLockFile), fmt::format("run '{}'", name))};
  if (exists(record_path(path, kClaimFile))) return std::nullopt;  // somebody was quicker
  clear_unstarted_folder(path);
  return owned;
}

OwnedFolder own_named(const RunOptions& options) {
  check_run_name(options.name);
  if (auto owned = try_to_own(options.store, options.name)) return std::move(*owned);
  const std::string path = record_path(options.store, options.name);
  const RunStatus status = run_status(path);
  if (status == RunStatus::kInterrupted)
    fail("{}: there is an interrupted run of this name: resume it, or choose another name", path);
  fail("{}: there is a run of this name ({}): choose another name", path, status_name(status));
}

unsigned long highest_number(const std::string& store, const std::string& base) {
  unsigned long highest = 1;
  for (const std::string& name : names_in_folder(store)) {
    if (!name.starts_with(base + "-")) continue;
    const std::string digits = name.substr(base.size() + 1);
    const bool number =
        !digits.empty() && digits.size() <= 9 &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number) highest = std::max(highest, std::stoul(digits));
  }
  return highest;
}

// Begins with the highest number there: it may be one that was never started.
OwnedFolder own_next_number(const RunOptions& options) {
  check_run_name(options.base_name);
  for (unsigned long number = highest_number(options.store, options.base_name);; ++number) {
    try {
      auto owned = try_to_own(options.store, fmt::format("{}-{:04}", options.base_name, number));
      if (owned) return std::move(*owned);
    } catch (const Error&) {
      // Taken by another process between our look and our lock, or a folder that is no run: the next number is as good,
      // unless the store itself is the problem.
      if (!is_folder(record_path(options.store, fmt::format("{}-{:04}", options.base_name, number)))) throw;
    }
  }
}

std::string first_processor() {
  if (!exists("/proc/cpuinfo")) return "unknown";
  const std::string text = read_file("/proc/cpuinfo");
  const std::size_t place = text.find("model name");
  if (place == std::string::npos) return "unknown";
  const std::size_t begin = text.find(": ", place), end = text.find('\n', place);
  return begin < end && end != std::string::npos ? text.substr(begin + 2, end - begin - 2) : "unknown";
}

std::vector<std::string> own_command() {
  std::vector<std::string> arguments;
  if (!exists("/proc/self/cmdline")) return arguments;
  const std::string text = read_file("/proc/self/cmdline");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    arguments.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return arguments;
}

std::string own_digest() {
  static const std::string digest =
      exists("/proc/self/exe") ? to_hex(sha256_of_file("/proc/self/exe")) : std::string();
  return digest;
}

std::vector<std::string> command_of(const RunOptions& options) {
  std::vector<std::string> command = options.command.empty() ? own_command() : options.command;
  for (std::string& word : command) word = without_password(word);
  return command;
}

std::string program_digest_of(const RunOptions& options) {
  return options.program_digest.empty() ? own_digest() : options.program_digest;
}

}  // namespace

void check_run_name(const std::string& name) {
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool good = !name.empty() && name.size() <= kLongestName && letter_or_digit(name[0]) &&
                    std::all_of(name.begin(), name.end(), [&](char c) {
                      return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                    });
  if (!good)
    fail_with(ExitCode::kUsage,
              "name of the run: expected at most {} of a-z, 0-9, '.', '_', '-', beginning with a letter or a "
              "digit, "
              "found '{}'",
              kLongestName, name);
  if (name.starts_with(kIndexPrefix))
    fail_with(ExitCode::kUsage, "name of the run: '{}' is taken by the index", name);
}

OwnedFolder make_run_folder(const RunOptions& options) {
  make_folders(options.store);
  OwnedFolder owned = options.name.empty() ? own_next_number(options) : own_named(options);
  make_folders(record_path(owned.path, kCheckpointFolder));
  sync_folder(options.store);
  return owned;
}

OwnedFolder own_run_folder(const std::string& path) {
  const std::string name = name_of_folder(path);
  return {name, path, FolderLock(record_path(path, kLockFile), fmt::format("run '{}'", name))};
}

void remove_leftovers(const std::string& folder) {
  const std::string checkpoints = record_path(folder, kCheckpointFolder);
  make_folders(checkpoints);
  for (const std::string& place : {folder, checkpoints})
    for (const std::string& name : names_in_folder(place))
      if (is_temporary_name(name)) remove_file(record_path(place, name));
}

std::string name_of_folder(const std::string& path) {
  return full_path(path).filename().string();
}
std::string store_of_folder(const std::string& path) {
  return full_path(path).parent_path().string();
}

Claim claim_of(const RunOptions& options) {
  Claim claim;
  claim.kind = options.kind;
  claim.seed = options.seed;
  claim.steps = options.steps;
  claim.digest_every = options.digest_every;
  claim.checkpoint_every = options.checkpoint_every;
  if (options.digest_every == 0) fail_with(ExitCode::kUsage, "digest_every: expected at least 1, found 0");
  for (const ConfigurationValue& entry : options.configuration)
    if (!claim.configuration.emplace(entry.key, entry.value).second)
      fail_with(ExitCode::kUsage, "the configuration key '{}' is given twice", entry.key);
  for (const InputFile& input : options.inputs) {
    const std::string digest = input.digest.empty() ? to_hex(sha256_of_file(input.path)) : input.digest;
    if (!claim.inputs.emplace(input.name, digest).second)
      fail_with(ExitCode::kUsage, "two inputs are named '{}'", input.name);
  }
  return claim;
}

Circumstances circumstances_of(const RunOptions& options, const std::string& name) {
  Circumstances result;
  result.name = name;
  result.command = command_of(options);
  std::error_code ignored;
  result.folder_of_command = fs::current_path(ignored).string();
  result.program_digest = program_digest_of(options);
  for (const ConfigurationValue& entry : options.configuration)
    result.configuration.push_back({entry.key, entry.value, entry.origin});
  for (const ConfigurationValue& entry : options.other_settings)
    result.configuration.push_back({entry.key, entry.value, entry.origin});
  for (const InputFile& input : options.inputs) result.inputs.push_back({input.name, input.path});
  result.signing_key = signing_key_of(options);
  return result;
}

std::string signing_key_of(const RunOptions& options) {
  return options.key_file.empty() ? "" : load_private_key(options.key_file).public_key();
}

Session new_session(const RunOptions& options) {
  Session session;
  session.started = time_now();
  session.command = command_of(options);
  session.program_digest = program_digest_of(options);
  session.environment = options.environment;
  utsname system{};
  if (::uname(&system) == 0) {
    session.environment["host"] = system.nodename;
    session.environment["system"] = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  }
  session.environment["processor"] = first_processor();
  session.environment["threads"] = std::to_string(thread_count());
  session.environment["compiler"] = __VERSION__;
  // Only what can explain a difference; the rest of the environment is nobody's business.
  for (const char* variable : {"TESSERA_THREADS", "TESSERA_BACKEND", "TESSERA_SIMD"})
    if (const char* value = std::getenv(variable)) session.environment[variable] = value;
  return session;
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace tessera::runs
