#include "tessera/runs/verifications.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/runs/check.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/runs/record.h"
#include "tessera/runs/timing.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

Verification example() {
  Verification line = verification_now("tessera 9.9.9", {{"threads", "3"}, {"backend", "reference"}});
  line.message = "identical: 20 steps, 5 tensors";
  line.steps = 20;
  line.part = "whole";
  return line;
}

TEST(Verifications, OneValueOneText) {
  Verification line;
  line.when = "2026-01-31T12:00:00Z";
  line.message = "step 7, scalar 'loss': \xff";  // not UTF-8
  line.status = 1;
  line.steps = 7;
  line.part = "whole";
  line.program = "tessera 0.1.0";
  line.environment = {{"threads", "2"}};
  const std::string text = verification_text(line);
  EXPECT_EQ(
      text,
      "{\"environment\":{\"threads\":\"2\"},\"message\":\"step 7, scalar 'loss': \xEF\xBF\xBD\","
      "\"part\":\"whole\",\"program\":\"tessera 0.1.0\",\"program_digest\":\"\",\"status\":1,\"steps\":7,"
      "\"when\":\"2026-01-31T12:00:00Z\"}\n");
  EXPECT_EQ(verification_text(parse_verification(text, "v")), text);
  EXPECT_THROW(parse_verification(text.substr(0, text.size() - 1), "v"), Error);  // no newline
  EXPECT_THROW(parse_verification(" " + text, "v"), Error);
  EXPECT_THROW(parse_verification("{\"status\":0}\n", "v"), Error);
  EXPECT_THROW(parse_verification("", "v"), Error);
}

TEST(Verifications, StandBesideTheSeal) {
  const TestFolder store;
  record_fake_run(store.path(), "a");
  const std::string folder = store / "a";
  const CheckResult before = check_record(folder);
  ASSERT_TRUE(before.intact());
  EXPECT_TRUE(append_verification(folder, example()));
  EXPECT_TRUE(append_verification(folder, example()));
  const CheckResult after = check_record(folder);
  EXPECT_TRUE(after.intact());
  EXPECT_EQ(after.seal, before.seal);
  EXPECT_EQ(after.notes, before.notes);  // the file is known
  const VerificationHistory history = read_verifications(folder);
  ASSERT_EQ(history.verifications.size(), 2u);
  EXPECT_EQ(history.unreadable, 0u);
  EXPECT_EQ(history.verifications[1].message, "identical: 20 steps, 5 tensors");
  EXPECT_EQ(history.verifications[1].environment.at("backend"), "reference");
  EXPECT_EQ(history.verifications[1].environment.at("threads"), "3");  // the caller's, not this process's
  EXPECT_EQ(history.verifications[1].environment.count("processor"), 1u);
  EXPECT_EQ(history.verifications[1].program_digest.size(), 64u);
}

TEST(Verifications, PassOverWhatCannotBeRead) {
  const TestFolder folder;
  const std::string path = record_path(folder.path(), kVerificationsFile);
  EXPECT_TRUE(read_verifications(folder.path()).verifications.empty());
  write_file_atomically(path, "no json\n" + verification_text(example()) + "{\"torn\":");
  EXPECT_TRUE(append_verification(folder.path(), example()));  // on a line of its own
  const VerificationHistory history = read_verifications(folder.path());
  EXPECT_EQ(history.verifications.size(), 2u);
  EXPECT_EQ(history.unreadable, 2u);
}

TEST(Verifications, AreWrittenOnlyIntoTheRunsOwnFile) {
  const TestFolder folder;
  const std::string path = record_path(folder.path(), kVerificationsFile), other = folder / "other.txt";
  write_file_atomically(other, "mine");
  std::filesystem::create_symlink(other, path);
  EXPECT_FALSE(append_verification(folder.path(), example()));
  std::filesystem::remove(path);
  std::filesystem::create_hard_link(other, path);
  EXPECT_FALSE(append_verification(folder.path(), example()));
  std::filesystem::remove(path);
  make_folders(path);
  EXPECT_FALSE(append_verification(folder.path(), example()));
  EXPECT_EQ(read_verifications(folder.path()).unreadable, 1u);
  EXPECT_EQ(read_file(other), "mine");
  EXPECT_FALSE(append_verification(folder / "no-such-run", example()));
}

TEST(Timing, LinesAndTheTimeOfAllSessions) {
  const std::string text = timing_line_text({2, 150, 900});
  EXPECT_EQ(text, "{\"microseconds\":900,\"session\":2,\"step\":150}\n");
  EXPECT_EQ(parse_timing_line(text, "t").microseconds, 900u);
  EXPECT_THROW(parse_timing_line("{\"microseconds\":900,\"session\":2}\n", "t"), Error);
  EXPECT_THROW(parse_timing_line("{\"microseconds\":900, \"session\":2,\"step\":150}\n", "t"), Error);
  // The second session goes back to step 100 and is shorter than the first.
  EXPECT_EQ(working_time({{1, 50, 1500}, {1, 120, 2900}, {2, 150, 900}}), 3800u);
  EXPECT_EQ(working_time({}), 0u);
}

TEST(Timing, OfARun) {
  const TestFolder store;
  EXPECT_TRUE(read_timing(store.path()).empty());
  record_fake_run(store.path(), "a");
  const std::vector<TimingLine> lines = read_timing(store / "a");
  ASSERT_GE(lines.size(), 5u);  // digests every 4 of 20 steps
  EXPECT_EQ(lines.front().step, 4u);
  EXPECT_EQ(lines.back().step, 20u);
  EXPECT_EQ(working_time(lines), lines.back().microseconds);
  const std::string path = record_path(store / "a", kTimingFile);
  write_file_atomically(path, read_file(path) + "{\"torn");
  EXPECT_EQ(read_timing(store / "a").size(), lines.size());
  write_file_atomically(path, "nonsense\n");
  try {
    read_timing(store / "a");
    ADD_FAILURE() << "nonsense was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("timing.jsonl:1"));
  }
}

}  // namespace
}  // namespace tessera::runs
