#include "tessera/report/page.h"

#include <fmt/format.h>

#include "tessera/plot/draw.h"
#include "tessera/report/page_parts.h"

namespace tessera::report {
namespace {

// A page that loads nothing and runs nothing, whatever got into it.
constexpr std::string_view kPolicy =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
    "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n";

}  // namespace

Html links_html(const std::vector<Section>& sections) {
  Html items;
  for (const Section& section : sections)
    items +=
        element("li", element("a", section.title, fmt::format("href=\"#{}\"", section.id))) + markup("\n");
  return element("ul", items, "class=\"links\"") + markup("\n");
}

Html sections_html(const std::vector<Section>& sections, int level) {
  Html html;
  for (const Section& section : sections)
    html += element("section",
                    element(fmt::format("h{}", level), section.title,
                            fmt::format("id=\"{}-title\"", section.id)) +
                        markup("\n") + section.content,
                    fmt::format("id=\"{0}\" aria-labelledby=\"{0}-title\"", section.id)) +
            markup("\n");
  return html;
}

std::string page_html(const Page& page) {
  Html html = markup(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n");
  html += markup(kPolicy) + element("title", page.title + " – Tessera") + markup("\n<style>\n") +
          markup(plot::style_sheet()) + markup(page_style_sheet()) + markup(page.style) +
          markup("</style>\n</head>\n<body>\n");
  html += markup("<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n") +
          element("h1", page.title) + markup("\n") + page.head + markup("</header>\n") +
          element("nav", page.links, "aria-label=\"Parts of this page\"") +
          markup("\n<main id=\"content\">\n") + page.content + markup("</main>\n");
  html += element("footer", page.footer) + markup("\n</body>\n</html>\n");
  return html.string();
}

std::string safe_file_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || (!safe.empty() && (c == '.' || c == '-'));
    safe += good ? c : '_';
  }
  return safe.empty() ? "run" : safe;
}

}  // namespace tessera::report
