#include "tessera/data/odd_texts.h"

#include <gtest/gtest.h>

#include <vector>

namespace tessera::data {
namespace {

using Texts = std::vector<std::string>;

std::string notation(const Texts& texts) {
  const auto found = number_notation(texts);
  return found ? std::string(found->name) + ": " + found->example : "";
}

TEST(OddTexts, NumbersInAnotherNotation) {
  EXPECT_EQ(notation({"350", "1,200", "-12,345,678.50"}), "thousand separators: 1,200");
  EXPECT_EQ(notation({"12 345", "7"}), "thousand separators: 12 345");
  EXPECT_EQ(notation({"1'200"}), "thousand separators: 1'200");
  EXPECT_EQ(notation({"0,5", "12"}), "a decimal comma: 0,5");
  EXPECT_EQ(notation({"1,234", "0,5"}), "a decimal comma: 0,5");
  EXPECT_EQ(notation({"1.234,5", "-7,25"}), "a decimal comma: 1.234,5");
  EXPECT_EQ(notation({"5%", "12.5 %", "3"}), "a percent sign: 5%");
  EXPECT_EQ(notation({"$5", "-$1,200.50"}), "the sign of a currency: $5");
  EXPECT_EQ(notation({"5 \xE2\x82\xAC"}), "the sign of a currency: 5 \xE2\x82\xAC");
  EXPECT_EQ(notation({" 1,200", "40 "}), "thousand separators:  1,200");
}

TEST(OddTexts, NoNumbers) {
  for (const Texts& texts : {Texts{}, Texts{"1", "2"}, Texts{"1,2,3"}, Texts{"01.02.2024"},
                             Texts{"192.168.0.1"}, Texts{"2024-01-02"}, Texts{"1,200", "many"}, Texts{"0x1f"},
                             Texts{"%"}, Texts{"$"}, Texts{""}, Texts{","}, Texts{"1234,567,1"}})
    EXPECT_EQ(notation(texts), "") << (texts.empty() ? "" : texts[0]);
}

TEST(OddTexts, WordsThatAreAlike) {
  const Texts answers = {"TRUE", "True", "no"}, blanks = {"new york", "New  York"}, kinds = {"a", "b", "ab"};
  EXPECT_EQ(alike_texts(answers)->first, "TRUE");
  EXPECT_EQ(alike_texts(answers)->second, "True");
  EXPECT_TRUE(alike_texts(blanks));
  EXPECT_FALSE(alike_texts(kinds));
}

}  // namespace
}  // namespace tessera::data
