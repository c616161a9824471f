#include "tessera/runs/trace_listing.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"

namespace tessera::runs {
namespace {

constexpr std::size_t kDigits = 12;        // of the root
constexpr std::size_t kWidestColumn = 56;  // a longer text pushes its own line to the right, not all of them

using Columns = std::array<std::string, 5>;

Columns columns_of(const TraceEvent& event) {
  return {trace_event_phrase(event), fmt::format("{} {}", dtype_name(event.dtype), event.shape.to_string()),
          to_hex(event.root).substr(0, kDigits), printable(event.scope), printable(event.where)};
}

std::size_t shown_width(std::string_view text) {  // of UTF-8: bytes that continue a character take no place
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void append_padded(std::string& line, const std::string& text, std::size_t width) {
  line += "   " + text;
  const std::size_t shown = shown_width(text);
  if (shown < width) line.append(width - shown, ' ');
}

}  // namespace

std::string trace_event_phrase(const TraceEvent& event) {
  switch (event.kind) {
    case TraceEventKind::kState:
      return "state " + printable(event.name);
    case TraceEventKind::kHost:
      return event.where.starts_with("tessera/") ? "input from the library" : "input from user code";
    case TraceEventKind::kOlder:
      return "older tensor";
    case TraceEventKind::kOperation:
      break;
  }
  std::string text = printable(event.name);
  for (std::size_t i = 0; i < event.inputs.size(); ++i)
    text += fmt::format("{} %{}", i == 0 ? "" : ",", event.inputs[i]);
  if (!event.attributes.empty()) text += fmt::format(" {{{}}}", printable(event.attributes));
  return text;
}

std::string trace_listing(const TraceStep& step) {
  std::vector<Columns> rows;
  Columns::value_type line;
  std::array<std::size_t, std::tuple_size_v<Columns>> widths{};
  for (const TraceEvent& event : step.events) {
    rows.push_back(columns_of(event));
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], std::min(kWidestColumn, shown_width(rows.back()[i])));
  }
  const std::size_t number_width = fmt::format("%{}", rows.empty() ? 0 : rows.size() - 1).size();
  std::string text = fmt::format("step {}: {} event{}\n", step.step, grouped_number(rows.size()),
                                 rows.size() == 1 ? "" : "s");
  for (std::size_t number = 0; number < rows.size(); ++number) {
    line = fmt::format("  {:<{}} =", fmt::format("%{}", number), number_width);
    append_padded(line, rows[number][0], widths[0]);
    line.erase(line.find('=') + 1, 2);  // one space behind '='
    for (std::size_t i = 1; i < widths.size(); ++i) append_padded(line, rows[number][i], widths[i]);
    text.append(line, 0, line.find_last_not_of(' ') + 1) += '\n';
  }
  for (const auto& [name, value] : step.scalars)
    text += fmt::format("  {} {} ({})\n", printable(name), value, hex_float(value));
  return text;
}

}  // namespace tessera::runs
