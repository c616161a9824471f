// IDX and NPY files: what they hold, what they must not hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/data/idx.h"
#include "tessera/data/npy.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Arrays : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

std::string idx_message(const std::string& bytes) {
  return message_of([&] { parse_idx(bytes, "t.idx"); });
}

template <std::size_t size>
std::string bytes(const char (&text)[size]) {
  return std::string(text, size - 1);
}

TEST_F(Arrays, IdxReadsEveryType) {
  EXPECT_THAT(parse_idx(bytes("\0\0\x08\x01\0\0\0\x02\x01\xff"), "t").to_vector<std::uint8_t>(),
              ElementsAre(1, 255));
  EXPECT_THAT(parse_idx(bytes("\0\0\x09\x01\0\0\0\x02\x01\xff"), "t").to_vector<std::int64_t>(),
              ElementsAre(1, -1));
  EXPECT_THAT(parse_idx(bytes("\0\0\x0B\x01\0\0\0\x01\xff\xfe"), "t").to_vector<std::int64_t>(),
              ElementsAre(-2));
  EXPECT_THAT(parse_idx(bytes("\0\0\x0C\x01\0\0\0\x01\0\1\0\0"), "t").to_vector<std::int64_t>(),
              ElementsAre(65536));
  EXPECT_THAT(parse_idx(bytes("\0\0\x0D\x01\0\0\0\x01\x3f\x80\0\0"), "t").to_vector<float>(),
              ElementsAre(1.0f));
  EXPECT_THAT(parse_idx(bytes("\0\0\x0E\x01\0\0\0\x01\xbf\xf0\0\0\0\0\0\0"), "t").to_vector<double>(),
              ElementsAre(-1.0));
}

TEST_F(Arrays, IdxErrorsNameWhatWasFound) {
  EXPECT_EQ(idx_message("ab"), "t.idx: the file has 2 bytes, expected an IDX header of at least 4");
  EXPECT_EQ(idx_message("PK\x08\x01"),
            "t.idx: the file begins with bytes 0x50 0x4b, expected 0x00 0x00 (an IDX file)");
  EXPECT_THAT(idx_message(bytes("\0\0\x0A\x01\0\0\0\x01\0")), HasSubstr("the type) is 0x0a, expected"));
  EXPECT_THAT(idx_message(bytes("\0\0\x08\x09\0\0\0\x01\0")),
              HasSubstr("the number of axes) is 9, expected 1 to 8"));
  EXPECT_EQ(idx_message(bytes("\0\0\x08\x02\0\0\0\x01")),
            "t.idx: the file has 8 bytes, expected a header of 12 for 2 axes");
  EXPECT_EQ(idx_message(bytes("\0\0\x08\x01\0\0\0\x02"
                              "abc")),
            "t.idx: the file has 3 bytes after its header, expected 2 for the shape [2]");
  EXPECT_THAT(idx_message(bytes("\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff"
                                "a")),
              HasSubstr("too few for the shape"));
}

// Written by NumPy 2.4: np.save of arange(6, dtype='<f4').reshape(2, 3), C and Fortran order.
std::string numpy_file(const std::string& header, const std::string& data) {
  std::string out = bytes("\x93NUMPY\x01\x00\x76\x00");
  out += header;
  out += std::string(117 - header.size(), ' ') + "\n";
  return out + data;
}
std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * 4};
}

TEST_F(Arrays, NpyReadsBothOrders) {
  const std::string c =
      numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", floats({0, 1, 2, 3, 4, 5}));
  const std::string f =
      numpy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", floats({0, 3, 1, 4, 2, 5}));
  EXPECT_THAT(parse_npy(c, "c.npy").to_vector<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(same_bits(parse_npy(c, "c.npy"), parse_npy(f, "f.npy")));
  EXPECT_TRUE(parse_npy(f, "f.npy").contiguous());
  EXPECT_EQ(npy_bytes(parse_npy(c, "c.npy")), c);  // byte for byte what NumPy writes
}

TEST_F(Arrays, NpyReadsVersions2And3AndScalars) {
  const std::string dictionary = "{'descr': '<i8', 'fortran_order': False, 'shape': ()}\n";
  for (const char version : {'\x02', '\x03'}) {
    std::string file =
        bytes("\x93NUMPY") + version + bytes("\0") + static_cast<char>(dictionary.size()) + bytes("\0\0\0");
    file += dictionary + bytes("\x2a\0\0\0\0\0\0\0");
    EXPECT_EQ(parse_npy(file, "t.npy").item<std::int64_t>(), 42);
  }
}

TEST_F(Arrays, NpyWritesWhatItReads) {
  TestFolder folder;
  for (const Tensor& tensor :
       {Tensor::from<double>({1.5, -0.0, 3}, {3}), Tensor::from<std::uint8_t>({1, 2}, {2, 1}),
        Tensor::from<std::int64_t>({-1}, {}), Tensor::from<bool>({true, false}, {1, 2}),
        Tensor::from<float>({}, {0, 4})}) {
    write_npy(folder / "t.npy", tensor);
    EXPECT_TRUE(same_bits(read_npy(folder / "t.npy"), tensor));
    EXPECT_EQ(npy_bytes(tensor).find('\n') % 64, 63u);
  }
}

TEST_F(Arrays, NpyErrorsNameWhatWasFound) {
  const auto message = [](const std::string& header, const std::string& data) {
    return message_of([&] { parse_npy(numpy_file(header, data), "t.npy"); });
  };
  EXPECT_EQ(message_of([] { parse_npy("abc", "t.npy"); }),
            "t.npy: the file does not begin with '\\x93NUMPY', expected an NPY file");
  EXPECT_EQ(message_of([] { parse_npy(bytes("\x93NUMPY\x09\0\0\0"), "t.npy"); }),
            "t.npy: the file has NPY version 9, expected 1, 2 or 3");
  EXPECT_THAT(message_of([] { parse_npy(bytes("\x93NUMPY\x01\0\xff\xff"), "t.npy"); }),
              HasSubstr("expected a header of 65545"));
  EXPECT_THAT(message("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "abcd"),
              HasSubstr("the elements are '>f4', expected '<f4'"));
  EXPECT_THAT(message("{'descr': '<f4', 'fortran_order': False}", "abcd"), HasSubstr("lacks one of"));
  EXPECT_THAT(message("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "abcd"),
              HasSubstr("has 4 bytes after its header, which does not fit the shape [2] of float32"));
  EXPECT_THAT(message("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", "abcd"),
              HasSubstr("expected True or False"));
  EXPECT_THAT(message("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"),
              HasSubstr("records"));
  EXPECT_THAT(message("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", bytes("\1\2")),
              HasSubstr("element 1 is the byte 2, expected 0 or 1"));
  EXPECT_THAT(
      message("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}",
              "abcd"),
      HasSubstr("does not fit"));
}

// A cut at every length must end in a sentence.
TEST_F(Arrays, EveryTruncationIsRefused) {
  const std::string npy = npy_bytes(Tensor::from<float>({1, 2}, {2}));
  const std::string idx = bytes(
      "\0\0\x08\x02\0\0\0\x01\0\0\0\x02"
      "ab");
  for (std::size_t length = 0; length < npy.size(); ++length)
    EXPECT_THROW(parse_npy(npy.substr(0, length), "t"), Error) << length;
  for (std::size_t length = 0; length < idx.size(); ++length)
    EXPECT_THROW(parse_idx(idx.substr(0, length), "t"), Error) << length;
}

TEST_F(Arrays, ReadsFashionMnist) {
  const char* folder = std::getenv("TESSERA_DATA");
  if (!folder) GTEST_SKIP() << "TESSERA_DATA is not set";
  const Tensor labels = read_idx(std::string(folder) + "/images/fashion-mnist/train-labels-idx1-ubyte.gz");
  ASSERT_EQ(labels.shape(), (Shape{60000}));
  EXPECT_EQ(labels.at<std::uint8_t>({0}), 9);  // an ankle boot, says the data set's page
}

}  // namespace
}  // namespace tessera::data
