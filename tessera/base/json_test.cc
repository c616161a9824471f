#include "tessera/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"

namespace tessera {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string parse_message(std::string_view text) {
  try {
    parse_canonical_json(text, "a.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

TEST(HexFloat, WellKnownValues) {  // as Python's float.hex writes them, without trailing zeros
  EXPECT_EQ(hex_float(0.0), "0x0p+0");
  EXPECT_EQ(hex_float(-0.0), "-0x0p+0");
  EXPECT_EQ(hex_float(1.0), "0x1p+0");
  EXPECT_EQ(hex_float(-2.5), "-0x1.4p+1");
  EXPECT_EQ(hex_float(0.1), "0x1.999999999999ap-4");
  EXPECT_EQ(hex_float(std::numeric_limits<double>::max()), "0x1.fffffffffffffp+1023");
  EXPECT_EQ(hex_float(std::numeric_limits<double>::min()), "0x1p-1022");
  EXPECT_EQ(hex_float(std::numeric_limits<double>::denorm_min()), "0x1p-1074");
  EXPECT_EQ(hex_float(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(hex_float(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(hex_float(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(hex_float(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(HexFloat, EveryBitComesBack) {
  std::uint64_t bits = 0x0123456789ABCDEF;
  for (int i = 0; i < 200000; ++i) {
    bits = bits * 6364136223846793005U + 1442695040888963407U;
    // A third ordinary, a third subnormal, a third with few digits.
    std::uint64_t pattern = bits ^ (bits >> 29);
    if (i % 3 == 1) pattern &= 0x800FFFFFFFFFFFFF;
    if (i % 3 == 2) pattern &= 0xFFFFF00000000000;
    const auto value = std::bit_cast<double>(pattern);
    if (std::isnan(value)) continue;
    const std::string text = hex_float(value);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(hex_float_value(text)), pattern) << text;
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;  // the C library reads it, too
  }
  EXPECT_TRUE(std::isnan(hex_float_value("nan")));
  EXPECT_EQ(hex_float_value("-inf"), -std::numeric_limits<double>::infinity());
}

TEST(HexFloat, OtherSpellingsAreRefused) {
  for (const char* text : {"",
                           "1",
                           "0x",
                           "0x1",
                           "0x1p",
                           "0x1p+",
                           "0x1p0",
                           "0x1.p+0",
                           "0x1.0p+0",
                           "0x2p+0",
                           "0x1p+1024",
                           "0x1p-1075",
                           "0x1.8p-1074",
                           "0X1p+0",
                           "+0x1p+0",
                           "0x1.Ap+0",
                           "0x1p+00",
                           " 0x1p+0",
                           "0x1p+0 ",
                           "-nan",
                           "NaN",
                           "+inf",
                           "--0x1p+0",
                           "0x1.00000000000001p+0",
                           "0x1p+99999999999",
                           "-"})
    EXPECT_THROW(hex_float_value(text), Error) << text;
}

TEST(CanonicalJson, OneValueOneText) {
  const json value = {{"b", 1}, {"a", {1, -2, "x\n\"y\""}}, {"\xc3\xa4", true}, {"B", nullptr}};
  EXPECT_EQ(canonical_json(value), R"({"B":null,"a":[1,-2,"x\n\"y\""],"b":1,")"
                                   "\xc3\xa4"
                                   R"(":true})");
  EXPECT_EQ(parse_canonical_json(canonical_json(value), "x"), value);
  EXPECT_EQ(canonical_json(std::uint64_t{18446744073709551615U}), "18446744073709551615");
}

TEST(CanonicalJson, RefusesWhatHasNoCanonicalText) {
  EXPECT_THROW(canonical_json(json{{"a", {1, 2.5}}}), Error);
  EXPECT_THROW(canonical_json(json{{"a", "\xff"}}), Error);
}

TEST(CanonicalJson, ParserSaysWhereAndWhat) {
  EXPECT_THAT(parse_message("{\"a\":1"),
              HasSubstr("a.json: not a JSON text: parse error at line 1, column 7"));
  EXPECT_THAT(parse_message("{\"a\": 1}"), HasSubstr("a.json: not in canonical form from byte 5"));
  EXPECT_THAT(parse_message("{\"b\":1,\"a\":1}"), HasSubstr("not in canonical form"));
  EXPECT_THAT(parse_message("{\"a\":1,\"a\":1}"), HasSubstr("a.json: the key 'a' appears twice"));
  EXPECT_THAT(parse_message("{\"a\":1.5}"),
              HasSubstr("a.json: a canonical JSON text holds real numbers as hex"));
  EXPECT_THAT(parse_message("[1e400]"), HasSubstr("a.json: not a JSON text"));
  EXPECT_THAT(parse_message(""), HasSubstr("a.json: not a JSON text"));
  EXPECT_THAT(parse_message(std::string(100000, '[')), HasSubstr("nested more than 64 levels deep"));
  EXPECT_EQ(parse_message("{\"a\":1}"), "(no error)");
}

// A file may hold escape sequences; a message about it is shown on a terminal.
TEST(Json, MessagesEscapeWhatTheyQuote) {
  const auto raw = [](const std::string& text) {
    try {
      parse_json(text, "f");
    } catch (const Error& error) {
      const std::string message = error.what();
      return std::any_of(message.begin(), message.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte >= 0x7f;
      });
    }
    return true;
  };
  EXPECT_FALSE(raw("{\"a\": \x7f}"));
  EXPECT_FALSE(raw("[\xff\xfe]"));
  EXPECT_FALSE(raw("[\"\xff\"]"));
  EXPECT_FALSE(raw("\x1b[2J"));
  EXPECT_FALSE(raw("{\"\\u001b[2J\":1,\"\\u001b[2J\":2}"));
  EXPECT_THROW(hex_float_value("\x1b"), Error);
}

}  // namespace
}  // namespace tessera
