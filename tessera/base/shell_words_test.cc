#include "tessera/base/shell_words.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace tessera {
namespace {

// What a shell makes of the line: the words, each with a line end.
std::string read_back(const std::string& line) {
  std::FILE* shell = popen(("printf '%s\\n' " + line).c_str(), "r");
  std::string text;
  std::array<char, 256> block{};
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), shell))
    text.append(block.data(), got);
  pclose(shell);
  return text;
}

TEST(ShellWords, AShellReadsThemBack) {
  const std::vector<std::string> words = {"a b", "",   "$(id)", "`id`",  "it's",  "x;id",    "a&b",
                                          "*",   "~",  "#",     "\\",    "naïve", "!x",      "a|b",
                                          "<x",  "\"", "(",     "{a,b}", "''",    "--name=x"};
  std::string expected;
  for (const std::string& word : words) expected += word + "\n";
  EXPECT_EQ(read_back(shell_words(words)), expected);
}

TEST(ShellWords, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_words({"./train", "--lr=0.1", "a:b,c+d"}), "./train --lr=0.1 a:b,c+d");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(";"), "';'");
}

TEST(ShellWords, ShowsControlCharacters) {
  EXPECT_EQ(shell_word("a\x1b[2Jb\n"), "'a\\x1b[2Jb\\x0a'");
}

}  // namespace
}  // namespace tessera
