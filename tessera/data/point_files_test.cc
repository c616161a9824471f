// OFF, PCD and XYZ files: what they hold, what they must not hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>

#include "tessera/backends/backends.h"
#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"
#include "tessera/data/mesh.h"
#include "tessera/data/npy.h"
#include "tessera/data/point_cloud.h"
#include "tessera/tensor/ops.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PointFiles : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
};

std::string off_message(const std::string& text) {
  return message_of([&] { parse_off(text, "t.off"); });
}
std::string pcd_message(const std::string& text) {
  return message_of([&] { parse_pcd(text, "t.pcd"); });
}

std::string data_file(const std::string& name) {
  const char* folder = std::getenv("TESSERA_DATA");
  return folder == nullptr ? "" : std::string(folder) + "/pointclouds/" + name;
}

constexpr const char* kTetrahedron =
    "0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
    "3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n";

// The three ways in which files begin, comments, blank lines, Windows' line ends: the same mesh.
TEST_F(PointFiles, OffHeadersOfAllKinds) {
  const Mesh plain = parse_off(std::string("OFF\n4 4 6\n") + kTetrahedron, "a.off");
  EXPECT_EQ(plain.vertices.shape(), (Shape{4, 3}));
  EXPECT_THAT(slice(plain.triangles, {Range(1)}).to_vector<std::int64_t>(), ElementsAre(0, 1, 3));
  for (const std::string header :
       {"OFF4 4 6\n", "OFF 4 4 6\r\n", "# made by hand\nOFF # the word\n\n4 4\n", "OFF\r\n4 4 6\r\n"}) {
    const Mesh other = parse_off(header + kTetrahedron, "b.off");
    EXPECT_TRUE(same_bits(other.vertices, plain.vertices) && same_bits(other.triangles, plain.triangles))
        << header;
  }
}

TEST_F(PointFiles, OffFacesBecomeFansAndColoursAreLeftOut) {
  const Mesh mesh = parse_off(
      "COFF\n5 2 0\n0 0 0 255 0 0\n1 0 0 0 0 0\n1 1 0 1 1 1\n0 1 0 1 1 1\n-1 .5 1e0 1 1 1\n"
      "5 0 1 2 3 4 0.5 0.5 0.5\n3 4 3 2\n",
      "c.off");
  EXPECT_THAT(mesh.triangles.to_vector<std::int64_t>(), ElementsAre(0, 1, 2, 0, 2, 3, 0, 3, 4, 4, 3, 2));
  EXPECT_EQ(mesh.vertices.at<double>({4, 1}), 0.5);
}

TEST_F(PointFiles, OffErrorsNameTheLine) {
  EXPECT_EQ(off_message(""), "t.off: the file is empty, expected 'OFF' (a mesh)");
  EXPECT_EQ(off_message("ply\n"), "t.off:1: found 'ply', expected 'OFF' (a mesh)");
  EXPECT_EQ(off_message("OFF BINARY\n"), "t.off:1: the mesh is binary, expected OFF as text");
  EXPECT_EQ(off_message("OFF\nfour 4 6\n"),
            "t.off:2: the number of vertices is 'four', expected an integer of at least 0");
  EXPECT_EQ(off_message("OFF99999999999 1 0\n"),
            "t.off:1: the number of vertices is 99999999999, more than a file of 19 bytes can hold");
  EXPECT_EQ(off_message("OFF 1 0 0\n1 2\n"), "t.off:2: vertex 0 of 1 has 2 numbers, expected 3");
  EXPECT_EQ(off_message("OFF 1 0 0\n1 2 3 4\n"), "t.off:2: vertex 0 of 1 has 4 numbers, expected 3");
  EXPECT_EQ(off_message("OFF 1 0 0\n1 2 nan\n"),
            "t.off:2: vertex 0 of 1: found 'nan', expected a finite number");
  EXPECT_EQ(off_message("OFF 2 0 0\n1 2 3\n"), "t.off:2: the file ends, expected vertex 1 of 2");
  EXPECT_EQ(off_message("OFF 1 1 0\n1 2 3\n2 0 0\n"),
            "t.off:3: face 0 of 1 has '2' corners, expected an integer of at least 3");
  EXPECT_EQ(off_message("OFF 1 1 0\n1 2 3\n3 0 0\n"),
            "t.off:3: face 0 of 1 has 3 corners, but 2 numbers follow");
  EXPECT_EQ(off_message("OFF 1 1 0\n1 2 3\n\n3 0 0 1\n"),
            "t.off:4: face 0 of 1 names the vertex '1', expected an integer from 0 to 0");
  EXPECT_EQ(off_message("OFF 1 0 0\n1 2 3\nmore\n"),
            "t.off:3: the file goes on with 'more', expected its end after 0 faces");
}

std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) put_u32(bytes, std::bit_cast<std::uint32_t>(value));
  return bytes;
}
std::string header(const std::string& fields, const std::string& size, const std::string& type,
                   const std::string& points, const std::string& data) {
  return "# .PCD v0.7\nVERSION 0.7\nFIELDS " + fields + "\nSIZE " + size + "\nTYPE " + type +
         "\nCOUNT 1 1 1 1\nWIDTH " + points + "\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS " + points +
         "\nDATA " + data + "\n";
}

TEST_F(PointFiles, PcdReadsTextAndRecords) {
  const std::string text =
      header("x y z intensity", "4 4 4 4", "F F F F", "2", "ascii") + "1 2 3 0.5\n-1 nan 2.5e-1 7\n";
  const std::string records = header("x y z intensity", "4 4 4 4", "F F F F", "2", "binary") +
                              floats({1, 2, 3, 0.5F, -1, std::numeric_limits<float>::quiet_NaN(), 0.25F, 7});
  for (const std::string& file : {text, records}) {
    const PointCloud cloud = parse_pcd(file, "a.pcd");
    EXPECT_EQ(cloud.points.shape(), (Shape{2, 3}));
    EXPECT_EQ(cloud.points.at<float>({1, 2}), 0.25F);
    EXPECT_TRUE(std::isnan(cloud.points.at<float>({1, 1})));
    EXPECT_THAT(cloud.attributes.at("intensity").to_vector<double>(), ElementsAre(0.5, 7));
    EXPECT_THAT(finite_points(cloud.points).to_vector<float>(), ElementsAre(1, 2, 3));
  }
}

// Other widths, signs and orders of the fields.
TEST_F(PointFiles, PcdReadsEveryType) {
  std::string file = header("label z y x", "1 2 4 8", "I U I F", "1", "binary");
  file += std::string("\xfe\x01\x80", 3);
  put_u32(file, 0xffffffffU);
  put_u64(file, std::bit_cast<std::uint64_t>(1.5));
  const PointCloud cloud = parse_pcd(file, "b.pcd");
  EXPECT_THAT(cloud.points.to_vector<float>(), ElementsAre(1.5F, -1, 32769));
  EXPECT_EQ(cloud.attributes.at("label").item<double>(), -2);
}

TEST_F(PointFiles, PcdErrorsNameTheLine) {
  EXPECT_EQ(pcd_message(""),
            "t.pcd:0: the file ends within the header, expected a line 'DATA ascii' or 'DATA binary'");
  EXPECT_EQ(pcd_message("ply\n"),
            "t.pcd:1: found 'ply', expected a line of a PCD header (VERSION, FIELDS, SIZE, ..., DATA)");
  EXPECT_EQ(pcd_message("FIELDS x y z\nSIZE 4 4\n"),
            "t.pcd:2: SIZE has 2 values, expected one for each of the 3 FIELDS");
  EXPECT_EQ(pcd_message("FIELDS x y\nWIDTH 1\nDATA ascii\n"),
            "t.pcd:3: the header has no field z of one number");
  EXPECT_EQ(pcd_message("FIELDS x y z\nDATA ascii\n"), "t.pcd:2: the header has neither POINTS nor WIDTH");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 2\nPOINTS 3\nDATA ascii\n"),
            "t.pcd:4: POINTS is 3, but WIDTH times HEIGHT is 2");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 2\nDATA binary_compressed\n"),
            "t.pcd:3: the DATA are 'binary_compressed', expected ascii or binary (PCL's "
            "pcl_convert_pcd_ascii_binary "
            "unpacks them)");
  EXPECT_EQ(pcd_message("FIELDS x y z\nSIZE 4 4 2\nWIDTH 2\nDATA ascii\n"),
            "t.pcd:4: the field z has TYPE F and SIZE 2, expected F with 4 or 8, or I or U with 1, 2 or 4");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 1\nDATA ascii\n1 2\n"),
            "t.pcd:4: point 0 has 2 numbers, expected 3");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 2\nDATA ascii\n1 2 3\n"),
            "t.pcd:4: the file ends, expected point 1 of 2");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 1\nDATA ascii\n1 2 3\n4\n"),
            "t.pcd:5: the file goes on with '4', expected its end after 1 points");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 2000000000\nDATA binary\nabc"),
            "t.pcd: 3 bytes follow the header, expected 2000000000 points of 12 bytes");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 0\nDATA binary\nabc"),
            "t.pcd: 3 bytes follow the header, expected only 0 points of 12 bytes");
  EXPECT_EQ(pcd_message("FIELDS x y z\nWIDTH 1\nSIZE 8 8 8\nDATA ascii\n1e300 0 0\n"),
            "t.pcd: point 0: x is 1e+300, beyond float32");
}

TEST_F(PointFiles, XyzReadsColumnsAndNamesTheLine) {
  const PointCloud cloud = parse_xyz("# x y z grey\n1, 2, 3, 9\n\n4\t5 6 8\n", "a.xyz");
  EXPECT_THAT(cloud.points.to_vector<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(cloud.attributes.at("column_4").to_vector<double>(), ElementsAre(9, 8));
  const auto message = [](const std::string& text) { return message_of([&] { parse_xyz(text, "t.xyz"); }); };
  EXPECT_EQ(message("1 2\n"), "t.xyz:1: point 0 has 2 numbers, expected at least 3");
  EXPECT_EQ(message("1 2 3\n1 2 3 4\n"), "t.xyz:2: point 1 has 4 numbers, expected 3 as in the first line");
  EXPECT_EQ(message("1 2 inf\n"), "t.xyz:1: point 0: found 'inf', expected a finite number");
  EXPECT_EQ(message("1 2 1e39\n"), "t.xyz:1: point 0: a coordinate is 1e+39, beyond float32");
}

TEST_F(PointFiles, PointsByTheNameOfTheFile) {
  TestFolder folder;
  const Tensor points = Tensor::from<double>({1, 2, 3, 4, 5, 6}, {2, 1, 3});
  write_npy(folder / "p.npy", points);
  EXPECT_TRUE(same_bits(read_points(folder / "p.npy"), cast(points, DType::kFloat32)));
  write_npy(folder / "flat.npy", reshape(points, {6}));
  EXPECT_THAT(message_of([&] { read_points(folder / "flat.npy"); }),
              HasSubstr("float64 [6], expected points [..., 3]"));
  write_file_atomically(folder / "p.xyz", "7 8 9\n");
  EXPECT_THAT(read_points(folder / "p.xyz").to_vector<float>(), ElementsAre(7, 8, 9));
  EXPECT_THAT(message_of([&] { read_points(folder / "p.off"); }), HasSubstr("expected .pcd, .xyz"));
}

// A file that is cut anywhere ends in a sentence, or in fewer digits of its last number.
TEST_F(PointFiles, CutFilesAreRefused) {
  const std::string off = std::string("OFF\n4 4 6\n") + kTetrahedron;
  for (std::size_t length = 0; length + 2 < off.size(); ++length)
    EXPECT_THROW(parse_off(off.substr(0, length), "t"), Error) << length;
  const std::string pcd =
      header("x y z w", "4 4 4 4", "F F F F", "2", "binary") + floats({1, 2, 3, 4, 5, 6, 7, 8});
  for (std::size_t length = 0; length < pcd.size(); ++length)
    EXPECT_THROW(parse_pcd(pcd.substr(0, length), "t"), Error) << length;
}

// The same shape, written by the data set's author once as PCD and once as a row of an NPY file.
TEST_F(PointFiles, ModelNetPcdEqualsItsRowOfTheArray) {
  if (data_file("").empty()) GTEST_SKIP() << "TESSERA_DATA is not set";
  const PointCloud cloud = read_pcd(data_file("pcd_samples/bathtub_0001.pcd"));
  const Tensor all = read_points(data_file("modelnet10_train_points.npy.gz"));
  EXPECT_EQ(all.shape(), (Shape{2146, 1024, 3}));
  EXPECT_TRUE(same_bits(cloud.points, copy(slice(all, {Range(0)}))));
}

// Sums by awk over the lines of the file.
TEST_F(PointFiles, ModelNetOff) {
  if (data_file("").empty()) GTEST_SKIP() << "TESSERA_DATA is not set";
  const Mesh mesh = read_off(data_file("off_samples/bathtub_0002.off.gz"));
  EXPECT_EQ(mesh.vertices.shape(), (Shape{700, 3}));
  EXPECT_EQ(mesh.triangles.shape(), (Shape{664, 3}));
  EXPECT_NEAR(sum(mesh.vertices).item<double>(), 4175.796376, 1e-6);
  EXPECT_EQ(sum(mesh.triangles).item<std::int64_t>(), 680850);
}

}  // namespace
}  // namespace tessera::data
