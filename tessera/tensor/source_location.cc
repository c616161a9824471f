#include "tessera/tensor/source_location.h"

#include <filesystem>
#include <string_view>

#include "tessera/base/error.h"

namespace tessera {
namespace {

// What comes before "tessera/tensor/source_location.cc" in the name that the compiler knows this file by.
std::string_view library_root() {
  constexpr std::string_view kThisFile = "tessera/tensor/source_location.cc";
  const std::string_view file = __FILE__;
  return file.ends_with(kThisFile) ? file.substr(0, file.size() - kThisFile.size()) : std::string_view();
}

std::string_view relative_path(std::string_view file, const std::string& working_directory) {
  const std::string_view root = library_root();
  if (!root.empty() && file.starts_with(root)) return file.substr(root.size());
  if (!working_directory.empty() && file.starts_with(working_directory + "/"))
    return file.substr(working_directory.size() + 1);
  // Relative to the folder of the build, where a build tool calls the compiler so: two builds may lie at different depths.
  while (file.starts_with("../")) file.remove_prefix(3);
  return file;
}

}  // namespace

std::string source_text(SourceLocation where) {
  if (where.line() == 0) return "";
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  return fmt::format("{}:{}", relative_path(where.file_name(), here), where.line());
}

}  // namespace tessera
