// Odd tables through the whole analysis: an answer, or a sentence; never a crash, and always the page, too. The reader's own sentences are tested in data/odd_tables_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/analysis/summary_text.h"
#include "tessera/analysis/table_page.h"
#include "tessera/base/error.h"
#include "tessera/data/csv.h"

namespace tessera::analysis {
namespace {

using testing::HasSubstr;

std::string many_rows(const std::string& header, int rows, const char* line) {
  std::string csv = header + "\n";
  for (int i = 0; i < rows; ++i) csv += fmt::format("{},{}\n", i % 2, line);
  return csv;
}

// What is said of it, with and without a target; errors of the target as "error: ...".
std::string said_of(const std::string& csv, const data::CsvOptions& options, const std::string& target) {
  try {
    const data::Table table = data::parse_csv(csv, "t.csv", options);
    const std::vector<CodedColumn> columns = code_columns(table);
    const TableAnalysis analysis = analyse_columns(columns, table.source, {.target = target});
    EXPECT_TRUE(table_page(analysis, columns).ends_with("</html>\n"));
    EXPECT_EQ(summary_json(analysis).find("nan"), std::string::npos);
    return summary_text(analysis);
  } catch (const Error& error) {
    return std::string("error: ") + error.what();
  }
}

// Values at both ends of float64's range, as a column and as a target: their sums overflow.
TEST(OddTables, TheEndsOfTheRange) {
  std::string csv = "big,small,label\n";
  for (int i = 0; i < 60; ++i)
    csv += fmt::format("{}e308,{}e-320,{}\n", i % 2 == 0 ? 1 + i * 0.01 : -1 - i * 0.01, 1 + i * 37 % 60,
                       i % 3 == 0 ? "a" : "b");
  for (const char* target : {"", "big", "small", "label"}) {
    const std::string said = said_of(csv, {}, target);
    EXPECT_TRUE(said.starts_with("t.csv: 60 rows")) << said;
    EXPECT_EQ(said.find("inf "), std::string::npos) << said;
    EXPECT_EQ(said.find("nan"), std::string::npos) << said;
    EXPECT_THAT(said, HasSubstr("-1.6e+308"));  // the least: not "-1.59e+3…"
  }
}

struct OddTable {
  std::string name, csv, expected;
  data::CsvOptions options = {};
  std::string target = {};
};

TEST(OddTables, AnAnswerOrASentence) {
  const std::vector<OddTable> tables = {
      {"empty file", "", "error: t.csv: the file is empty"},
      {"only line ends", "\r\n\n", "error: t.csv: the file is empty"},
      {"only a byte order mark", "\xEF\xBB\xBF", "error: t.csv: the file is empty"},
      {"header alone", "a,b\n", "0 rows, 2 columns: 2 empty; there is no row below the header"},
      {"header alone, target",
       "a,b\n",
       "error: t.csv: the target 'b' has no value in any of 0 rows",
       {},
       "b"},
      {"one row", "a,b\n1,x\n", "t.csv: 1 row, 2 columns: 1 of numbers and 1 of texts; no value is missing"},
      {"one row, target",
       "a,b\n1,x\n",
       "error: t.csv: the target 'b' is 'x' wherever it has a value",
       {},
       "b"},
      {"two rows, target", "a,b\n1,x\n2,y\n", "Leakage suspicions: none", {}, "b"},
      {"one column", "a\n5\n6\n5\n", "1 column"},
      {"one column that is the target", "a\n5\n6\n5\n", "Target 'a': 2 classes in 3 rows", {}, "a"},
      {"constant column", "a,b\n5,1\n5,2\n5,3\n", "'a' is '5' in every row"},
      {"all missing", "a,b\n,\n,\n", "2 empty; 4 values missing (100.0 %)"},
      {"all missing, target", "a,b\n1,\n2,\n", "error: t.csv: the target 'b' has no value", {}, "b"},
      {"all missing by another notation", "a\n?\nNA\n", "1 empty", {.missing = {"?", "NA"}}},
      {"NaN", "a,b\nnan,1\n1,2\n2,3\n", "'a': 1 row holds NaN as a number"},
      {"NaN in the target", "a,b\n1,nan\n2,1\n3,2\n4,1\n", "Target 'b': 2 classes in 3 rows", {}, "b"},
      {"infinities", "a,b\ninf,1\n-inf,2\n3,3\n", "'a': 2 rows hold an infinity"},
      {"only infinities", "a,b\ninf,1\n-inf,2\n", "'a' has no usable value in any row"},
      {"the largest numbers", "a,b\n1e308,1\n-1e308,2\n1.7e308,1\n", "numbers"},
      {"numbers that only differ a little", "a,b\n1,1\n1.0000000000000002,2\n1,3\n", "numbers"},
      {"the smallest number and minus zero", "a,b\n5e-324,1\n-0,2\n0,3\n", "whole numbers"},
      {"a number beyond float64", "a,b\n1e999,1\n2,2\n", "categories"},
      {"hexadecimal", "a,b\n0x10,1\n0x11,1\n", "categories"},
      {"decimal comma", "a;b\n1,5;2\n2,5;3\n", "categories", {.separator = ';'}},
      {"semicolons", "a;b\n1;2\n", "error: t.csv:1: found one column, but ';' would cut every row"},
      {"tabs, found", "a\tb\n1\t2\n", "2 columns", {.separator = data::kDetectSeparator}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n1,2\n",
       "\na "},
      {"UTF-16",
       std::string("\xFF\xFE"
                   "a\0\n\0",
                   6),
       "error: t.csv: begins with the byte order mark of UTF-16"},
      {"CRLF", "a,b\r\n1,x\r\n2,y\r\n", "2 rows, 2 columns"},
      {"CR alone", "a,b\r1,2\r", "error: t.csv:1: column 2: found a carriage return"},
      {"unclosed quote", "a,b\n1,\"x\n2,y\n", "error: t.csv:2: column 2: found a quoted field without end"},
      {"something after a quote", "a\n\"x\"y\n", "error: t.csv:2: column 1: found 'y' after a closing quote"},
      {"line ends inside a field", "a,b\n\"x\r\ny\",1\nz,2\n", "x\\x0d\\x0ay"},
      {"short row", "a,b\n1,2\n3\n", "error: t.csv:3: found 1 field, expected 2"},
      {"empty line in the middle", "a,b\n1,2\n\n3,4\n", "error: t.csv:3: found an empty line"},
      {"two columns of one name", "a,a\n1,2\n", "error: t.csv:1: column 2 is called 'a' as another one"},
      {"no header", "1,2\n3,4\n", "column_1", {.header = false}},
      {"blanks and question marks",
       "39, Private\n50, ?\n",
       "1 value missing",
       {.header = false, .missing = {"?"}, .trim = true}},
      {"NUL byte", std::string("a,b\nx\0y,1\n", 10), "x\\x00y"},
      {"no UTF-8", "a,b\ncaf\xE9,1\n", "caf\\xe9"},
      {"escape sequences", "a,b\n\x1b[2J,1\n", "\\x1b[2J"},
      {"huge field", "a,b\n\"" + std::string(2'000'000, 'x') + "\",1\ny,2\n", "xxx…"},
      {"a name of markup", "<script>,b\n1,2\n", "<script>"},
      {"a target of two values and one row each",
       "a,b\n1,x\n1,y\n",
       "2 rows equal another row in every column but 'b'",
       {},
       "b"},
      {"every row the same", many_rows("a,b", 40, "1").substr(0, 4) + "1,1\n1,1\n1,1\n",
       "2 rows (66.7 %) equal an earlier row"},
      {"a target with missing values",
       "a,b\n1,x\n2,\n3,y\n4,x\n",
       "Target 'b': 2 classes in 3 rows",
       {},
       "b"},
      {"an unknown target", "age,b\n1,x\n", "error: t.csv: there is no column 'ages'", {}, "ages"},
  };
  ASSERT_GE(tables.size(), 40U);
  for (const OddTable& odd : tables) {
    SCOPED_TRACE(odd.name);
    EXPECT_THAT(said_of(odd.csv, odd.options, odd.target).substr(0, 20000), HasSubstr(odd.expected));
  }
}

// Each table of 1 to 5 odd columns beside a target of either kind has a page.
TEST(OddTables, EveryColumnBesideEveryOther) {
  const std::vector<std::vector<std::string>> columns = {{"1", "2", "3", "4", "5", "6"},
                                                         {"", "", "", "", "", ""},
                                                         {"x", "x", "x", "x", "x", "x"},
                                                         {"nan", "1", "inf", "", "2", "-inf"},
                                                         {"a", "b", "a", "b", "", "a"},
                                                         {"1e300", "-1e300", "0", "0", "", "1"},
                                                         {"2024-01-01", "", "2023-01-01", "x", "y", "z"},
                                                         {"0", "0", "0", "0", "0", "1"}};
  for (std::size_t a = 0; a < columns.size(); ++a)
    for (std::size_t b = 0; b < columns.size(); ++b) {
      std::string csv = "first,second\n";
      for (std::size_t row = 0; row < 6; ++row) csv += columns[a][row] + "," + columns[b][row] + "\n";
      const std::string said = said_of(csv, {}, "second");
      EXPECT_TRUE(said.starts_with("t.csv: 6 rows") || said.starts_with("error: t.csv: the target 'second'"))
          << said;
    }
}

}  // namespace
}  // namespace tessera::analysis
