// Planted leaks of each kind are found; in clean tables none is claimed; of real tables what a statistician would say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "tessera/analysis/summary_text.h"
#include "tessera/analysis/table_page.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/data/csv.h"
#include "tessera/tensor/random.h"

namespace tessera::analysis {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// Columns of numbers in (0, 1) and texts of them, by counter.
class Draws {
 public:
  double operator()(const std::string& name, int row) {
    auto& values = drawn_[name];
    if (values.empty()) {
      use_default_backend();
      values = RandomSource(21).uniform(name, {kMost}, DType::kFloat64).to_vector<double>();
    }
    return values[static_cast<std::size_t>(row)];
  }
  static constexpr std::int64_t kMost = 2000;

 private:
  std::map<std::string, std::vector<double>> drawn_;
};

std::string csv_of(const std::string& header, int rows, const std::function<std::string(int)>& row) {
  std::string csv = header + "\n";
  for (int i = 0; i < rows; ++i) csv += row(i) + "\n";
  return csv;
}

TableAnalysis analysed(const std::string& csv, const std::string& target) {
  return analyse_table(data::parse_csv(csv, "t.csv"), {.target = target});
}

std::vector<FindingKind> leaks_of(const TableAnalysis& analysis) {
  std::vector<FindingKind> kinds;
  for (const Finding& finding : analysis.findings)
    if (finding.leak()) kinds.push_back(finding.kind);
  return kinds;
}

std::vector<FindingKind> kinds_of(const TableAnalysis& analysis) {
  std::vector<FindingKind> kinds;
  for (const Finding& finding : analysis.findings) kinds.push_back(finding.kind);
  return kinds;
}

bool answer(Draws& draw, int i) {
  return draw("answer", i) + 0.5 * draw("age", i) > 0.9;
}

// An honest table: a number that helps, one that does not, a category, a class.
std::string honest(Draws& draw, int i) {
  return fmt::format("{:.0f},{},{}", 20 + 60 * draw("age", i), draw("noise", i),
                     draw("town", i) < 0.3 ? "north" : "south");
}

TEST(Findings, PlantedLeaksAreFound) {
  struct Case {
    std::string what;
    FindingKind kind;
    std::string sentence;
    std::function<std::string(Draws&, int)> leak;
  };
  const std::vector<Case> cases = {
      {"the target again", FindingKind::kEqualsTarget, "'leak' equals 'answer' in each of 600 rows",
       [](Draws& d, int i) { return answer(d, i) ? "yes" : "no"; }},
      {"the target renamed", FindingKind::kEqualsTarget, "'leak' is 'answer' under other names",
       [](Draws& d, int i) { return answer(d, i) ? "7" : "3"; }},
      {"a category that knows", FindingKind::kDeterminesTarget, "'leak' alone tells 'answer': with 6 values",
       [](Draws& d, int i) {
         return fmt::format("{}{}", answer(d, i) != (i == 5) ? "late" : "soon",
                            static_cast<int>(d("kind", i) * 3));
       }},
      {"a number that knows", FindingKind::kDeterminesTarget,
       "'leak' alone orders the classes of 'answer': its AUC is 0.9",
       [](Draws& d, int i) { return fmt::format("{}", d("score", i) + (answer(d, i) ? 0.97 : 0)); }},
      {"missing as the target", FindingKind::kMissingAsTarget,
       "rows in which 'leak' is present have 'answer' = 'yes'",
       [](Draws& d, int i) { return answer(d, i) ? fmt::format("{}", d("paid", i)) : ""; }},
      {"present in one class only", FindingKind::kMissingAsTarget, "have 'answer' = 'no'",
       [](Draws& d, int i) {
         return !answer(d, i) && d("body", i) < 0.3 ? fmt::format("{:.1f}", d("body", i) * 50) : "";
       }},
      {"numbered by class", FindingKind::kIdentifierKnowsTarget,
       "'leak' looks like an identifier and yet orders the classes",
       [](Draws& d, int i) { return fmt::format("{}", 2 * i + (answer(d, i) ? 301 : 0)); }},
      {"groups of one class", FindingKind::kGroupsShareTarget,
       "rows with the same 'leak' nearly always have the same 'answer'",
       [](Draws& d, int i) {  // about three rows per group; one in thirty goes astray
         const bool says = answer(d, i) != (d("astray", i) < 0.03);
         return fmt::format("{}{:03}", says ? "k" : "m", static_cast<int>(d("group", i) * 100));
       }},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    Draws draw;
    const std::string csv = csv_of("age,noise,town,leak,answer", 600, [&](int i) {
      return fmt::format("{},{},{}", honest(draw, i), each.leak(draw, i), answer(draw, i) ? "yes" : "no");
    });
    const TableAnalysis analysis = analysed(csv, "answer");
    ASSERT_THAT(leaks_of(analysis), Contains(each.kind)) << summary_text(analysis);
    std::string sentences;
    for (const Finding& finding : analysis.findings)
      if (finding.leak()) {
        sentences += finding.sentence + "\n";
        EXPECT_EQ(analysis.columns[finding.columns[0]].name, "leak") << finding.sentence;
      }
    EXPECT_THAT(sentences, HasSubstr(each.sentence));
  }
}

TEST(Findings, PlantedLeaksOfATargetOfNumbers) {
  Draws draw;
  const auto price = [&](int i) { return 10 * draw("size", i) + draw("price", i); };
  const std::string csv = csv_of("size,tax,order,band,sold,price", 500, [&](int i) {
    const double p = price(i);
    return fmt::format("{},{},{},{},{},{}", draw("size", i), 3 * p + 1, p * p * p, p > 5 ? "high" : "low",
                       p > 8 ? "" : "1", p);
  });
  const TableAnalysis analysis = analysed(csv, "price");
  std::map<std::string, FindingKind> found;
  for (const Finding& finding : analysis.findings)
    if (finding.leak()) found[analysis.columns[finding.columns[0]].name] = finding.kind;
  EXPECT_EQ(found, (std::map<std::string, FindingKind>{{"tax", FindingKind::kEqualsTarget},
                                                       {"order", FindingKind::kDeterminesTarget},
                                                       {"sold", FindingKind::kMissingAsTarget}}))
      << summary_text(analysis);
}

TEST(Findings, NoneIsClaimedOfAnHonestTable) {
  Draws draw;
  for (const int rows : {40, 200, 1500}) {
    const std::string csv = csv_of("id,age,noise,town,street,answer", rows, [&](int i) {
      return fmt::format("{},{},{:.0f},{}", i, honest(draw, i), 1e5 * draw("street", i),
                         answer(draw, i) ? "yes" : "no");
    });
    const TableAnalysis analysis = analysed(csv, "answer");
    EXPECT_THAT(leaks_of(analysis), IsEmpty()) << summary_text(analysis);
    EXPECT_THAT(leaks_of(analysed(csv, "age")), IsEmpty());
  }
}

TEST(Findings, RowsThatOccurAgain) {
  Draws draw;
  const std::string csv = csv_of("a,b,answer", 100, [&](int i) {
    if (i == 50 || i == 51) return std::string("0.5,x,yes");
    if (i == 52) return std::string("0.5,x,no");
    return fmt::format("{},{},{}", draw("a", i), "y", i % 2 == 0 ? "yes" : "no");
  });
  const TableAnalysis analysis = analysed(csv, "answer");
  EXPECT_EQ(analysis.repeats.repeated, 1);
  EXPECT_EQ(analysis.repeats.conflicting, 3);
  EXPECT_THAT(kinds_of(analysis), Contains(FindingKind::kConflictingRows));
  EXPECT_THAT(kinds_of(analysis), Contains(FindingKind::kRepeatedRows));
  EXPECT_EQ(analysed(csv, "").repeats.repeated, 1);
}

TEST(Findings, OddColumnsAndOrder) {
  Draws draw;
  const std::string csv = csv_of("a,copy,words,one,gone,x,y,answer", 100, [&](int i) {
    const int a = static_cast<int>(draw("a", i) * 5);
    const bool hole = draw("hole", i) < 0.2;
    return fmt::format("{0},{0},w{0},1,,{1},{2},{3}", a, hole ? "" : "1.5",
                       hole ? "" : fmt::format("{}", i * 0.5), i < 50 ? "a" : "b");
  });
  const TableAnalysis analysis = analysed(csv, "answer");
  std::map<FindingKind, std::string> found;
  for (const Finding& finding : analysis.findings) found[finding.kind] = finding.sentence;
  EXPECT_EQ(found[FindingKind::kEqualColumns],
            "'a' and 'copy' are equal in every row: one of them is enough");
  EXPECT_THAT(found[FindingKind::kRenamedColumns], HasSubstr("'a' and 'words' say the same in other words"));
  EXPECT_THAT(found[FindingKind::kMissingTogether], HasSubstr("'x' and 'y' are missing in the same"));
  EXPECT_THAT(found[FindingKind::kConstantColumn],
              testing::AnyOf(HasSubstr("'one' is '1' in every row"), HasSubstr("'x' is '1.5'")));
  EXPECT_EQ(found[FindingKind::kEmptyColumn], "'gone' has no usable value in any row");
  EXPECT_THAT(found[FindingKind::kSortedByTarget], HasSubstr("the rows are sorted by 'answer'"));
}

// ---- Real tables ----

class RealTables : public testing::Test {
 protected:
  TableAnalysis analysed(const std::string& file, const std::string& target,
                         const data::CsvOptions& options = {}) {
    const char* folder = std::getenv("TESSERA_DATA");
    const std::string path = folder == nullptr ? "" : std::string(folder) + "/tabular/" + file;
    if (path.empty() || !exists(path)) return {};
    return analyse_table(data::read_csv(path, options), {.target = target});
  }
};

TEST_F(RealTables, WhatIsFoundInThem) {
  const data::CsvOptions bare = {.header = false};
  if (analysed("iris.csv", "column_5", bare).rows == 0) GTEST_SKIP() << "skipped: no TESSERA_DATA";
  const std::vector<std::pair<std::string, std::string>> clean = {{"iris.csv", "column_5"},
                                                                  {"wine.csv", "column_14"},
                                                                  {"abalone.csv", "column_9"},
                                                                  {"pima-indians-diabetes.csv", "column_9"},
                                                                  {"banknote_authentication.csv", "column_5"},
                                                                  {"ionosphere.csv", "column_35"},
                                                                  {"housing.csv", "column_14"},
                                                                  {"breast-cancer.csv", "column_10"},
                                                                  {"adult_train.csv.gz", "column_15"}};
  for (const auto& [file, target] : clean)
    EXPECT_THAT(leaks_of(analysed(file, target, bare)), IsEmpty()) << file;
  EXPECT_THAT(leaks_of(analysed("titanic.csv", "Survived")), IsEmpty());
  EXPECT_THAT(leaks_of(analysed("amazon_employee_access_train.csv.gz", "ACTION")), IsEmpty());
  // The time of the download exists only where there was one.
  const TableAnalysis clicks = analysed("talkingdata_clicks_train.csv.gz", "is_attributed");
  EXPECT_EQ(leaks_of(clicks), std::vector<FindingKind>{FindingKind::kMissingAsTarget});
  EXPECT_EQ(clicks.columns[clicks.findings[0].columns[0]].name, "attributed_time");
  // Zeros of glucose, blood pressure, skin fold, insulin and body mass; not of pregnancies.
  const TableAnalysis pima = analysed("pima-indians-diabetes.csv", "column_9", bare);
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_EQ(pima.columns[i].hints.size(), i >= 1 && i <= 5 ? 1U : 0U) << i;
  // Adult: 99,999 of capital gain stands for "this or more", education and its number are one, "?" is said where it was not named.
  const TableAnalysis adult = analysed("adult_train.csv.gz", "column_15", {.header = false, .trim = true});
  EXPECT_THAT(
      adult.columns[10].hints,
      testing::ElementsAre(HasSubstr("99999 stands far from the other numbers (0 to 41310) in 159 rows")));
  EXPECT_THAT(adult.columns[1].hints,
              testing::ElementsAre(HasSubstr("'?' in 1,836 rows may stand for a missing value")));
  EXPECT_THAT(kinds_of(adult), Contains(FindingKind::kRenamedColumns));
}

// Identifiers of 17 digits lose their last one in float64: that is said, and rows that it made equal are not.
TEST(Oddities, WholeNumbersThatWereRounded) {
  const std::string csv =
      csv_of("id,y", 60, [](int i) { return fmt::format("{},{}", 90071992547409930 + i, i / 4 % 2); });
  const TableAnalysis numbers = analysed(csv, "y");
  EXPECT_THAT(kinds_of(numbers), Contains(FindingKind::kRoundedNumbers));
  EXPECT_EQ(numbers.repeats.repeated, 0);
  EXPECT_EQ(numbers.repeats.conflicting, 0);
  EXPECT_LT(numbers.columns[0].distinct, 60);
  std::string text = summary_text(numbers);
  std::replace(text.begin(), text.end(), '\n', ' ');
  EXPECT_THAT(text, HasSubstr("'id': whole numbers beyond 2^53 = 9007199254740992 are rounded"));
  EXPECT_THAT(text, HasSubstr("--text id"));
  const TableAnalysis texts =
      analyse_table(data::parse_csv(csv, "t.csv", {.text_columns = {"id"}}), {.target = "y"});
  EXPECT_THAT(kinds_of(texts), testing::Not(Contains(FindingKind::kRoundedNumbers)));
  EXPECT_EQ(texts.columns[0].distinct, 60);
  // Below 2^53 nothing is rounded, and equal rows are equal; beyond 10^22, and where there are fractions, these are measurements.
  for (const char* number : {"9007199254740991", "1e300", "9007199254740994.5,0\n0.5"})
    EXPECT_THAT(kinds_of(analysed(fmt::format("id,y\n{0},1\n{0},1\n2,0\n", number), "y")),
                testing::Not(Contains(FindingKind::kRoundedNumbers)))
        << number;
  EXPECT_EQ(analysed("id,y\n9007199254740991,1\n9007199254740991,1\n2,0\n", "y").repeats.repeated, 1);
}

TEST(Oddities, TextsThatAreMeantOtherwiseThanTheyAreRead) {
  const auto found = [](const std::string& field) {
    return kinds_of(analyse_table(data::parse_csv("x,y\n" + field, "t.csv")));
  };
  EXPECT_THAT(found("\"1,200\",1\n\"3\",2\n"), Contains(FindingKind::kOtherNotation));
  EXPECT_THAT(found("5%,1\n6%,2\n"), Contains(FindingKind::kOtherNotation));
  EXPECT_THAT(found("Yes,1\nyes,2\n"), Contains(FindingKind::kAlikeTexts));
  EXPECT_THAT(found("yes,1\nno,2\n"), testing::Not(Contains(FindingKind::kAlikeTexts)));
  EXPECT_EQ(finding_name(FindingKind::kAlikeTexts), "alike_texts");
  EXPECT_EQ(finding_name(FindingKind::kNearlyUnique), "nearly_unique");
}

// Most rows hold 0, as a capital gain: violins and dots of it would be a spike.
TEST(Pages, SpikesAreNotDrawnRowByRow) {
  const data::Table table =
      data::parse_csv(csv_of("gain,age,y", 400,
                             [](int i) {
                               return fmt::format("{},{},{}", i % 4 == 0 ? i * 3.5 : 0.0, 20.5 + i * 7 % 61,
                                                  i % 3 == 0 ? "p" : "q");
                             }),
                      "t.csv");
  const std::vector<CodedColumn> columns = code_columns(table);
  const std::string page = table_page(analyse_columns(columns, "t.csv", {.target = "y"}), columns);
  EXPECT_THAT(page, HasSubstr("age by y, row by row"));
  EXPECT_THAT(page, testing::Not(HasSubstr("gain by y, row by row")));
  EXPECT_THAT(page, HasSubstr("Without &#39;gain&#39;: more than half of the rows have one value there."));
  EXPECT_THAT(page, HasSubstr("gain by y is not drawn: 75.2 % of the rows have the value 0."));
}

}  // namespace
}  // namespace tessera::analysis
