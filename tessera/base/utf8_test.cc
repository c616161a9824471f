#include "tessera/base/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace tessera {
namespace {

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    append_utf8(text, c);
    const Utf8Character found = utf8_character(text + "x");
    ASSERT_EQ(static_cast<std::uint32_t>(found.code_point), static_cast<std::uint32_t>(c));
    ASSERT_EQ(found.length, text.size());
    for (std::size_t cut = 1; cut < text.size(); ++cut)
      ASSERT_EQ(utf8_character(std::string_view(text).substr(0, cut)).length, 0U)
          << static_cast<std::uint32_t>(c);
  }
}

// Table 3-8 of the Unicode standard and RFC 3629, section 10: overlong forms, surrogates, beyond the last one.
TEST(Utf8, WhatIsNotWellFormedHasNoLength) {
  for (const char* bytes :
       {"\xc0\xaf", "\xe0\x9f\x80", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\x80", "\xbf", "\xff", "\xe2\x28\xa1", "\xc3"})
    EXPECT_EQ(utf8_character(bytes).length, 0U);
  EXPECT_EQ(utf8_character("").length, 0U);
}

}  // namespace
}  // namespace tessera
