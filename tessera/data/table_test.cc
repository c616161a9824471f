#include "tessera/data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/data/csv.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Table parse(std::string_view text, const CsvOptions& options = {}) {
  return parse_csv(text, "t.csv", options);
}

TEST(Table, CategoriesAreSortedAndMissingOnesHaveNone) {
  Table table = parse("size,kind\n10,b\n9,\n10,a\n,b\n");
  make_category(table, "kind");
  make_category(table, "size");  // of numbers: sorted as numbers
  const Column& kind = table.column("kind");
  EXPECT_THAT(kind.categories, ElementsAre("a", "b"));
  EXPECT_THAT(kind.codes, ElementsAre(1, -1, 0, 1));
  EXPECT_EQ(kind.missing, 1);
  EXPECT_EQ(kind.first_missing_line, 3);
  EXPECT_THAT(table.column("size").categories, ElementsAre("9", "10"));
  EXPECT_THAT(table.column("size").codes, ElementsAre(1, 0, 1, -1));
  EXPECT_EQ(kind.text(0), "b");
  EXPECT_EQ(kind.text(1), "");
}

TEST(Table, GivenCategoriesRefuseOthers) {
  Table table = parse("kind\nb\nc\n");
  EXPECT_EQ(message_of([&] {
              make_category(table, "kind", {"a", "b"});
            }),
            "t.csv:3: column 'kind': found the label 'c', expected one of the 2 classes 'a' to 'b'");
  make_category(table, "kind", {"c", "b"});
  EXPECT_THAT(table.column("kind").codes, ElementsAre(1, 0));
}

TEST(Table, AWrittenNanIsAValueAndAnEmptyFieldIsMissing) {
  const Table table = parse("x\nnan\n\"\"\n3\n");
  const Column& x = table.column("x");
  EXPECT_TRUE(std::isnan(x.numbers[0]) && !x.is_missing(0));
  EXPECT_TRUE(std::isnan(x.numbers[1]) && x.is_missing(1));
  EXPECT_FALSE(x.is_missing(2));
  EXPECT_THAT(x.absent, ElementsAre(0, 1, 0));
}

TEST(Table, RowsAndColumnsAreTaken) {
  Table table = parse("a,b\n1,x\n,\n3,y\n");
  make_category(table, "b");
  const std::vector<std::int64_t> positions = {2, 1, 1};
  const Table part = take_rows(take_columns(table, {"b", "a"}), positions);
  EXPECT_THAT(part.names(), ElementsAre("b", "a"));
  EXPECT_THAT(part.lines, ElementsAre(4, 3, 3));
  EXPECT_THAT(part.column("b").codes, ElementsAre(1, -1, -1));
  EXPECT_EQ(part.column("a").missing, 2);
  EXPECT_TRUE(part.column("a").is_missing(2));
  const std::vector<std::int64_t> whole = {0, 2};
  EXPECT_THAT(take_rows(table, whole).numbers("a"), ElementsAre(1, 3));  // the missing one was left behind
  const std::vector<std::int64_t> outside = {3};
  EXPECT_EQ(message_of([&] { take_rows(table, outside); }),
            "t.csv: row 3 was asked for, expected one in [0, 3)");
}

TEST(Table, ArraysAndTablesTurnIntoEachOther) {
  use_default_backend();
  const Tensor matrix = Tensor::from<double>({1, 2, 3, 4, 5, 6}, {3, 2});
  const Table table = table_of(matrix, {"a", "b"});
  EXPECT_THAT(table.numbers("b"), ElementsAre(2, 4, 6));
  EXPECT_EQ(to_tensor(table).to_vector<double>(), matrix.to_vector<double>());
  EXPECT_EQ(to_tensor(table, {"b"}).shape(), (Shape{3, 1}));
  EXPECT_THAT(message_of([&] { to_tensor(parse("a,b\n1,x\n")); }),
              HasSubstr("column 'b' holds texts, expected numbers; encode it first"));
}

TEST(Table, TheDigestIsOfTheContents) {
  const std::string text = "a,b\n1,x\n,y\n";
  EXPECT_EQ(digest(parse(text)), digest(parse_csv("a,b\n1.0,\"x\"\n\"\",y", "elsewhere.csv")));
  EXPECT_NE(digest(parse(text)), digest(parse("a,c\n1,x\n,y\n")));
  EXPECT_NE(digest(parse(text)), digest(parse("a,b\n1,x\n0,y\n")));
  EXPECT_NE(digest(parse(text)),
            digest(parse("a,b\n1,x\nnan,y\n")));  // missing and not a number are two things
  Table table = parse(text);
  make_category(table, "b");
  EXPECT_NE(digest(parse(text)), digest(table));
  // By hand, so that the digest can be computed elsewhere: sha256 of the length-prefixed items named in table.cc.
  EXPECT_EQ(digest(parse("a\n1\n")), "9a48a8bb339ac5c1cba509d7ba1b4872f8edac5a9b65639be34b3ac2594e6b77");
}

TEST(Table, CsvTextReadsBackTheSame) {
  Table table = parse("a,\"b,c\"\n0.1,\"x \"\"y\"\"\"\n,\n1e300,\"two\nlines\"\ninf,-\n");
  EXPECT_EQ(digest(parse(csv_text(table))), digest(table));
  const Table one = parse("a\nx\n\"\"\n\"\"\n");
  EXPECT_EQ(digest(parse(csv_text(one))), digest(one));
}

TEST(CsvSeparator, IsFoundFromTheFirstRows) {
  EXPECT_EQ(detect_separator("a;b\n1,5;2\n3;4,5\n"), ';');
  EXPECT_EQ(detect_separator("a\tb\tc\n1\t2\t3,5\n"), '\t');
  EXPECT_EQ(detect_separator("a|b\n\"1|2\"|3\n"), '|');
  EXPECT_EQ(detect_separator("text\nno separator, but a comma\n"), ',');
  EXPECT_EQ(detect_separator(""), ',');
  const Table table = parse("a;b\n1;2\n", {.separator = kDetectSeparator});
  EXPECT_THAT(table.numbers("b"), ElementsAre(2));
}

TEST(CsvSeparator, TheWrongOneIsAnError) {
  EXPECT_EQ(
      message_of([] { parse("a;b;c\n1;2;3\n"); }),
      "t.csv:1: found one column, but ';' would cut every row into 3 fields; the separator given is ',', "
      "expected ';'");
  EXPECT_EQ(parse("text\na;b\nc\n").rows, 2);  // one column of texts, some with a semicolon
}

TEST(CsvOptions, TrimAndNotationsOfMissingValues) {
  const Table table = parse("age, work\n39, Private\n ?, ?\n50,NA\n", {.missing = {"?", "NA"}, .trim = true});
  EXPECT_THAT(table.column("work").texts, ElementsAre("Private", "", ""));
  EXPECT_TRUE(table.column("age").numeric);
  EXPECT_TRUE(table.column("age").is_missing(1));
  EXPECT_EQ(table.column("work").missing, 2);
  EXPECT_EQ(table.column("work").first_missing_line, 3);
}

TEST(CsvOptions, Utf16IsNamed) {
  EXPECT_EQ(message_of([] {
              parse(
                  std::string_view("\xFF\xFE"
                                   "a\0",
                                   4));
            }),
            "t.csv: begins with the byte order mark of UTF-16, expected UTF-8");
}

}  // namespace
}  // namespace tessera::data
