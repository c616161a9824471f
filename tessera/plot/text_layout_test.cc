#include "tessera/plot/text_layout.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace tessera::plot {
namespace {

using testing::ElementsAre;

TEST(TextLayout, WidthsAreThoseOfArial) {
  EXPECT_NEAR(text_width("0", 1000), 556 * 1.04, 1e-9);
  EXPECT_NEAR(text_width("Wi", 1000), (944 + 222) * 1.04, 1e-9);
  EXPECT_EQ(text_width("", 15), 0);
  EXPECT_GT(text_width("漢字", 10), 20);
}

TEST(TextLayout, WrapsAtSpaces) {
  EXPECT_THAT(wrap("one two three", 10, 45, 3), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("short", 10, 100, 3), ElementsAre("short"));
  EXPECT_THAT(wrap("one two three fourth", 10, 45, 2), ElementsAre("one two", "three f…"));
}

RC_GTEST_PROP(TextLayout, WhatIsShortenedFitsAndIsWholeCharacters, ()) {
  std::string text;
  for (const int letter : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8)))
    text +=
        std::vector<std::string>{"a", "W", " ", "é", "漢", "😀", "i", "…"}[static_cast<std::size_t>(letter)];
  const double width = *rc::gen::inRange(20, 200);
  const std::string shown = shorten(text, 15, width);
  RC_ASSERT(text_width(shown, 15) <= width);
  if (shown != text) {
    RC_ASSERT(shown.ends_with("…"));
    RC_ASSERT(text.starts_with(shown.substr(0, shown.size() - std::string("…").size())));
  }
}

}  // namespace
}  // namespace tessera::plot
