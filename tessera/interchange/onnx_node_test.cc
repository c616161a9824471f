// ONNX's own backend tests (TESSERA_DATA/onnx/*_pb.tar.gz, the original files): each is a model with inputs and the outputs that ONNX, or
// PyTorch, stored. Printed by operator: passed, failed, unsupported. No supported operator may fail, and what is unsupported of one is listed here
// with its reason.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/interchange/onnx_model.h"
#include "tessera/tensor/ops.h"

namespace tessera::onnx {
namespace {

using Files = std::map<std::string, std::string>;

// The regular files of a tar archive (POSIX ustar): a header of 512 bytes, then the bytes in blocks of 512.
Files read_tar(const std::string& path) {
  const std::string bytes = read_file_maybe_gzip(path);
  Files files;
  for (std::size_t at = 0; at + 512 <= bytes.size() && bytes[at] != '\0';) {
    const std::string name = bytes.substr(at, 100).c_str();
    const std::size_t size = std::stoul(bytes.substr(at + 124, 12), nullptr, 8);
    if (bytes[at + 156] == '0' || bytes[at + 156] == '\0') files[name] = bytes.substr(at + 512, size);
    at += 512 + (size + 511) / 512 * 512;
  }
  return files;
}

struct Count {
  int passed = 0, failed = 0, unsupported = 0;
};

// "" if they agree; ONNX's own tolerance is 1e-3, Tessera's are to be closer.
std::string difference(const Tensor& found, const Tensor& expected) {
  if (found.dtype() != expected.dtype() || found.shape() != expected.shape())
    return fmt::format("found {} {}, expected {} {}", dtype_name(found.dtype()), found.shape().to_string(),
                       dtype_name(expected.dtype()), expected.shape().to_string());
  if (!is_floating(found.dtype())) return same_bits(found, expected) ? "" : "the integers differ";
  const auto a = cast(found, DType::kFloat64).to_vector<double>(),
             b = cast(expected, DType::kFloat64).to_vector<double>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    if (!(std::fabs(a[i] - b[i]) <= 1e-6 + 1e-5 * std::fabs(b[i])))
      return fmt::format("element {}: found {}, expected {}", i, a[i], b[i]);
  }
  return "";
}

// Why a case of a supported operator is unsupported.
const std::map<std::string, std::string>& refused() {
  static const std::map<std::string, std::string> table = {
      {"test_equal_string", "text is no element type of Tessera"},
      {"test_training_dropout", "ONNX's generator of random numbers"},
      {"test_training_dropout_default", "ONNX's generator of random numbers"},
  };
  return table;
}

struct Case {
  std::string name;
  const Files& files;
  std::string path(const std::string& file) const { return name + "/" + file; }
  bool has(const std::string& file) const { return files.contains(path(file)); }
  const std::string& bytes(const std::string& file) const { return files.at(path(file)); }
};

// "" when the outputs agree; throws UnsupportedOperator.
std::string run_case(const Case& test, const Model& model) {
  Model::Values inputs;
  const auto& declared = model.file().graph.inputs;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const std::string file = fmt::format("test_data_set_0/input_{}.pb", i);
    if (!test.has(file)) continue;
    const TensorEntry entry = parse_tensor(test.bytes(file), test.path(file));
    if (!entry.tensor.defined())
      throw UnsupportedOperator("an input of " + element_type_name(entry.element_type));
    inputs[declared[i].name] = entry.tensor;
  }
  const Model::Values outputs = model.run(inputs);
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    const std::string file = fmt::format("test_data_set_0/output_{}.pb", i);
    const TensorEntry expected = parse_tensor(test.bytes(file), test.path(file));
    const std::string found = difference(outputs.at(model.outputs()[i].name), expected.tensor);
    if (!found.empty()) return fmt::format("output {}: {}", i, found);
  }
  return "";
}

void check_case(const Case& test, std::map<std::string, Count>& counts) {
  const Model model(parse_model(test.bytes("model.onnx"), test.name), test.name);
  std::map<std::string, int> operators;
  for (const Node& node : model.file().graph.nodes) ++operators[node.op_type];
  const auto count = [&](int Count::*kind) {
    for (const auto& [name, times] : operators) ++(counts[name].*kind);
  };
  const std::string short_name = test.name.substr(test.name.rfind('/') + 1);
  try {
    const std::string found = run_case(test, model);
    EXPECT_EQ(found, "") << test.name;
    count(found.empty() ? &Count::passed : &Count::failed);
  } catch (const UnsupportedOperator& error) {
    count(&Count::unsupported);
    EXPECT_TRUE(!model.unsupported().empty() || refused().contains(short_name))
        << test.name << ": " << error.what();
  } catch (const Error& error) {
    count(&Count::failed);
    ADD_FAILURE() << test.name << ": " << error.what();
  }
}

void check_archive(const std::string& file, int least_passed) {
  const char* data = std::getenv("TESSERA_DATA");
  if (data == nullptr || *data == '\0') GTEST_SKIP() << "TESSERA_DATA is not set";
  const Files files = read_tar(std::string(data) + "/onnx/" + file);
  std::map<std::string, Count> counts;
  int models = 0;
  for (const auto& [path, bytes] : files)
    if (path.ends_with("/model.onnx")) {
      check_case({path.substr(0, path.rfind('/')), files}, counts);
      ++models;
    }
  Count all;
  std::printf("%-28s passed failed unsupported\n", file.c_str());
  for (const auto& [name, count] : counts) {
    std::printf("%-28s %6d %6d %11d\n", name.c_str(), count.passed, count.failed, count.unsupported);
    all.passed += count.passed;
    all.failed += count.failed;
    all.unsupported += count.unsupported;
  }
  std::printf("%-28s %6d %6d %11d (of %d models)\n", "operators in all", all.passed, all.failed,
              all.unsupported, models);
  EXPECT_EQ(all.failed, 0);
  EXPECT_GE(all.passed, least_passed);
}

class OnnxBackendTests : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Backends, OnnxBackendTests, testing::Values("reference", "cpu"));

TEST_P(OnnxBackendTests, Nodes) {
  use_backend(GetParam());
  check_archive("node_pb.tar.gz", 401);
}

TEST_P(OnnxBackendTests, PyTorch) {
  use_backend(GetParam());
  check_archive("pytorch_pb.tar.gz", 82);
}

}  // namespace
}  // namespace tessera::onnx
