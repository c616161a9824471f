#include "tessera/data/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/zip.h"
#include "tessera/tensor/tensor.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

#include "tessera/data/npz_facts_test.inc"

template <std::size_t N>
std::string_view bytes_of(const char (&text)[N]) {
  return {text, N - 1};
}

TEST(Npz, ReadsWhatNumpyWrites) {
  use_default_backend();
  for (const std::string_view bytes : {bytes_of(kStored), bytes_of(kDeflated)}) {
    const auto arrays = parse_npz(bytes, "x.npz");
    ASSERT_EQ(arrays.size(), 2U);
    EXPECT_EQ(arrays.at("x").shape(), (Shape{2, 3}));
    EXPECT_THAT(arrays.at("x").to_vector<double>(), ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_EQ(arrays.at("flag").to_vector<bool>(), (std::vector<bool>{true, false}));
    EXPECT_EQ(parse_npz(npz_bytes(arrays), "again.npz").at("x").to_vector<double>(),
              arrays.at("x").to_vector<double>());
  }
}

std::string message_of(std::string_view bytes) {
  try {
    parse_npz(bytes, "x.npz");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Npz, DamageIsASentenceOrFound) {
  use_default_backend();
  const std::string good(bytes_of(kDeflated));
  EXPECT_THAT(message_of(""), HasSubstr("x.npz: the file has 0 bytes, expected a ZIP archive"));
  EXPECT_THAT(message_of(good.substr(0, 300)), HasSubstr("no end record of a ZIP archive"));
  EXPECT_THAT(message_of(zip_bytes({{"a.txt", "x"}})),
              HasSubstr("has an entry 'a.txt', expected only NPY files"));
  EXPECT_THAT(message_of(zip_bytes({{"a.npy", "x"}})),
              HasSubstr("x.npz: a.npy: the file does not begin with"));
  EXPECT_THAT(message_of(zip_bytes({{"a.npy", ""}, {"a.npy", ""}})), HasSubstr("two entries 'a.npy'"));
  // Each byte changed: an error, or the same arrays (a date, an attribute, the comment's place).
  const auto expected = parse_npz(good, "x.npz").at("x").to_vector<double>();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 0x41);
    try {
      for (const auto& [name, array] : parse_npz(changed, "x.npz"))
        if (name == "x") {
          EXPECT_EQ(array.to_vector<double>(), expected) << "byte " << i;
        }
    } catch (const Error&) {  // as it should be
    }
  }
}

TEST(Npz, AnArchiveThatClaimsToBeHugeIsRefused) {
  std::string bytes(bytes_of(kDeflated));
  // The unpacked size of the first entry of the directory, which stands at the end record's offset + 24.
  const std::size_t end = bytes.rfind("PK\x05\x06");
  const auto directory =
      static_cast<unsigned char>(bytes[end + 16]) + 256U * static_cast<unsigned char>(bytes[end + 17]);
  bytes[directory + 27] = '\x70';
  EXPECT_THAT(message_of(bytes), HasSubstr("which cannot be"));
}

TEST(Npz, VectorsAndMatricesMakeATable) {
  use_default_backend();
  const Table table = npz_table(parse_npz(bytes_of(kStored), "x.npz"), "x.npz");
  EXPECT_THAT(table.names(), ElementsAre("flag", "x_1", "x_2", "x_3"));
  EXPECT_THAT(table.numbers("x_2"), ElementsAre(1, 4));
  EXPECT_THAT(table.numbers("flag"), ElementsAre(1, 0));
  EXPECT_THROW(
      npz_table({{"a", Tensor::from<double>({1, 2}, {2})}, {"b", Tensor::from<double>({1}, {1})}}, "x"),
      Error);
}

}  // namespace
}  // namespace tessera::data
