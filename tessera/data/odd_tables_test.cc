// Malformed and odd tables, one row each: the right answer, or a sentence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tessera/base/error.h"
#include "tessera/data/dataset.h"
#include "tessera/data/schema.h"

namespace tessera::data {
namespace {

struct OddTable {
  std::string name, text;
  CsvOptions options = {};
  std::string sentence = {};                          // what the reader has to say; "" where it has to read
  std::function<void(const Table&)> right = nullptr;  // what it has to read
};

std::string lines(std::int64_t count, const std::function<std::string(std::int64_t)>& line) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += line(i) + "\n";
  return text;
}

std::string text_of(const Table& table, std::string_view column, std::int64_t row = 0) {
  return table.column(column).text(row);
}

// What conform says to new data; "" where it conforms.
std::string nonconformity(const Table& training, std::string_view text, const ConformOptions& options = {}) {
  try {
    const Schema schema = Schema::of(training);
    conform(parse_csv(text, "new.csv", schema.csv_options()), schema, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string refusal_of_numbers(const Table& table, std::string_view column) {
  try {
    table.numbers(column);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const std::vector<OddTable>& odd_tables() {
  static const std::vector<OddTable> tables = {
      {"empty file", "", {}, "t.csv: the file is empty, expected a header in line 1"},
      {"only line ends", "\r\n\n\n", {}, "t.csv: the file is empty, expected a header in line 1"},
      {"only a byte order mark", "\xEF\xBB\xBF", {}, "t.csv: the file is empty, expected a header in line 1"},
      {"header alone",
       "a,b\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(t.rows == 0 && t.columns.size() == 2); }},
      {"one row",
       "a,b\n1,x\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(t.rows == 1 && t.numbers("a")[0] == 1); }},
      {"one row without a line end", "a\n7", {}, "", [](const Table& t) { EXPECT_EQ(t.numbers("a")[0], 7); }},
      {"one column of one value",
       "a\n5\n5\n5\n",
       {},
       "",
       [](const Table& t) {
         Table copy = t;
         make_category(copy, "a");
         EXPECT_EQ(copy.column("a").categories, std::vector<std::string>{"5"});
       }},
      {"all missing",
       "a,b\n,\n,\n",
       {},
       "",
       [](const Table& t) {
         EXPECT_EQ(t.column("a").missing, 2);
         EXPECT_EQ(t.column("a").type(), ColumnType::kText);
         EXPECT_EQ(nonconformity(t, "a,b\n,\n"), "");
       }},
      {"all missing by another notation",
       "a\n?\nNA\n",
       {.missing = {"?", "NA"}},
       "",
       [](const Table& t) { EXPECT_EQ(t.column("a").missing, 2); }},
      {"last row missing in quotes",
       "a\n1\n\"\"\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(t.rows == 2 && t.column("a").is_missing(1)); }},
      {"a missing number",
       "a\n1\n\"\"\n2\n",
       {},
       "",
       [](const Table& t) {
         EXPECT_EQ(refusal_of_numbers(t, "a"),
                   "t.csv:3: column 'a': found an empty field, expected a number");
       }},
      {"100,000 categories",
       "k\n" + lines(100'000, [](std::int64_t i) { return fmt::format("c{}", i); }),
       {},
       "",
       [](const Table& t) {
         Table copy = t;
         make_category(copy, "k");
         EXPECT_EQ(copy.column("k").categories.size(), 100'000U);
         EXPECT_EQ(text_of(copy, "k", 31'415), "c31415");
         EXPECT_EQ(nonconformity(copy, "k\nc99999\n"), "");
         EXPECT_THAT(nonconformity(copy, "k\nnone of them\n"),
                     testing::HasSubstr("expected one of its 100000"));
       }},
      {"an unseen category",
       "k\na\nb\n",
       {},
       "",
       [](const Table& t) {
         Table copy = t;
         make_category(copy, "k");
         EXPECT_EQ(nonconformity(copy, "k\nA\n"),
                   "new.csv:2: column 'k': found the category 'A', which training did not have (did you mean "
                   "'a'?); "
                   "expected one of its 2");
         EXPECT_EQ(nonconformity(copy, "k\nc\n", {.unseen = UnseenCategory::kOther}), "");
       }},
      {"categories that look like numbers later",
       "k\n007\nx\n",
       {},
       "",
       [](const Table& t) {
         Table copy = t;
         make_category(copy, "k");
         EXPECT_EQ(nonconformity(copy, "k\n007\n"), "");
       }},
      {"NaN",
       "a\nnan\n1\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(std::isnan(t.numbers("a")[0]) && !t.column("a").is_missing(0)); }},
      {"NaN as a missing value",
       "a\nnan\n1\n",
       {.missing = {"nan"}},
       "",
       [](const Table& t) { EXPECT_TRUE(t.column("a").is_missing(0)); }},
      {"infinities",
       "a\ninf\n-Infinity\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(std::isinf(t.numbers("a")[0]) && t.numbers("a")[1] < 0); }},
      {"a number beyond float64",
       "a\n1e999\n1\n",
       {},
       "",
       [](const Table& t) {
         EXPECT_EQ(refusal_of_numbers(t, "a"), "t.csv:2: column 'a': found '1e999', expected a number");
       }},
      {"the smallest number, and minus zero",
       "a\n5e-324\n-0\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(t.numbers("a")[0] > 0 && std::signbit(t.numbers("a")[1])); }},
      {"whole numbers that float64 cannot tell apart",
       "a\n9007199254740993\n",
       {.text_columns = {"a"}},
       "",
       [](const Table& t) { EXPECT_EQ(text_of(t, "a"), "9007199254740993"); }},
      {"a decimal comma",
       "a;b\n1,5;2\n",
       {.separator = ';'},
       "",
       [](const Table& t) {
         EXPECT_EQ(refusal_of_numbers(t, "a"), "t.csv:2: column 'a': found '1,5', expected a number");
       }},
      {"hexadecimal and dates are texts",
       "a,b\n0x10,2020-01-01\n",
       {},
       "",
       [](const Table& t) { EXPECT_TRUE(!t.column("a").numeric && !t.column("b").numeric); }},
      {"a huge field",
       "a\n\"" + std::string(10'000'000, 'x') + "\"\n",
       {},
       "",
       [](const Table& t) { EXPECT_EQ(t.column("a").texts[0].size(), 10'000'000U); }},
      {"a huge field that is cut off",
       "a\n\"" + std::string(1'000'000, 'x'),
       {},
       "t.csv:2: column 1: found a quoted field without end, expected a closing '\"'"},
      {"10,000 columns",
       lines(2,
             [](std::int64_t line) {
               std::string text = line == 0 ? "c0" : "0";
               for (int i = 1; i < 10'000; ++i) text += fmt::format(",{}{}", line == 0 ? "c" : "", i);
               return text;
             }),
       {},
       "",
       [](const Table& t) { EXPECT_EQ(t.numbers("c9999")[0], 9999); }},
      {"semicolons",
       "a;b\n1;2\n",
       {},
       "t.csv:1: found one column, but ';' would cut every row into 2 fields; the separator given is ',', "
       "expected ';'"},
      {"tabs",
       "a\tb\n1\t2\n",
       {},
       "t.csv:1: found one column, but a tab would cut every row into 2 fields; the separator given is ',', "
       "expected a tab"},
      {"commas, read with semicolons",
       "a,b\n1,2\n",
       {.separator = ';'},
       "t.csv:1: found one column, but ',' would cut every row into 2 fields; the separator given is ';', "
       "expected ','"},
      {"bars, found",
       "a|b\n1|2\n",
       {.separator = kDetectSeparator},
       "",
       [](const Table& t) { EXPECT_EQ(t.numbers("b")[0], 2); }},
      {"a byte order mark",
       "\xEF\xBB\xBF"
       "a\n1\n",
       {},
       "",
       [](const Table& t) { EXPECT_EQ(t.columns[0].name, "a"); }},
      {"UTF-16",
       std::string("\xFF\xFE"
                   "a\0\n\0",
                   6),
       {},
       "t.csv: begins with the byte order mark of UTF-16, expected UTF-8"},
      {"CRLF", "a,b\r\n1,x\r\n2,y\r\n", {}, "", [](const Table& t) { EXPECT_EQ(text_of(t, "b", 1), "y"); }},
      {"CR alone",
       "a,b\r1,2\r",
       {},
       "t.csv:1: column 2: found a carriage return without a line feed, expected lines that end with LF or "
       "CRLF"},
      {"an unclosed quote",
       "a,b\n1,\"x\n2,y\n",
       {},
       "t.csv:2: column 2: found a quoted field without end, expected a closing '\"'"},
      {"something after a quote",
       "a\n\"x\"y\n",
       {},
       "t.csv:2: column 1: found 'y' after a closing quote, expected ',' or the end of the line"},
      {"a quote inside a field",
       "a\n5\" pipe\n",
       {},
       "",
       [](const Table& t) { EXPECT_EQ(text_of(t, "a"), "5\" pipe"); }},
      {"line ends inside a field",
       "a,b\n\"x\r\ny\",1\nz,q\n",
       {},
       "",
       [](const Table& t) {
         EXPECT_EQ(text_of(t, "a"), "x\r\ny");
         EXPECT_EQ(refusal_of_numbers(t, "b"), "t.csv:4: column 'b': found 'q', expected a number");
       }},
      {"a short row", "a,b\n1,2\n3\n", {}, "t.csv:3: found 1 field, expected 2 as in line 1"},
      {"a long row", "a,b\n1,2,3\n", {}, "t.csv:2: found 3 fields, expected 2 as in line 1"},
      {"an empty line in the middle",
       "a,b\n1,2\n\n3,4\n",
       {},
       "t.csv:3: found an empty line, expected 2 fields"},
      {"two columns of one name",
       "a,b,a\n",
       {},
       "t.csv:1: column 3 is called 'a' as another one before it, expected different names"},
      {"a column without a name",
       "a,,c\n",
       {},
       "t.csv:1: column 2 has an empty name, expected a name in the header"},
      {"names that differ in blanks alone",
       "a, a\n1,2\n",
       {.trim = true},
       "t.csv:1: column 2 is called 'a' as another one before it, expected different names"},
      {"no header",
       "1,2\n3,4\n",
       {.header = false},
       "",
       [](const Table& t) { EXPECT_TRUE(t.rows == 2 && t.numbers("column_1")[1] == 3); }},
      {"Adult's blanks and question marks",
       "39, Private\n50, ?\n",
       {.header = false, .missing = {"?"}, .trim = true},
       "",
       [](const Table& t) {
         EXPECT_TRUE(t.column("column_2").is_missing(1) && t.numbers("column_1")[0] == 39);
       }},
      {"a NUL byte",
       std::string("a\nx\0y\n", 6),
       {},
       "",
       [](const Table& t) { EXPECT_EQ(t.column("a").texts[0], std::string("x\0y", 3)); }},
      {"bytes that are no UTF-8",
       "a\ncaf\xE9\n",
       {},
       "",
       [](const Table& t) {
         Table copy = t;
         make_category(copy, "a");
         EXPECT_THROW(Schema::of(copy).to_json(), Error);  // JSON is UTF-8
       }},
      {"a renamed column",
       "age,k\n1,x\n",
       {},
       "",
       [](const Table& t) {
         EXPECT_EQ(nonconformity(t, "years,k\n1,x\n"),
                   "new.csv: there is no column 'age', expected numbers as at training; the schema does not "
                   "know the "
                   "column 'years': was it renamed?");
       }},
      {"a column of another type",
       "age\n1\n",
       {},
       "",
       [](const Table& t) {
         EXPECT_EQ(nonconformity(t, "age\nyoung\n"),
                   "new.csv:2: column 'age': found 'young', expected a number as at training");
       }},
  };
  return tables;
}

TEST(OddTables, GiveTheRightAnswerOrASentence) {
  ASSERT_GE(odd_tables().size(), 40U);
  for (const OddTable& odd : odd_tables()) {
    SCOPED_TRACE(odd.name);
    std::string sentence;
    Table table;
    try {
      table = parse_csv(odd.text, "t.csv", odd.options);
    } catch (const Error& error) {
      sentence = error.what();
    }
    EXPECT_EQ(sentence, odd.sentence);
    ASSERT_NE(odd.sentence.empty(), odd.right == nullptr);
    if (sentence.empty() && odd.right) odd.right(table);
  }
}

}  // namespace
}  // namespace tessera::data
