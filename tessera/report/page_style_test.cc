// The colours are read from the style sheet itself and judged by the contrast of WCAG 2.1.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tessera/report/page_parts.h"

namespace tessera::report {
namespace {

// The relative luminance of a variable, for light (0) or dark (1).
double luminance(const std::string& name, int theme) {
  const std::string sheet(page_style_sheet());
  std::size_t at = sheet.find(fmt::format("--{}:#", name));
  if (theme == 1) at = sheet.find(fmt::format("--{}:#", name), at + 1);
  EXPECT_NE(at, std::string::npos) << name;
  std::string text = sheet.substr(sheet.find('#', at) + 1, 6);
  text = text.substr(0, text.find_first_not_of("0123456789abcdef"));
  if (text.size() == 3) text = {text[0], text[0], text[1], text[1], text[2], text[2]};
  EXPECT_EQ(text.size(), 6u) << name;
  const auto channel = [&](std::size_t i) {
    const double value = std::stoi(text.substr(i, 2), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4);
}

double contrast(const char* a, const char* b, int theme) {
  const double x = luminance(a, theme), y = luminance(b, theme);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(PageStyle, TextsCanBeRead) {
  for (const int theme : {0, 1}) {
    for (const char* ink : {"ink", "quiet", "link"})
      EXPECT_GE(contrast(ink, "surface", theme), 4.5) << ink << " in theme " << theme;
    for (const char* ink : {"good", "open", "bad"})
      EXPECT_GE(contrast(ink, "raised", theme), 4.5) << ink << " in theme " << theme;
  }
  EXPECT_GT(luminance("surface", 0), luminance("ink", 0));
  EXPECT_LT(luminance("surface", 1), luminance("ink", 1));
}

TEST(PageStyle, LoadsNothing) {
  for (const char* word : {"url(", "@import", "@font-face", "http"})
    EXPECT_EQ(page_style_sheet().find(word), std::string_view::npos) << word;
}

}  // namespace
}  // namespace tessera::report
