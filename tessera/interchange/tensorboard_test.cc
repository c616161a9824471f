#include "tessera/interchange/tensorboard.h"

#include <gtest/gtest.h>

#include <limits>

#include "tessera/base/files.h"
#include "tessera/interchange/crc32c.h"
#include "tessera/interchange/wire.h"

namespace tessera::interchange {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32c, PublishedValues) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AA);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43);
}

// What TensorBoard 2.21's own writer (its RecordWriter and event_pb2) gives for the same events.
constexpr const char* kWrittenByTensorBoard =
    "1800000000000000a37f4b2209000020b07b5fda411a0d627261696e2e4576656e743a3202585a392b00000000000000861b"
    "c34b09000020b07b5fda4110012a1e0a0f0a086163637572616379150000003f0a0b0a046c6f7373150000403f52ddd9831b"
    "000000000000001a0d9e1309000090b07b5fda4110ac022a0d0a0b0a046c6f7373150000807f186cf9e7";

std::string hexadecimal(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return text;
}

TEST(TensorBoard, TheBytesAreThoseOfItsOwnWriter) {
  const std::vector<ScalarEvent> events = {
      {.step = 1, .wall_time = 1769860800.5, .scalars = {{"loss", 0.75}, {"accuracy", 0.5}}},
      {.step = 300,
       .wall_time = 1769860802.25,
       .scalars = {{"loss", std::numeric_limits<double>::infinity()}}}};
  EXPECT_EQ(hexadecimal(tensorboard_events(events)), kWrittenByTensorBoard);
}

}  // namespace
}  // namespace tessera::interchange
