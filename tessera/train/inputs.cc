#include "tessera/train/inputs.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/data/point_files.h"

namespace tessera::train {
namespace {

void add_tails(std::vector<std::string>& candidates, const std::string& folder, const std::string& path) {
  if (folder.empty()) return;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    candidates.push_back(folder + path.substr(slash));
  if (!path.starts_with('/')) candidates.push_back(folder + "/" + path);
}

std::string find_input(const std::string& name, const std::string& digest, const std::string& path,
                       const std::string& command_folder, const std::string& data_folder,
                       const std::string& format) {
  // A database, here or where --data says that it is now; its records are compared when they are read.
  if (is_postgresql_uri(path)) {
    if (data_folder.empty() || is_postgresql_uri(data_folder))
      return data_folder.empty() ? path : data_folder;
    refuse_other_address(data_folder);  // it may have a password
    fail_with(ExitCode::kUsage,
              "--data {}: the input '{}' is rows of PostgreSQL, at {}, expected the address of a database "
              "that has them (postgresql://USER@HOST/DATABASE)",
              data_folder, name, path);
  }
  std::vector<std::string> candidates = {path};
  if (!path.starts_with('/') && !command_folder.empty()) candidates.push_back(command_folder + "/" + path);
  const char* variable = std::getenv("TESSERA_DATA");
  add_tails(candidates, data_folder, path);
  add_tails(candidates, variable ? variable : "", path);

  std::string other, other_digest;
  for (const std::string& candidate : candidates) {
    std::error_code error;  // a path in a record may lead to a pipe or a device without an end
    const bool folder = format == "points" && std::filesystem::is_directory(candidate, error);
    if (!folder && !std::filesystem::is_regular_file(candidate, error)) continue;
    std::string found;
    try {
      found = input_digest(candidate, format);
    } catch (const Error&) {
      if (format != "points") throw;
      continue;  // a folder that is no set of clouds is not the one that was recorded
    }
    if (found == digest) return candidate;
    if (other.empty()) other = candidate, other_digest = found;
  }
  if (!other.empty())
    fail_with(ExitCode::kInputChanged,
              "{}: the input '{}' has changed: its SHA-256 is {}, the record says {}", other, name,
              other_digest, digest);
  fail_with(ExitCode::kCannotRerun, "the input '{}' is not at '{}', nor below {}", name, path,
            data_folder.empty() ? "TESSERA_DATA; say where it is with --data FOLDER"
                                : fmt::format("'{}'", data_folder));
}

}  // namespace

std::string input_digest(const std::string& path, const std::string& format) {
  return format == "points" ? data::point_files_digest(path) : to_hex(sha256_of_file(path));
}

std::map<std::string, std::string> find_inputs(const runs::Claim& claim,
                                               const runs::Circumstances& circumstances,
                                               const std::string& data_folder) {
  std::map<std::string, std::string> paths;
  const auto format = claim.configuration.find("data.format");
  for (const auto& [name, digest] : claim.inputs) {
    std::string recorded = name;
    for (const runs::InputPlace& place : circumstances.inputs)
      if (place.name == name) recorded = place.path;
    paths[name] = find_input(name, digest, recorded, circumstances.folder_of_command, data_folder,
                             format == claim.configuration.end() ? "" : format->second);
  }
  return paths;
}

}  // namespace tessera::train
