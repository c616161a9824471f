#include "tessera/runs/timing.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/json.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/record.h"

namespace tessera::runs {

using nlohmann::json;

std::string timing_line_text(const TimingLine& line) {
  const json value = {{"session", line.session}, {"step", line.step}, {"microseconds", line.microseconds}};
  return canonical_json(value) + "\n";
}

TimingLine parse_timing_line(std::string_view text, const std::string& where) {
  std::string_view line = text;
  if (line.ends_with('\n')) line.remove_suffix(1);
  const json value = parse_json(line, where);
  JsonFields fields(value, where);
  TimingLine result;
  result.session = fields.integer("session");
  result.step = fields.integer("step");
  result.microseconds = fields.integer("microseconds");
  fields.done();
  if (timing_line_text(result) != text) fail("{}: not in canonical form", where);
  return result;
}

std::vector<TimingLine> read_timing(const std::string& folder) {
  const std::string path = record_path(folder, kTimingFile);
  std::vector<TimingLine> lines;
  if (!exists(path)) return lines;
  const std::string text = read_regular_file(path);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(parse_timing_line(std::string_view(text).substr(begin, end + 1 - begin),
                                      fmt::format("{}:{}", path, lines.size() + 1)));
  return lines;
}

std::uint64_t working_time(const std::vector<TimingLine>& lines) {
  std::map<std::uint64_t, std::uint64_t> longest;
  for (const TimingLine& line : lines)
    longest[line.session] = std::max(longest[line.session], line.microseconds);
  std::uint64_t sum = 0;
  for (const auto& [session, microseconds] : longest) sum += microseconds;
  return sum;
}

}  // namespace tessera::runs
