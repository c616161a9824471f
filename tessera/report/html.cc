#include "tessera/report/html.h"

#include <fmt/format.h>

#include <cmath>

#include "tessera/base/progress.h"
#include "tessera/plot/canvas.h"

namespace tessera::report {

Html markup(std::string_view literal) {
  return Html(std::string(literal));
}

// As in a picture, and the other quote, too.
Html text(std::string_view text) {
  std::string escaped;
  for (const char c : plot::escape(text)) c == '\'' ? escaped.append("&#39;") : escaped.append(1, c);
  return Html(std::move(escaped));
}

Html element(std::string_view tag, const Html& content, std::string_view attributes) {
  return markup(fmt::format("<{}{}{}>", tag, attributes.empty() ? "" : " ", attributes)) + content +
         markup(fmt::format("</{}>", tag));
}

Html element(std::string_view tag, std::string_view plain_text, std::string_view attributes) {
  return element(tag, text(plain_text), attributes);
}

Html code(std::string_view plain_text) {
  return element("code", plain_text);
}

Html details(std::string_view summary, const Html& content) {
  return element("details", element("summary", summary) + content) + markup("\n");
}

Html table_html(const Table& table) {
  Html head, body;
  for (const TableColumn& column : table.columns)
    head += element("th", column.title, column.number ? "scope=\"col\" class=\"number\"" : "scope=\"col\"");
  for (const std::vector<Html>& row : table.rows) {
    Html cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool number = i < table.columns.size() && table.columns[i].number;
      if (i == 0)
        cells += element("th", row[i], "scope=\"row\"");
      else
        cells += element("td", row[i], number ? "class=\"number\"" : "");
    }
    body += element("tr", cells) + markup("\n");
  }
  const Html whole = element("caption", table.caption) + element("thead", element("tr", head)) +
                     markup("\n") + element("tbody", body);
  // Wider than the window it scrolls by itself, with the keyboard too.
  return markup("<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"") + text(table.caption) +
         markup("\">") + element("table", whole) + markup("</div>\n");
}

std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0, cut = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;  // inside of a character
    if (++characters == most) cut = i;
    if (characters > most) return std::string(text.substr(0, cut)) + "…";
  }
  return std::string(text);
}

std::string count_text(std::uint64_t count, std::string_view singular, std::string_view plural) {
  const std::string word = count == 1       ? std::string(singular)
                           : plural.empty() ? fmt::format("{}s", singular)
                                            : std::string(plural);
  return fmt::format("{} {}", grouped_number(count), word);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return value > 0 ? "infinite" : "-infinite";
  return fmt::format("{:.4g}", value);
}

std::string percent_text(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

std::string duration_text(std::uint64_t microseconds) {
  if (microseconds < 60'000'000) return fmt::format("{:.1f} s", static_cast<double>(microseconds) / 1e6);
  const std::uint64_t seconds = microseconds / 1'000'000, minutes = seconds / 60;
  if (minutes < 60) return fmt::format("{} min {} s", minutes, seconds % 60);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace tessera::report
