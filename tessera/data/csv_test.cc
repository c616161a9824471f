#include "tessera/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/data/numbers.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;

std::string message_of(std::string_view text, const CsvOptions& options = {}) {
  try {
    parse_csv(text, "t.csv", options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(CsvFile, OtherFilesAreNamed) {
  EXPECT_EQ(message_of("PK\x03\x04 and more"), "t.csv: is a ZIP archive or a workbook (XLSX), expected CSV");
  EXPECT_EQ(message_of("PAR1\x15\x04"), "t.csv: is a Parquet file, expected CSV");
  EXPECT_EQ(message_of("\xFD"
                       "7zXZ" +
                       std::string(1, '\0')),
            "t.csv: is a file packed with xz, expected CSV");
  EXPECT_EQ(message_of("\na,b\n1,2\n"), "t.csv:1: the line is empty, expected the names of the columns");
  EXPECT_EQ(parse_csv("PAR1,PK\n1,2\n", "t.csv").rows, 1);
}

TEST(Csv, ReadsNumbersAndTexts) {
  const Table table = parse_csv("a,b,c\n1,x,\n-2.5,y,3e2\n", "t.csv");
  ASSERT_EQ(table.rows, 2);
  EXPECT_THAT(table.column("a").numbers, ElementsAre(1, -2.5));
  EXPECT_THAT(table.column("b").texts, ElementsAre("x", "y"));
  EXPECT_TRUE(std::isnan(table.column("c").numbers[0]));
  EXPECT_EQ(table.column("c").missing, 1);
}

// The examples of RFC 4180, section 2.
TEST(Csv, FollowsRfc4180) {
  const Table table = parse_csv("\"a\",b\r\n\"aaa\",\"b \r\nbb\"\r\n\"x\"\"y\",\"1,5\"", "t.csv");
  EXPECT_THAT(table.column("a").texts, ElementsAre("aaa", "x\"y"));
  EXPECT_THAT(table.column("b").texts, ElementsAre("b \r\nbb", "1,5"));
}

TEST(Csv, SkipsByteOrderMarkAndEmptyLinesAtTheEnd) {
  const Table table = parse_csv(
      "\xEF\xBB\xBF"
      "a\n7\n\n\r\n",
      "t.csv");
  EXPECT_THAT(table.numbers("a"), ElementsAre(7));
}

TEST(Csv, ReadsAHugeField) {
  const std::string huge(3'000'000, 'x');
  EXPECT_EQ(parse_csv("a\n\"" + huge + "\"\n", "t.csv").column("a").texts[0].size(), huge.size());
}

TEST(Csv, ReadsWithoutHeaderAndWithAnotherSeparator) {
  const Table table = parse_csv("1;2\n3;4", "t.csv", {.separator = ';', .header = false});
  EXPECT_THAT(table.numbers("column_2"), ElementsAre(2, 4));
}

TEST(Csv, MissingAndTextKeepTheirLines) {
  const Table table = parse_csv("a,b\n\"1\n\",x\n2,\n", "t.csv");  // the first row takes two lines
  EXPECT_EQ(table.column("b").first_missing_line, 4);
  EXPECT_EQ(table.column("a").first_text_line, 2);
}

TEST(Csv, ErrorsNameThePlace) {
  EXPECT_EQ(message_of(""), "t.csv: the file is empty, expected a header in line 1");
  EXPECT_EQ(message_of("\n\n"), "t.csv: the file is empty, expected a header in line 1");
  EXPECT_EQ(message_of("a,b\n1,2\n3\n"), "t.csv:3: found 1 field, expected 2 as in line 1");
  EXPECT_EQ(message_of("a,b\n1,2,3\n"), "t.csv:2: found 3 fields, expected 2 as in line 1");
  EXPECT_EQ(message_of("a,b\n1,2\n\n3,4\n"), "t.csv:3: found an empty line, expected 2 fields");
  EXPECT_EQ(message_of("a,b\n1,\"2\n3,4\n"),
            "t.csv:2: column 2: found a quoted field without end, expected a closing '\"'");
  EXPECT_EQ(message_of("a,b\n\"1\"x,2\n"),
            "t.csv:2: column 1: found 'x' after a closing quote, expected ',' or the end of the line");
  EXPECT_EQ(message_of("a,b\r1,2\n"),
            "t.csv:1: column 2: found a carriage return without a line feed, expected lines that end with LF "
            "or CRLF");
  EXPECT_EQ(message_of("a,,c\n"), "t.csv:1: column 2 has an empty name, expected a name in the header");
  EXPECT_EQ(message_of("a,b,a\n"),
            "t.csv:1: column 3 is called 'a' as another one before it, expected different names");
}

TEST(Csv, NumbersRefusesTextAndMissingValues) {
  const Table table = parse_csv("length,b\n1,\nx1,3\n", "t.csv");
  try {
    table.numbers("length");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "t.csv:3: column 'length': found 'x1', expected a number");
  }
  try {
    table.numbers("b");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "t.csv:2: column 'b': found an empty field, expected a number");
  }
  try {
    table.numbers("lenght");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("there is no column 'lenght' (did you mean 'length'?)"));
  }
}

TEST(Numbers, DoNotDependOnTheLocale) {
  setlocale(LC_ALL, "de_DE.UTF-8");
  EXPECT_EQ(parse_real("1.5"), 1.5);
  EXPECT_EQ(parse_real("1,5"), std::nullopt);
  setlocale(LC_ALL, "C");
  EXPECT_EQ(parse_real("+-1"), std::nullopt);
  EXPECT_EQ(parse_real("0x10"), std::nullopt);
  EXPECT_EQ(parse_real("1e999"), std::nullopt);
  EXPECT_EQ(parse_integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

}  // namespace
}  // namespace tessera::data
