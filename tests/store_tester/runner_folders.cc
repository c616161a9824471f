// What people and accidents do to folders: copies, renames, removals, changed bytes, foreign files, a damaged index.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tests/store_tester/runner.h"

namespace store_tester {
namespace {

namespace fs = std::filesystem;

void put(const std::string& path, const std::string& bytes) {
  fs::remove_all(path);
  tessera::AppendFile(path).append(bytes);
}

// So that the change has a time of its own: people are slower than the clock of a file system.
void make_younger(const std::string& path) {
  struct stat information {};
  if (::stat(path.c_str(), &information) != 0) return;
  timespec times[2] = {information.st_atim, information.st_mtim};
  times[1].tv_sec += 1;
  ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

// The file that `tamper` names; empty when it is not there.
std::string tampered_path(const std::string& folder, const std::string& file) {
  std::string name;
  if (file == "claim" || file == "circumstances" || file == "seal" || file == "paused") name = file + ".json";
  if (file == "chain" || file == "timing") name = file + ".jsonl";
  if (name.empty()) {
    const std::string place = folder + "/checkpoints";
    const auto names =
        tessera::is_folder(place) ? tessera::names_in_folder(place) : std::vector<std::string>();
    if (names.empty() || file.find_first_not_of("0123456789") != std::string::npos) return "";
    name = "checkpoints/" + names[std::stoul(file) % names.size()];
  }
  const std::string path = folder + "/" + name;
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? path : "";
}

std::string flipped(std::string bytes, std::uint64_t at) {
  if (bytes.empty()) return bytes;
  const std::size_t place = std::min<std::size_t>(bytes.size() * at / 1000, bytes.size() - 1);
  bytes[place] = static_cast<char>(bytes[place] ^ (1 << (at % 8)));
  return bytes;
}

std::string with_swapped_lines(const std::string& text, std::uint64_t at) {
  std::vector<std::string> lines = whole_lines(text);
  if (lines.size() < 2) return text;
  const std::size_t i = at % (lines.size() - 1);
  std::swap(lines[i], lines[i + 1]);
  std::string swapped;
  for (const std::string& line : lines) swapped += line;
  return swapped;
}

// Returns false when it changes nothing.
bool change_file(const std::string& path, const std::string& how, std::uint64_t at,
                 const std::string& elsewhere) {
  const std::string bytes = tessera::read_file(path);
  std::string now = bytes;
  if (how == "flip") now = flipped(bytes, at);
  if (how == "cut") now = bytes.substr(0, bytes.size() * at / 1000);
  if (how == "append") now = bytes + "x";
  if (how == "line") now = bytes + (whole_lines(bytes).empty() ? "\n" : whole_lines(bytes).back());
  if (how == "swap") now = with_swapped_lines(bytes, at);
  if (now != bytes) put(path, now);
  if (now != bytes) return true;
  if (how != "delete" && how != "folder" && how != "pipe" && how != "link" && how != "away") return false;
  fs::remove_all(path);
  if (how == "folder") fs::create_directory(path);
  if (how == "pipe") ::mkfifo(path.c_str(), 0600);
  if (how == "link") fs::create_symlink("nowhere", path);
  if (how == "away") put(elsewhere, bytes);
  if (how == "away") fs::create_symlink(elsewhere, path);
  return true;
}

}  // namespace

RunModel Runner::fresh_run(const std::string& name) const {
  RunModel run;
  run.folder = fmt::format("{}/{}", store_, name);
  return run;
}

bool Runner::copy(RunModel& run, const Operation& operation) {
  const auto target = runs_.find(operation.text("to"));
  if (target == runs_.end() || &target->second == &run) return false;
  RunModel& other = target->second;
  if (other.held() || tessera::exists(other.folder) || !tessera::exists(run.folder)) return false;
  std::error_code error;
  fs::copy(run.folder, other.folder, fs::copy_options::recursive, error);
  if (error) {  // a pipe, or a link that leads nowhere
    fs::remove_all(other.folder, error);
    return false;
  }
  const DiskState disk = disk_of(run);
  other.recipe = run.recipe;
  other.key = run.key;
  other.started = disk.claim;
  other.frayed = run.frayed;
  other.checkpoints_touched = run.checkpoints_touched;
  other.touched_under_seal = run.touched_under_seal;
  other.strangers = run.strangers;
  other.lines = other.synced_lines = disk.claim ? disk.lines : 0;
  other.ending = disk.claim ? disk.ending : std::nullopt;
  other.least_kept = run.least_kept;
  if (run.held() && run.holder.session.settings.keep > 0 &&
      (other.least_kept == 0 || run.holder.session.settings.keep < other.least_kept))
    other.least_kept = run.holder.session.settings.keep;
  other.sealed = false;
  if (run.sealed) {
    other.sealed = true;
    other.sealed_files = run.sealed_files;
    other.sealed_with_damage = run.sealed_with_damage;
  } else if (disk.sealed) {
    note_seal(other, disk, false);
  }
  return true;
}

bool Runner::rename(RunModel& run, const Operation& operation) {
  const auto target = runs_.find(operation.text("to"));
  if (target == runs_.end() || &target->second == &run || run.held() || !tessera::exists(run.folder))
    return false;
  RunModel& other = target->second;
  if (other.held() || tessera::exists(other.folder)) return false;
  fs::rename(run.folder, other.folder);
  const std::string folder = other.folder;
  const std::string name = operation.run;
  other = std::move(run);
  other.folder = folder;
  run = fresh_run(name);
  return true;
}

bool Runner::remove(RunModel& run, const Operation& operation) {
  if (run.held() || !tessera::exists(run.folder)) return false;
  fs::remove_all(run.folder);
  run = fresh_run(operation.run);
  return true;
}

bool Runner::tamper(RunModel& run, const Operation& operation) {
  const std::string file = operation.text("file"), how = operation.text("how");
  const std::string path = tampered_path(run.folder, file);
  const bool checkpoint = path.find("/checkpoints/") != std::string::npos;
  const bool bytes_only = how == "flip" || how == "cut" || how == "append" || how == "delete";
  // Nothing is promised to those who change the files that a process is writing, but for its checkpoints.
  if (path.empty() || !run.started || (run.held() && !(checkpoint && bytes_only && !run.holder.halted)))
    return false;
  if (!change_file(path, how, operation.number("at"), fmt::format("{}/elsewhere-{}", root_, ++garbage_)))
    return false;
  make_younger(path);
  if (run.sealed) {  // the seal covers it, as long as it is there
    run.touched_under_seal = run.touched_under_seal || file != "seal";
    if (run.touched_under_seal && !tessera::exists(run.folder + "/seal.json")) run.frayed = true;
    return true;
  }
  if (bytes_only && (checkpoint || file == "paused"))
    run.checkpoints_touched = true;
  else if (!bytes_only || file != "timing")
    run.frayed = true;
  run.paused.reset();
  return true;
}

bool Runner::stranger(RunModel& run) {
  if (run.held()) return false;
  fs::create_directories(run.folder);
  put(run.folder + "/notes.txt", "my own\n");
  run.strangers = true;
  return true;
}

bool Runner::garbage(const Operation& operation) {
  const std::string what = operation.text("what");
  const std::string path = fmt::format("{}/garbage-{}\xff", store_, ++garbage_);
  if (what == "file") put(path, "no run\n");
  if (what == "folder") fs::create_directory(path);
  if (what == "link") fs::create_symlink("nowhere", path);
  if (what == "pipe") ::mkfifo(path.c_str(), 0600);
  if (what == "lock" || what == "claim") {
    fs::create_directory(path);
    put(path + (what == "lock" ? "/lock" : "/claim.json"), "{}\n");
  }
  if (what == "number") fs::create_directories(store_ + "/run-999999999");
  return true;
}

bool Runner::damage_index(const Operation& operation) {
  const std::string path = store_ + "/index.sqlite", how = operation.text("how");
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  const std::string bytes = tessera::read_file(path);
  if (how == "delete") fs::remove(path);
  if (how == "garbage") put(path, std::string(5000, 'g'));
  if (how == "cut") put(path, bytes.substr(0, bytes.size() * operation.number("at") / 1000));
  if (how == "flip") put(path, flipped(bytes, operation.number("at")));
  index_flipped_ = how == "flip" || (index_flipped_ && how == "cut");
  return true;
}

}  // namespace store_tester
