#include "tessera/base/progress.h"

#include <gtest/gtest.h>

#include "tessera/base/folder_test.h"

namespace tessera {
namespace {

TEST(ProgressText, Numbers) {
  EXPECT_EQ(grouped_number(0), "0");
  EXPECT_EQ(grouped_number(999), "999");
  EXPECT_EQ(grouped_number(1000), "1,000");
  EXPECT_EQ(grouped_number(12345678), "12,345,678");
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(0.2), "1 s");
  EXPECT_EQ(duration_text(60), "1 min 0 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
  EXPECT_EQ(duration_text(1e300), "a long time");
}

TEST(ProgressText, Line) {
  EXPECT_EQ(progress_line("train", 0, 1200, 0, 0, "", 0), "train 0/1,200 (0 %)");
  EXPECT_EQ(progress_line("train", 600, 1200, 0, 3, "loss 0.5", 0),
            "train 600/1,200 (50 %), 200.0/s, 3 s left, loss 0.5");
  EXPECT_EQ(progress_line("train", 600, 1200, 500, 50, "", 0), "train 600/1,200 (50 %), 2/s, 5 min 0 s left");
  EXPECT_EQ(progress_line("train", 1200, 1200, 0, 6, "", 0), "train 1,200/1,200 (100 %), 200.0/s, took 6 s");
  EXPECT_EQ(progress_line("read", 50, 0, 0, 5, "", 0), "read 50, 10.0/s");
  EXPECT_EQ(progress_line("train", 600, 1200, 0, 3, "loss 0.5", 10), "train 600/");
}

std::string output_of(bool quiet, bool terminal) {
  TestFolder folder;
  std::FILE* out = std::fopen((folder / "out").c_str(), "w");
  {
    Progress progress("train", 3, 0,
                      {.quiet = quiet, .out = out, .terminal = terminal, .seconds_between_lines = 1000});
    for (std::uint64_t step = 1; step <= 3; ++step) progress.update(step, "loss 1");
    progress.message("a message");
    progress.finish();
    progress.finish();
  }
  std::fclose(out);
  return read_file(folder / "out");
}

TEST(Progress, QuietSaysNothing) {
  EXPECT_EQ(output_of(true, true), "");
}

TEST(Progress, WithoutATerminalPlainLines) {
  const std::string text = output_of(false, false);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.rfind("a message\ntrain 3/3 (100 %)", 0), 0U) << text;
  EXPECT_EQ(text.back(), '\n');
}

TEST(Progress, OnATerminalOneLineIsRewritten) {
  const std::string text = output_of(false, true);
  EXPECT_EQ(text.rfind("\rtrain 1/3 (33 %)", 0), 0U) << text;
  EXPECT_NE(text.find("\r\x1b[Ka message\n\rtrain 3/3 (100 %)"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace tessera
