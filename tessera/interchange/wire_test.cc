#include "tessera/interchange/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tessera/base/error.h"

namespace tessera::interchange {
namespace {

std::string refusal(std::string_view bytes) {
  try {
    WireReader reader(bytes, "file");
    while (reader.next()) {
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// The examples of https://protobuf.dev/programming-guides/encoding/.
TEST(Wire, ExamplesOfTheSpecification) {
  WireWriter writer;
  writer.integer(1, 150);
  EXPECT_EQ(writer.bytes(), "\x08\x96\x01");
  WireWriter text;
  text.text(2, "testing");
  EXPECT_EQ(text.bytes(), "\x12\x07testing");
  WireWriter packed;
  packed.packed(6, std::vector<std::int64_t>{3, 270, 86942});
  EXPECT_EQ(packed.bytes(), "\x32\x06\x03\x8e\x02\x9e\xa7\x05");
  WireWriter negative;
  negative.integer(1, -2);
  EXPECT_EQ(negative.bytes(), "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  WireReader reader(negative.bytes(), "file");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.integer(), -2);
}

TEST(Wire, RepeatedNumbersPackedOrNot) {
  const std::string bytes("\x08\x05\x0a\x02\x03\x04\x08\x06", 8);
  std::vector<std::int64_t> values;
  WireReader reader(bytes, "file");
  while (reader.next()) reader.append_to(values);
  EXPECT_EQ(values, (std::vector<std::int64_t>{5, 3, 4, 6}));
}

TEST(Wire, ReadsWhatItWrites) {
  WireWriter inner, writer;
  inner.real32(1, -0.5F);
  inner.real64(2, 1e300);
  writer.message(536870911, inner);  // the highest number of a field
  WireReader reader(writer.bytes(), "file");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 536870911U);
  WireReader nested = reader.message();
  ASSERT_TRUE(nested.next());
  EXPECT_EQ(nested.real32(), -0.5F);
  ASSERT_TRUE(nested.next());
  EXPECT_EQ(nested.real64(), 1e300);
  EXPECT_FALSE(nested.next() || reader.next());
}

TEST(Wire, DamagedBytesAreRefusedWithTheirPlace) {
  using testing::HasSubstr;
  EXPECT_THAT(refusal("\x08\x96"), HasSubstr("file: byte 0: a number is cut short"));
  EXPECT_THAT(refusal(std::string(1, '\x08') + std::string(11, '\x80')), HasSubstr("more than ten bytes"));
  EXPECT_THAT(refusal("\x12\x07test"), HasSubstr("field 2 has a length of 7, but 4 bytes are left"));
  EXPECT_THAT(refusal("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
              HasSubstr("has a length of 18446744073709551615"));
  EXPECT_THAT(refusal("\x0d\x01\x02"), HasSubstr("cut short"));
  EXPECT_THAT(refusal("\x0b"), HasSubstr("type 3"));  // a group
  EXPECT_THAT(refusal(std::string(1, '\0')), HasSubstr("a wrong number"));
}

TEST(Wire, AFieldOfAnotherTypeIsRefused) {
  WireWriter writer;
  writer.integer(4, 1);
  WireReader reader(writer.bytes(), "file");
  ASSERT_TRUE(reader.next());
  EXPECT_THROW(reader.text(), Error);
  EXPECT_THROW(reader.real32(), Error);
  EXPECT_THROW(reader.message(), Error);
}

TEST(Wire, NestingHasAnEnd) {
  WireWriter message;
  for (int i = 0; i < 100; ++i) {
    WireWriter outer;
    outer.message(1, message);
    message = outer;
  }
  std::function<void(WireReader)> descend = [&](WireReader reader) {
    while (reader.next()) descend(reader.message());
  };
  EXPECT_THROW(descend(WireReader(message.bytes(), "file")), Error);
}

}  // namespace
}  // namespace tessera::interchange
