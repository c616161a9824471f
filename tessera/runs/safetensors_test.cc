#include "tessera/runs/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

std::string file_of(const std::string& header, const std::string& data = "") {
  std::string bytes;
  put_u64(bytes, header.size());
  return bytes + header + data;
}

std::string message_of(const std::string& bytes) {
  try {
    parse_safetensors(bytes, "w.safetensors");
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

std::vector<NamedTensor> examples() {
  return {{"b", Tensor::from<bool>({true, false, true}, {3})},
          {"u", Tensor::from<std::uint8_t>({0, 255}, {2, 1})},
          {"f", Tensor::from<float>({1, -0.0F, std::numeric_limits<float>::denorm_min()}, {1, 3})},
          {"d", Tensor::from<double>({0.1, -std::numeric_limits<double>::infinity()}, {2})},
          {"i", Tensor::from<std::int64_t>({-1}, {})},
          {"empty", Tensor::from<float>(std::vector<float>{}, {0, 4})}};
}

// The layout in the format's own description, byte by byte.
TEST(Safetensors, TheBytesAreTheFormats) {
  const std::string bytes = write_safetensors({{"a", Tensor::from<std::uint8_t>({7, 8}, {2})}});
  const std::string header = R"({"a":{"data_offsets":[0,2],"dtype":"U8","shape":[2]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(bytes, file_of(padded, "\x07\x08"));
  EXPECT_EQ(write_safetensors({}), file_of("{}      "));
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const SafetensorsFile file = parse_safetensors(write_safetensors(examples(), {{"made by", "a test"}}), "x");
  EXPECT_EQ(file.metadata.at("made by"), "a test");
  ASSERT_EQ(file.tensors.size(), 6U);
  for (const NamedTensor& expected : examples()) {
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&](const NamedTensor& named) { return named.name == expected.name; });
    ASSERT_NE(found, file.tensors.end()) << expected.name;
    EXPECT_TRUE(same_bits(found->tensor, expected.tensor)) << expected.name;
  }
}

TEST(Safetensors, SameTensorsSameBytes) {
  std::vector<NamedTensor> reversed = examples();
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(write_safetensors(reversed), write_safetensors(examples()));

  const Tensor whole = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor same = Tensor::from<float>({1, 4, 2, 5, 3, 6}, {3, 2});
  EXPECT_EQ(write_safetensors({{"x", whole.transpose()}}), write_safetensors({{"x", same}}));

  const float other_nan = -std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(write_safetensors({{"x", Tensor::from<float>({other_nan}, {1})}}),
            write_safetensors({{"x", Tensor::from<float>({std::nanf("3")}, {1})}}));
}

TEST(Safetensors, EveryTensorIsAligned) {
  const std::string bytes = write_safetensors(examples());
  const std::uint64_t header = get_u64(bytes.data());
  EXPECT_EQ(header % 8, 0U);
  // Wider types first: d, i (8 bytes), empty, f (4 bytes), b, u (1 byte).
  EXPECT_EQ(bytes.size(), 8 + header + 16 + 8 + 0 + 12 + 3 + 2);
  EXPECT_EQ(get_u64(bytes.data() + 8 + header + 16), ~std::uint64_t{0});
}

TEST(Safetensors, WriterRefusesBadNames) {
  const Tensor x = Tensor::scalar<float>(1);
  EXPECT_THROW(write_safetensors({{"x", x}, {"x", x}}), Error);
  EXPECT_THROW(write_safetensors({{"__metadata__", x}}), Error);
  EXPECT_THROW(write_safetensors({{"\xff", x}}), Error);
}

TEST(Safetensors, MalformedHeadersAreNamed) {
  const auto one = [](const std::string& entry, std::size_t data = 4) {
    return message_of(file_of("{\"x\":" + entry + "}", std::string(data, '\0')));
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "(no error)");
  EXPECT_THAT(message_of("1234567"), HasSubstr("w.safetensors: not a safetensors file: 7 bytes"));
  EXPECT_THAT(message_of(std::string(8, '\xff')),
              HasSubstr("a header of 18446744073709551615 bytes in a file of 8"));
  EXPECT_THAT(message_of(file_of("[]")), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(message_of(file_of("{\"x\":")), HasSubstr("w.safetensors, header: not a JSON text"));
  EXPECT_THAT(one("3"), HasSubstr("tensor 'x': expected an object, found number"));
  EXPECT_THAT(one(R"({"shape":[1],"data_offsets":[0,4]})"), HasSubstr("tensor 'x': 'dtype' is missing"));
  EXPECT_THAT(one(R"({"dtype":"F32","data_offsets":[0,4]})"), HasSubstr("'shape' is missing"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1]})"), HasSubstr("'data_offsets' is missing"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"y":1})"), HasSubstr("found 4 fields"));
  EXPECT_THAT(one(R"({"dtype":"F16","shape":[2],"data_offsets":[0,4]})"),
              HasSubstr("the type 'F16' is not one of"));
  EXPECT_THAT(one(R"({"dtype":32,"shape":[1],"data_offsets":[0,4]})"), HasSubstr("'dtype' is to be a text"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})"), HasSubstr("'shape' is to be a list"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), HasSubstr("found [-1]"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,4]})"), HasSubstr("natural numbers"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})"),
              HasSubstr("9 axes"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]})"),
              HasSubstr("too large"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"),
              HasSubstr("needs 8 bytes, data_offsets give 4"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"),
              HasSubstr("[4, 0] are outside the 4 bytes"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})"), HasSubstr("outside the 4 bytes"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"), HasSubstr("two natural numbers"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,-4]})"), HasSubstr("two natural numbers"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})", 5),
              HasSubstr("1 bytes of data belong to no tensor"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[1,5]})", 5),
              HasSubstr("begin at byte 1, expected 0"));
  EXPECT_THAT(one(R"({"dtype":"BOOL","shape":[4],"data_offsets":[0,4]})"), "(no error)");
}

TEST(Safetensors, OverlapsDuplicatesAndBadBoolsAreNamed) {
  const std::string entry = R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  EXPECT_THAT(message_of(file_of("{\"x\":" + entry + ",\"y\":" + entry + "}", "ab")),
              HasSubstr("overlap another tensor's"));
  EXPECT_THAT(message_of(file_of("{\"x\":" + entry + ",\"x\":" + entry + "}", "ab")),
              HasSubstr("the key 'x' appears twice"));
  EXPECT_THAT(message_of(file_of(R"({"x":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "\x01\x02")),
              HasSubstr("tensor 'x': element 1 is to be 0 or 1, found 2"));
  EXPECT_THAT(message_of(file_of(R"({"__metadata__":{"a":1}})")), HasSubstr("'a' is to be a text"));
  EXPECT_THAT(message_of(file_of(R"({"__metadata__":[]})")), HasSubstr("__metadata__ is to be an object"));
}

// Cut at every length and with every byte changed: an error with a sentence or another value, never a crash.
TEST(Safetensors, DamageNeverCrashes) {
  const std::string bytes = write_safetensors(examples(), {{"k", "v"}});
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THAT(message_of(bytes.substr(0, length)), HasSubstr("w.safetensors"));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int bit : {0, 3, 7}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      EXPECT_FALSE(message_of(damaged).empty());
    }
}

TEST(Safetensors, Files) {
  TestFolder folder;
  save_safetensors(folder / "w.safetensors", examples());
  EXPECT_EQ(load_safetensors(folder / "w.safetensors").tensors.size(), 6U);
  EXPECT_THROW(load_safetensors(folder / "none"), Error);
}

}  // namespace
}  // namespace tessera::runs
