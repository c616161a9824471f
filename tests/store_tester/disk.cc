#include "tests/store_tester/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"

namespace store_tester {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".safetensors";

std::string digest_or_kind(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored))
    return tessera::to_hex(tessera::sha256(tessera::read_file(path.string())));
  if (fs::is_directory(path, ignored)) return "folder";
  if (!fs::exists(path, ignored)) return "leads nowhere";
  return "neither file nor folder";
}

std::string text_of(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? tessera::read_file(path) : "";
}

// Of the endings that the number of lines allows, the one whose last line this is.
std::optional<Ending> ending_of(const std::vector<std::string>& lines, const Recipe& recipe,
                                References& references) {
  const std::string& last = lines.back();
  const std::uint64_t count = lines.size();
  if (last.find("\"closing\":true") == std::string::npos) return std::nullopt;
  for (const Ending& ending : {Ending{true, count - 1}, Ending{false, count < 2 ? 0 : count - 2}}) {
    if (count < 2 || ending.step > last_step(recipe)) continue;
    if (references.chain(recipe, ending).lines.back() == last) return ending;
  }
  return std::nullopt;
}

bool begins_with(const std::string& text, const std::vector<std::string>& predicted, std::size_t lines) {
  std::string whole;
  for (std::size_t i = 0; i < lines && i < predicted.size(); ++i) whole += predicted[i];
  if (lines > predicted.size() || !text.starts_with(whole)) return false;
  return true;
}

// A write of a line that was cut off: a piece of a line that could have been the next one.
bool torn_end_fits(const std::string& torn, std::size_t lines, const Recipe& recipe, References& references) {
  if (torn.empty()) return true;
  const std::vector<std::string>& open = references.chain(recipe, std::nullopt).lines;
  if (lines < open.size() && open[lines].starts_with(torn)) return true;
  for (const Ending& ending : {Ending{true, lines}, Ending{false, lines == 0 ? 0 : lines - 1}}) {
    if (lines == 0 || ending.step > last_step(recipe)) continue;
    if (references.chain(recipe, ending).lines.back().starts_with(torn)) return true;
  }
  return false;
}

void look_at_chain(DiskState& state, const std::string& folder, const Recipe& recipe,
                   References& references) {
  const std::string text = text_of(folder + "/chain.jsonl");
  const std::vector<std::string> lines = whole_lines(text);
  state.lines = lines.size();
  if (!lines.empty()) state.ending = ending_of(lines, recipe, references);
  std::size_t length = 0;
  for (const std::string& line : lines) length += line.size();
  state.lines_as_predicted = begins_with(text, chain_on(state, recipe, references).lines, lines.size());
  if (state.claim && text_of(folder + "/claim.json") != references.chain(recipe, std::nullopt).claim)
    state.lines_as_predicted = false;
  const std::string torn = text.substr(length);
  bool torn_fits = state.ending ? torn.empty() : torn_end_fits(torn, lines.size(), recipe, references);
  if (lines.empty() &&
      !torn_fits) {  // until the first line is there, the next process decides whether there is a state
    Recipe other = recipe;
    other.kept = !recipe.kept;
    torn_fits = torn_end_fits(torn, 0, other, references);
  }
  state.as_predicted = state.lines_as_predicted && torn_fits;
}

void look_at_checkpoints(DiskState& state, const std::string& folder) {
  for (const auto& [path, digest] : snapshot_of(folder)) {
    state.leftovers = state.leftovers || tessera::is_temporary_name(fs::path(path).filename().string());
    if (!path.starts_with("checkpoints/") || !path.ends_with(kSuffix)) continue;
    if (fs::path(path).stem() == digest)
      state.checkpoints.insert(digest);
    else
      state.all_checkpoints_intact = false;
  }
}

void look_at_pause(DiskState& state, const std::string& folder, const Recipe& recipe,
                   References& references) {
  const std::string text = text_of(folder + "/paused.json");
  const nlohmann::json pause = nlohmann::json::parse(text, nullptr, false);
  if (!pause.is_object() || !pause.contains("step") || !pause["step"].is_number_unsigned()) return;
  const std::uint64_t step = pause["step"];
  if (step >= state.lines) return;
  const std::string& line = chain_on(state, recipe, references).lines[step];
  const std::string chain = pause.value("chain", ""), checkpoint = pause.value("checkpoint", "");
  if (text != pause.dump() + "\n" || pause.size() != 3) return;  // a changed byte elsewhere
  if (tessera::to_hex(tessera::sha256(line)) == chain && state.checkpoints.contains(checkpoint))
    state.pause = step;
}

}  // namespace

Snapshot snapshot_of(const std::string& folder) {
  Snapshot snapshot;
  std::error_code error;
  fs::recursive_directory_iterator end, entry(folder, error);
  for (; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().lexically_relative(folder).string();
    if (path != "lock") snapshot[path] = digest_or_kind(entry->path());
  }
  return snapshot;
}

Snapshot covered_part(const Snapshot& snapshot) {
  static const std::set<std::string> covered = {"claim.json", "chain.jsonl", "circumstances.json",
                                                "timing.jsonl", "seal.json"};
  Snapshot part;
  for (const auto& [path, digest] : snapshot) {
    const bool checkpoint = path.starts_with("checkpoints/") && path.ends_with(kSuffix);
    if (covered.contains(path) || checkpoint) part[path] = digest;
  }
  return part;
}

std::string first_difference(const Snapshot& before, const Snapshot& after) {
  for (const auto& [path, digest] : before) {
    const auto found = after.find(path);
    if (found == after.end()) return path + " is gone";
    if (found->second != digest) return path + " was changed";
  }
  for (const auto& [path, digest] : after)
    if (!before.contains(path)) return path + " is new";
  return "";
}

std::uint64_t DiskState::step_of_line(std::size_t line) const {
  return ending && !ending->in_loop && line + 1 == lines ? ending->step : line;
}

const Chain& chain_on(const DiskState& disk, const Recipe& recipe, References& references) {
  return references.chain(recipe, disk.ending);
}

DiskState look_at(const std::string& folder, const Recipe& recipe, References& references) {
  DiskState state;
  state.folder = tessera::is_folder(folder);
  if (!state.folder) return state;
  state.claim = tessera::exists(folder + "/claim.json");
  state.sealed = tessera::exists(folder + "/seal.json");
  look_at_chain(state, folder, recipe, references);
  look_at_checkpoints(state, folder);
  if (state.as_predicted) look_at_pause(state, folder, recipe, references);
  return state;
}

std::optional<std::size_t> best_line(const DiskState& disk, const Recipe& recipe, References& references) {
  if (!disk.lines_as_predicted) return std::nullopt;
  const Chain& chain = chain_on(disk, recipe, references);
  for (std::size_t i = disk.lines; i-- > 0;) {
    if (!chain.checkpoints[i].empty() && disk.checkpoints.contains(chain.checkpoints[i])) return i;
    if (disk.pause && *disk.pause == disk.step_of_line(i)) return i;
  }
  return std::nullopt;
}

bool lock_held(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int file =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file < 0) return false;
  const bool held = ::syscall(SYS_flock, file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return held;
}

}  // namespace store_tester
