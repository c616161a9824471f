#include "tessera/analysis/words.h"

#include <fmt/format.h>

#include <cmath>

#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/report/html.h"

namespace tessera::analysis {

std::string short_number(double value) {
  if (std::isnan(value)) return "-";
  const double size = std::fabs(value);
  const bool large = size >= 1e3 && size < 1e7;
  const std::string text = large ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
  return text == "-0" ? "0" : text;
}

std::string grouped(std::int64_t count) {
  return fmt::format("{}{}", count < 0 ? "-" : "",
                     grouped_number(static_cast<std::uint64_t>(count < 0 ? -count : count)));
}

std::string count_of(std::int64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", grouped(count), singular, count == 1 ? "" : "s");
}

std::string percent(double share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  if (share < 1 && share > 0.999) return "> 99.9 %";
  return fmt::format("{:.1f} %", share * 100);
}

std::string cut(std::string_view text, std::size_t most) {
  // A field may be megabytes: what is not shown is not looked at. A broken character at the end becomes \xNN, which is cut off below.
  return report::shortened(printable(text.substr(0, most * 4 + 8)), most);
}

std::string in_quotes(std::string_view text, std::size_t most) {
  return fmt::format("'{}'", cut(text, most));
}

std::string listed(const std::vector<std::string>& texts, std::size_t most) {
  std::string result;
  const std::size_t shown = texts.size() > most ? most : texts.size();
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) result.append(i + 1 == texts.size() ? " and " : ", ");
    result.append(texts[i]);
  }
  if (texts.size() > shown) result += fmt::format(" and {} more", texts.size() - shown);
  return result;
}

}  // namespace tessera::analysis
