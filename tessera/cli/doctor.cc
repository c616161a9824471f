// tessera doctor: what this machine has, what was built in, and what would clash with the promise of the same bits.
#include <fmt/core.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "tessera/backends/backends.h"
#include "tessera/base/suggest.h"
#include "tessera/base/thread_pool.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/version.h"

extern char** environ;

namespace tessera::cli {

namespace {

constexpr std::string_view kDoctorDetails =
    "Prints facts, then findings. A line that starts with 'problem' is worth mending; the exit status is "
    "then 1.\n"
    "Example: tessera doctor";

const std::vector<std::string>& known_environment() {
  static const std::vector<std::string> names = {
      "TESSERA_BACKEND",     "TESSERA_DATA",       "TESSERA_PLANT_FAULT", "TESSERA_REPLAY",
      "TESSERA_REPLAY_FROM", "TESSERA_REPLAY_TO",  "TESSERA_RESUME",      "TESSERA_REPLAY_REPORT",
      "TESSERA_SIMD",        "TESSERA_STORE",      "TESSERA_SWEEP",       "TESSERA_THREADS",
      "TESSERA_TRACE",       "TESSERA_TRACE_FROM", "TESSERA_TRACE_TO",    "TESSERA_TRACE_VALUES"};
  return names;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

void fact(std::string_view name, const std::string& value) {
  fmt::print("{:<18}{}\n", name, value);
}

void print_facts() {
  fact("version", std::string(version()));
  fact("compiler", __VERSION__);
  fact("processor", processor_name());
  fact("threads", fmt::format("{} (change with --threads or TESSERA_THREADS)", thread_count()));
  fact("backend", fmt::format("{}{}", active_backend_name(),
                              active_simd_level().empty() ? "" : ", vectors " + active_simd_level()));
  fact("backends", joined(backend_names()));
  fact("vector widths", joined(available_simd_levels()));
  fact("CUDA", "not built in");
  fact("libcrypto", OpenSSL_version(OPENSSL_VERSION));
  fact("SQLite", sqlite3_libversion());
  std::error_code error;
  const auto space = std::filesystem::space(".", error);
  if (!error) fact("free disk space", fmt::format("{:.1f} GiB here", double(space.available) / (1 << 30)));
  const char* data = std::getenv("TESSERA_DATA");
  fact("TESSERA_DATA", data == nullptr ? "not set" : data);
}

// a*b+c must be two roundings: with one, the result below is 2^-46 instead of 0.
bool contracts_products() {
  volatile float a = 1.0f + 0x1p-23f, c = -(1.0f + 0x1p-22f);
  return a * a + c != 0.0f;
}

bool flushes_subnormals() {
  volatile float smallest_normal = 0x1p-126f;
  return smallest_normal * 0.5f == 0.0f;
}

// Other programs of this name on PATH: a script may run another version than the person who wrote it.
std::vector<std::string> programs_on_path() {
  std::vector<std::string> found;
  const char* path = std::getenv("PATH");
  std::set<std::string> seen;
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string file = rest.substr(0, colon) + "/tessera";
    std::error_code error;
    const std::string real = std::filesystem::canonical(file, error).string();
    if (!error && access(file.c_str(), X_OK) == 0 && seen.insert(real).second) found.push_back(file);
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return found;
}

std::vector<std::string> find_problems() {
  std::vector<std::string> problems;
  if (contracts_products()) {
    problems.push_back(
        "this program was compiled without -ffp-contract=off: its results are not the contract's");
  }
  if (flushes_subnormals()) problems.push_back("subnormal numbers are flushed to zero on this thread");
  if (available_simd_levels().empty()) {
    problems.push_back(
        "no vector kernels for this processor (they need AVX2 with fused multiply-add): results are right, "
        "but the slow reference kernels compute them");
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (!name.starts_with("TESSERA_")) continue;
    const auto& known = known_environment();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      problems.push_back(fmt::format("the environment variable {} is not read by anything{}", name,
                                     did_you_mean(name, known)));
    }
  }
  if (const char* data = std::getenv("TESSERA_DATA");
      data != nullptr && !std::filesystem::is_directory(data)) {
    problems.push_back(fmt::format("TESSERA_DATA is '{}', which is not a folder", data));
  }
  if (const auto programs = programs_on_path(); programs.size() > 1) {
    problems.push_back(fmt::format("several programs named tessera are on PATH: {}", joined(programs)));
  }
  if (access(".", W_OK) != 0)
    problems.push_back("the current folder cannot be written: give --store a folder that can");
  return problems;
}

}  // namespace

ExitCode run_doctor(const Words& words) {
  Arguments arguments("doctor", "Say what this machine has, what was built in, and what would clash",
                      kDoctorDetails);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  print_facts();
  const std::vector<std::string> problems = find_problems();
  if (problems.empty()) fmt::print("\nno problems found\n");
  for (const std::string& problem : problems) fmt::print("\nproblem: {}\n", problem);
  return problems.empty() ? ExitCode::kSuccess : ExitCode::kFailure;
}

}  // namespace tessera::cli
