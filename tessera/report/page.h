// The frame of a page that stands alone: it loads nothing, runs no script and follows the reader's light or dark setting.
//
// The same parts give the same bytes. Thread-safety: pure functions.
//
// ```cpp
// const std::vector<report::Section> sections = {{"first", "First part", report::element("p", "a < b")}};
// const std::string page = report::page_html({.title = "Example", .links = report::links_html(sections),
//                                             .content = report::sections_html(sections, 2)});
// assert(page.starts_with("<!DOCTYPE html>") && page.find("<p>a &lt; b</p>") != std::string::npos);
// assert(report::safe_file_name("../up") == "_._up");
// ```
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/report/html.h"

namespace tessera::report {

struct Section {
  std::string id, title;
  Html content;
};
// A link per section, and the sections with headings of this level.
Html links_html(const std::vector<Section>& sections);
Html sections_html(const std::vector<Section>& sections, int level);

struct Page {
  std::string title;
  Html head = {};  // below the title
  Html links = {};
  Html content;
  Html footer = {};
  std::string_view style = {};  // more of a style sheet: a literal of the program
};
std::string page_html(const Page& page);

// A name for a file that is made of a run's: letters, digits, '_', and '.' and '-' but for the first.
std::string safe_file_name(const std::string& name);

}  // namespace tessera::report
