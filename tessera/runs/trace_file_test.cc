#include "tessera/runs/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/record.h"
#include "tessera/tensor/ops.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

std::string root_of(const Tensor& x) {
  return to_hex(leaves_of(x).root);
}

// Computed with Python's hashlib from RFC 6962.
TEST(MerkleTree, RootsAreThoseOfAnIndependentComputation) {
  EXPECT_EQ(root_of(arange(5, DType::kFloat32)),
            "17f5acce5371b8b08645ea3ecfbe2df50e2578bdf4b0c99ab04ba6aa89336b00");
  EXPECT_EQ(root_of(arange(5000, DType::kFloat32)),
            "94b8e71bb70a881ea7d075d5fc5232e846180349d630073f4a1db1aaa500e1dd");
  EXPECT_EQ(root_of(arange(3000)), "9c8d131aad4b8c693f63c4f0d115112523d0f7af7d0d8a57e49ba020ff641d7a");
  EXPECT_EQ(root_of(zeros({0})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(MerkleTree, StridesAndPayloadsOfNanDoNotMatter) {
  const Tensor x = arange(6000, DType::kFloat32).reshape({60, 100});
  EXPECT_EQ(root_of(x.transpose()), root_of(contiguous(x.transpose())));
  EXPECT_NE(root_of(x.transpose()), root_of(x));
  const std::uint32_t quiet[] = {0x7fc00000u, 1}, payload[] = {0xffc12345u, 1};
  EXPECT_EQ(root_of(Tensor::from_bytes(std::as_bytes(std::span(quiet)), DType::kFloat32, {2})),
            root_of(Tensor::from_bytes(std::as_bytes(std::span(payload)), DType::kFloat32, {2})));
}

TraceEvent event_of(const Tensor& x, const std::string& name) {
  TraceEvent event;
  event.name = name;
  event.dtype = x.dtype();
  event.shape = x.shape();
  TensorLeaves leaves = leaves_of(x);
  event.root = leaves.root;
  if (leaves.leaves.size() > 1) event.leaves = std::move(leaves.leaves);
  return event;
}

class TraceFile : public testing::Test {
 protected:
  void write() {
    TraceWriter writer(trace, {.claim = std::string(64, 'a'),
                               .name = "run",
                               .contract = "0",
                               .from = 3,
                               .to = 4,
                               .values = true,
                               .environment = {{"threads", "2"}}});
    for (const std::uint64_t number : {3, 4}) {
      TraceStep step{.step = number, .events = {}, .scalars = {{"loss", 0.5}}};
      step.events.push_back(event_of(x, "model.w"));
      step.events[0].kind = TraceEventKind::kState;
      step.events.push_back(event_of(y, "exp"));
      step.events[1].inputs = {0};
      step.events[1].scope = "layer 0";
      step.events[1].where = "loop.cc:7";
      step.events[1].attributes = "axis 1";
      writer.add(step, std::vector<Tensor>{x, y});
    }
    writer.close();
  }
  void replace(const std::string& from, const std::string& to) {
    const std::string path = trace + "/trace.jsonl";
    std::string text = read_file(path);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_file_atomically(path, text.replace(at, from.size(), to));
  }
  std::string refusal() {
    try {
      TraceReader reader(trace);
      while (reader.next()) {
      }
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TestFolder folder;
  std::string trace = folder.path() + "/a.trace";
  Tensor x = arange(5000, DType::kFloat32), y = exp(arange(10, DType::kFloat32));
};

TEST_F(TraceFile, WhatIsWrittenIsRead) {
  write();
  TraceReader reader(trace);
  EXPECT_EQ(reader.header().environment.at("threads"), "2");
  const std::optional<TraceStep> step = reader.next();
  ASSERT_TRUE(step);
  EXPECT_EQ(step->step, 3u);
  EXPECT_EQ(step->scalars.at("loss"), 0.5);
  ASSERT_EQ(step->events.size(), 2u);
  EXPECT_EQ(step->events[0].kind, TraceEventKind::kState);
  EXPECT_EQ(step->events[0].leaves.size(), 5u);
  EXPECT_EQ(step->events[1].inputs, std::vector<std::uint32_t>{0});
  EXPECT_EQ(step->events[1].attributes, "axis 1");
  const std::optional<Tensor> values = reader.values(3, 1, step->events[1]);
  ASSERT_TRUE(values);
  EXPECT_TRUE(same_bits(*values, y));
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST_F(TraceFile, NothingIsLeftOfATraceThatWasNotClosed) {
  {
    const TraceWriter writer(
        trace, {.claim = std::string(64, 'a'), .name = "run", .contract = "0", .environment = {}});
  }
  EXPECT_TRUE(names_in_folder(folder.path()).empty());
}

TEST_F(TraceFile, AnExistingFolderIsRefused) {
  write();
  EXPECT_THROW(write(), Error);
}

TEST_F(TraceFile, EveryChangeIsRefused) {
  const std::pair<std::string, std::string> changes[] = {
      {"loop.cc:7", "loop.cc:8"},  // no digest in its line: the closing line knows
      {"\"step\":4", "\"step\":5"},
      {"\"events\":2", "\"events\":3"},
      {"\"inputs\":[0]", "\"inputs\":[1]"},
      {"[5000]", "[4000]"},
      {"\"leaf\":1024", "\"leaf\":512"},
      {"\"steps\":2", "\"steps\":3"},
      {"tessera/trace/1", "tessera/trace/2"},
  };
  for (const auto& [from, to] : changes) {
    remove_folder(trace);
    write();
    EXPECT_EQ(refusal(), "");
    replace(from, to);
    EXPECT_THAT(refusal(), HasSubstr("trace.jsonl:")) << from;
  }
}

TEST_F(TraceFile, EveryCutIsRefused) {
  write();
  const std::string path = trace + "/trace.jsonl", text = read_file(path);
  for (std::size_t length = 0; length < text.size(); length += 97) {
    write_file_atomically(path, text.substr(0, length));
    EXPECT_NE(refusal(), "") << length;
  }
}

TEST_F(TraceFile, ChangedValuesAreRefused) {
  write();
  const std::string path = trace + "/values-000003.safetensors";
  std::string bytes = read_file(path);
  bytes[bytes.size() - 2] ^= 1;
  write_file_atomically(path, bytes);
  TraceReader reader(trace);
  const auto step = reader.next();
  int refused = 0;
  for (std::uint32_t i = 0; i < 2; ++i) try {
      (void)reader.values(3, i, step->events[i]);
    } catch (const Error&) {
      ++refused;
    }
  EXPECT_EQ(refused, 1);
}

// A writer that was killed cannot remove its temporary; the next one for the same trace does, if that writer is gone.
TEST(TraceWriter, LeftoversOfKilledWritersAreRemoved) {
  const TestFolder folder;
  constexpr int kNobody = 999999999;  // above the largest number that Linux gives
  make_folders(folder / fmt::format(".t.trace.tmp-{}", kNobody));
  make_folders(folder / ".t.trace.tmp-1");  // that process lives
  make_folders(folder / fmt::format(".other.trace.tmp-{}", kNobody));
  {
    const TraceWriter writer(folder / "t.trace",
                             {.claim = std::string(64, '0'), .name = "t", .contract = "0"});
  }
  EXPECT_THAT(names_in_folder(folder.path()),
              testing::UnorderedElementsAre(".t.trace.tmp-1", fmt::format(".other.trace.tmp-{}", kNobody)));
}

}  // namespace
}  // namespace tessera::runs
