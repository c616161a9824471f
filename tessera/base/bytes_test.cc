#include "tessera/base/bytes.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Bytes, LittleEndianWhateverTheMachine) {
  std::string bytes;
  put_u32(bytes, 0xFFFE0102U);
  put_u64(bytes, 0x8070605040302010U);
  EXPECT_EQ(bytes, std::string("\x02\x01\xfe\xff\x10\x20\x30\x40\x50\x60\x70\x80"));
  EXPECT_EQ(get_u32(bytes.data()), 0xFFFE0102U);
  EXPECT_EQ(get_u64(bytes.data() + 4), 0x8070605040302010U);
  EXPECT_EQ(get_u64(bytes.data() + 1), 0x50403020'10FFFE01U);  // not aligned
}

TEST(Bytes, TextAndSpansShareTheBytes) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(as_byte_span(text).size(), 3U);
  EXPECT_EQ(as_text(as_byte_span(text)), text);
}

}  // namespace
}  // namespace tessera
