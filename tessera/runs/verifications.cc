#include "tessera/runs/verifications.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/record.h"
#include "tessera/runs/run_folder.h"

namespace tessera::runs {
namespace {

using nlohmann::json;

// A descriptor for adding to the run's own regular file, or -1. A record may come from a stranger: a link in the file's place
// could lead to any file of the user, so neither symbolic nor hard links are written through.
int open_own_file(const std::string& path) {
  const int file = ::open(path.c_str(),
                          O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
  if (file < 0) return -1;
  struct stat information {};
  if (::fstat(file, &information) == 0 && S_ISREG(information.st_mode) && information.st_nlink == 1)
    return file;
  ::close(file);
  return -1;
}

// A line that was cut off must not swallow the next one.
bool ends_in_mid_line(int file) {
  const off_t size = ::lseek(file, 0, SEEK_END);
  char last = '\n';
  return size > 0 && ::pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

std::string verification_text(const Verification& verification) {
  json environment = json::object();
  for (const auto& [key, value] : verification.environment) environment[readable(key)] = readable(value);
  const json value = {{"when", verification.when},
                      {"message", readable(verification.message)},
                      {"status", verification.status},
                      {"steps", verification.steps},
                      {"part", verification.part},
                      {"program", verification.program},
                      {"program_digest", verification.program_digest},
                      {"environment", environment}};
  return canonical_json(value) + "\n";
}

Verification parse_verification(std::string_view text, const std::string& where) {
  std::string_view line = text;
  if (line.ends_with('\n')) line.remove_suffix(1);
  const json value = parse_json(line, where);
  JsonFields fields(value, where);
  Verification result;
  result.when = fields.text("when");
  result.message = fields.text("message");
  result.status = fields.integer("status");
  result.steps = fields.integer("steps");
  result.part = fields.text("part");
  result.program = fields.text("program");
  result.program_digest = fields.text("program_digest");
  result.environment = fields.texts("environment");
  fields.done();
  if (verification_text(result) != text) fail("{}: not in canonical form", where);
  return result;
}

Verification verification_now(const std::string& program,
                              const std::map<std::string, std::string>& environment) {
  const Session session = new_session({});
  Verification result;
  result.when = session.started;
  result.program = program;
  result.program_digest = session.program_digest;
  result.environment = environment;
  result.environment.insert(session.environment.begin(), session.environment.end());
  return result;
}

bool append_verification(const std::string& run_folder, const Verification& verification) {
  const int file = open_own_file(record_path(run_folder, kVerificationsFile));
  if (file < 0) return false;
  std::string line = verification_text(verification);
  if (ends_in_mid_line(file)) line.insert(line.begin(), '\n');
  ssize_t written;
  do {
    written = ::write(file, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  ::close(file);
  return written == static_cast<ssize_t>(line.size());
}

VerificationHistory read_verifications(const std::string& run_folder) {
  VerificationHistory history;
  const std::string path = record_path(run_folder, kVerificationsFile);
  std::string text;
  try {
    if (!exists(path)) return history;
    constexpr std::int64_t kLargest = 16'000'000;  // a hundred thousand lines: nobody verified so often
    if (static_cast<std::int64_t>(file_size(path)) > kLargest) fail("{}: too large", path);
    text = read_regular_file(path);
  } catch (const Error&) {
    ++history.unreadable;
    return history;
  }
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t newline = text.find('\n', begin);
    const std::size_t end = newline == std::string::npos ? text.size() : newline + 1;
    try {
      history.verifications.push_back(parse_verification(std::string_view(text).substr(begin, end - begin),
                                                         fmt::format("{}:{}", path, number + 1)));
    } catch (const Error&) {
      ++history.unreadable;
    }
    begin = end;
  }
  return history;
}

}  // namespace tessera::runs
