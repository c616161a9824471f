// Columns, associations and the target beside pandas, scipy and scikit-learn (analysis_facts.py wrote the table), and beside this library's own statistics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tessera/analysis/summary_text.h"
#include "tessera/analysis/table_page.h"
#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/foreign_modes_test.h"
#include "tessera/base/hash.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/csv.h"
#include "tessera/stats/moments.h"
#include "tessera/stats/mutual_information.h"
#include "tessera/stats/ranks.h"
#include "tessera/tensor/random.h"

namespace tessera::analysis {
namespace {

#include "tessera/analysis/analysis_facts_test.inc"

using testing::HasSubstr;

void expect_fact(const std::string& name, const std::vector<double>& found, double tolerance) {
  const std::vector<double>& expected = kFacts.at(name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * std::max(1.0, std::fabs(expected[i])))
        << name << ", element " << i;
}

const data::Table& facts_table() {
  static const data::Table table = data::parse_csv(kFactsCsv, "facts.csv");
  return table;
}

CodedColumn column(const std::string& name) {
  return code_column(facts_table().column(name));
}

const TargetLink& link_of(const TableAnalysis& analysis, const std::string& name) {
  for (const TargetLink& link : analysis.target->links)
    if (analysis.columns[link.column].name == name) return link;
  throw Error("no link " + name);
}

// ---- Beside other libraries ----

TEST(AnalysisFacts, DistributionsAreThoseOfNumpyAndScipy) {
  for (const std::string name : {"length", "width", "steps", "height"}) {
    const NumberFacts facts = *summarise(column(name)).numbers;
    expect_fact(
        "facts " + name,
        {facts.mean, facts.deviation, facts.least, facts.lower_quartile, facts.median, facts.upper_quartile,
         facts.most, facts.skewness, facts.kurtosis, facts.percentile_1, facts.percentile_99},
        1e-13);
    expect_fact("outliers " + name,
                {static_cast<double>(facts.outliers_below), static_cast<double>(facts.outliers_above)}, 0);
  }
}

TEST(AnalysisFacts, CorrelationsArePandasAlsoWhereValuesAreMissing) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"length", "width"}, {"length", "height"}, {"width", "steps"}})
    expect_fact("correlations " + a + " " + b,
                {pearson(column(a), column(b)), spearman(column(a), column(b))}, 1e-13);
}

TEST(AnalysisFacts, AssociationsOfCategories) {
  expect_fact("cramers v",
              {cramers_v(joint_counts(column("kind"), column("place"))),
               cramers_v(joint_counts(column("kind"), column("label")))},
              1e-13);
  expect_fact("eta", {eta(column("kind"), column("width")), eta(column("place"), column("height"))}, 1e-12);
}

TEST(AnalysisFacts, AucAndMutualInformation) {
  const CodedColumn label = column("label");
  expect_fact(
      "auc",
      {auc(joint_counts(column("length"), label), 0, 1), auc(joint_counts(column("steps"), label), 0, 1)},
      1e-14);
  expect_fact("counted",
              {mutual_information(joint_counts(column("kind"), label)).plug_in,
               mutual_information(joint_counts(column("steps"), label)).plug_in},
              1e-13);
  const TableAnalysis classes = analyse_table(facts_table(), {.target = "label"});
  expect_fact("class information",
              {link_of(classes, "length").information, link_of(classes, "width").information}, 1e-6);
  const TableAnalysis numbers = analyse_table(facts_table(), {.target = "height"});
  expect_fact("number information",
              {link_of(numbers, "length").information, link_of(numbers, "width").information,
               link_of(numbers, "place").information},
              1e-6);
}

TEST(AnalysisFacts, SameBitsAsTheRoomOfStatistics) {
  const std::vector<double>&x = facts_table().numbers("length"), &y = facts_table().numbers("height");
  const NumberFacts facts = *summarise(column("length")).numbers;
  EXPECT_EQ(facts.mean, stats::mean(x));
  EXPECT_EQ(facts.deviation, stats::standard_deviation(x));
  EXPECT_EQ(facts.skewness, stats::skewness(x));
  EXPECT_EQ(facts.kurtosis, stats::kurtosis(x));
  EXPECT_EQ(facts.lower_quartile, stats::quantile(x, 0.25));
  EXPECT_EQ(facts.percentile_99, stats::quantile(x, 0.99));
  EXPECT_EQ(pearson(column("length"), column("height")), stats::correlation(x, y));
  EXPECT_EQ(spearman(column("length"), column("height")), stats::spearman(x, y));
  EXPECT_EQ(correlation(centred_numbers(column("length")), centred_numbers(column("height"))),
            stats::correlation(x, y));
  EXPECT_EQ(correlation(centred_ranks(column("length")), centred_ranks(column("height"))),
            stats::spearman(x, y));
  const CodedColumn steps = column("steps"), label = column("label");
  const std::vector<std::int64_t> a(steps.codes.begin(), steps.codes.end()),
      b(label.codes.begin(), label.codes.end());
  EXPECT_EQ(mutual_information(joint_counts(steps, label)).corrected,
            stats::mutual_information_of_labels(a, b, stats::BiasCorrection::kMillerMadow));
}

// The same correlations, distributions and information in any unit, also where squares of the numbers would overflow or underflow.
TEST(AnalysisFacts, TheUnitDoesNotMatter) {
  const auto in_unit = [](const char* name, double factor) {
    data::Column raw = facts_table().column(name);
    for (double& value : raw.numbers) value *= factor;
    return code_column(raw);
  };
  const CodedColumn length = column("length"), height = column("height"), width = column("width");
  const NumberFacts facts = *summarise(length).numbers;
  for (const double factor : {0x1p1000, 0x1p530, 0x1p-560, 0x1p-900}) {
    const CodedColumn x = in_unit("length", factor);
    EXPECT_EQ(pearson(x, height), pearson(length, height)) << factor;
    EXPECT_EQ(pearson(x, x), 1) << factor;
    EXPECT_EQ(pearson(in_unit("width", factor), height), pearson(width, height)) << factor;  // with gaps
    EXPECT_EQ(correlation(centred_numbers(x), centred_numbers(height)), pearson(length, height)) << factor;
    EXPECT_EQ(eta(column("kind"), in_unit("width", factor)), eta(column("kind"), width)) << factor;
    const NumberFacts scaled = *summarise(x).numbers;
    EXPECT_EQ(scaled.mean, facts.mean * factor);
    EXPECT_EQ(scaled.deviation, facts.deviation * factor);
    EXPECT_EQ(scaled.skewness, facts.skewness);
    EXPECT_EQ(scaled.kurtosis, facts.kurtosis);
  }
  for (const double factor : {1e160, 1e-170})
    EXPECT_NEAR(pearson(in_unit("length", factor), height), pearson(length, height), 1e-12) << factor;
}

TEST(AnalysisFacts, ColumnsOfATableThatIsGivenAwayAreTheSame) {
  data::Table table = data::parse_csv("x,k\n0.1,a\n,b\n2,\n", "t.csv");
  const std::vector<CodedColumn> columns = code_columns(table), of_given = code_columns(std::move(table));
  ASSERT_EQ(of_given.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(of_given[i].name, columns[i].name);
    EXPECT_EQ(of_given[i].codes, columns[i].codes);
    EXPECT_EQ(of_given[i].numbers, columns[i].numbers);
    EXPECT_EQ(of_given[i].texts, columns[i].texts);
  }
}

TEST(AnalysisFacts, NothingIsInventedOfConstantsAndOfBothEndsOfTheRange) {
  const data::Table table = data::parse_csv(
      "x,y,z,k\n0.1,0.7,1.7e308,a\n0.1,0.7,-1.7e308,b\n0.1,0.7,1.7e308,a\n5,,-1.7e308,b\n", "t.csv");
  const std::vector<CodedColumn> columns = code_columns(table);
  EXPECT_TRUE(std::isnan(pearson(columns[0], columns[1])));
  EXPECT_TRUE(std::isnan(spearman(columns[0], columns[1])));
  EXPECT_TRUE(std::isnan(eta(columns[3], columns[1])));
  EXPECT_TRUE(std::isnan(
      correlation(centred_numbers(columns[0]),
                  centred_ranks(code_column(data::parse_csv("c\n7\n7\n7\n7\n", "c.csv").columns[0])))));
  const NumberFacts ends = *summarise(columns[2]).numbers;
  EXPECT_EQ(ends.mean, 0);
  EXPECT_TRUE(std::isnan(ends.deviation));  // 1.96e308
  EXPECT_EQ(ends.median, 0);
  EXPECT_EQ(ends.kurtosis, -2);
  const std::string text = summary_text(analyse_table(table));
  EXPECT_EQ(text.find("inf"), std::string::npos) << text;
  EXPECT_EQ(text.find("nan"), std::string::npos) << text;
}

// A column of many values says nothing of an independent target, though counting alone would find much.
TEST(AnalysisFacts, InformationByChanceIsTakenAway) {
  use_default_backend();
  const std::vector<double> draws =
      RandomSource(3).uniform("draws", {6000}, DType::kFloat64).to_vector<double>();
  std::string csv = "place,answer\n";
  for (int i = 0; i < 3000; ++i)
    csv += fmt::format("p{},{}\n", static_cast<int>(draws[static_cast<std::size_t>(i)] * 400),
                       draws[static_cast<std::size_t>(3000 + i)] < 0.5 ? "yes" : "no");
  const TableAnalysis analysis = analyse_table(data::parse_csv(csv, "t.csv"), {.target = "answer"});
  const TargetLink& link = link_of(analysis, "place");
  EXPECT_GT(link.plug_in, 0.03);
  EXPECT_LT(link.information, 0.02);
  EXPECT_NEAR(link.plug_in - link.by_chance, link.information, 0.02);
}

// ---- Columns ----

ColumnSummary summary_of(const std::vector<std::string>& fields, const data::CsvOptions& options = {}) {
  std::string csv = "a,b\n";
  for (const std::string& field : fields) csv += field + ",1\n";
  return summarise(code_column(data::parse_csv(csv, "t.csv", options).columns[0]));
}

TEST(ColumnSummary, Kinds) {
  EXPECT_EQ(summary_of({"1", "2", "3"}).kind, ColumnKind::kWholeNumbers);
  EXPECT_EQ(summary_of({"1", "2.5", ""}).kind, ColumnKind::kNumbers);
  EXPECT_EQ(summary_of({"", ""}).kind, ColumnKind::kEmpty);
  EXPECT_EQ(summary_of({"nan", "nan"}).kind, ColumnKind::kEmpty);
  EXPECT_EQ(summary_of({"x", "y", "x"}).kind, ColumnKind::kCategories);
  for (const char* date : {"2024-01-31", "31.1.2024", "1/31/2024", "2024/1/5 10:30", "2024-01-31T10:30:05Z"})
    EXPECT_EQ(summary_of({date, date}).kind, ColumnKind::kDates) << date;
  for (const char* text : {"2024-13-31", "20240131", "1.2.3", "2024-01-31x", "99.99.2024", "12:30"})
    EXPECT_NE(summary_of({text, "x"}).kind, ColumnKind::kDates) << text;
  std::vector<std::string> many;
  for (int i = 0; i < 60; ++i) many.push_back(fmt::format("name {}", i));
  EXPECT_EQ(summary_of(many).kind, ColumnKind::kTexts);
  EXPECT_TRUE(summary_of(many).identifier);
  const ColumnSummary dates = summary_of({"2024-03-01", "2023-05-01", "2024-01-01"});
  EXPECT_EQ(dates.first_date, "2023-05-01");
  EXPECT_EQ(dates.last_date, "2024-03-01");
}

TEST(ColumnSummary, CountsWhatIsNoNumber) {
  const ColumnSummary summary = summary_of({"1", "nan", "inf", "-inf", "", "3"});
  EXPECT_EQ(summary.present, 2);
  EXPECT_EQ(summary.not_a_number, 1);
  EXPECT_EQ(summary.infinite, 2);
  EXPECT_EQ(summary.missing, 1);
  EXPECT_EQ(summary.numbers->mean, 2);
  EXPECT_THAT(summary.hints, testing::ElementsAre("1 row holds NaN as a number", "2 rows hold an infinity"));
}

TEST(ColumnSummary, HintsOfMissingValues) {
  std::vector<std::string> pressures = {"0", "0"};
  for (int i = 0; i < 40; ++i) pressures.push_back(fmt::format("{}", 60 + i));
  EXPECT_THAT(
      summary_of(pressures).hints,
      testing::ElementsAre(HasSubstr("0 in 2 rows stands apart from the other numbers, which begin at 60")));
  std::vector<std::string> counts;
  for (int i = 0; i < 80; ++i) counts.push_back(fmt::format("{}", i % 30));
  EXPECT_TRUE(summary_of(counts).hints.empty());
  EXPECT_THAT(summary_of({"1", "2", "3", "-999", "-999"}).hints,
              testing::ElementsAre(HasSubstr("-999 in 2 rows is the only negative number")));
  EXPECT_THAT(summary_of({"1", "2", "0", "3", "-1", "-1"}).hints,
              testing::ElementsAre(HasSubstr("-1 in 2 rows is the only negative number")));
  EXPECT_TRUE(summary_of({"-998", "-997", "-999", "-999"}).hints.empty());
  EXPECT_THAT(summary_of({"x", "?", "N/A", "y"}).hints, testing::SizeIs(2));
  EXPECT_TRUE(summary_of({"x", "?", "N/A", "y"}, {.missing = {"?", "N/A"}}).hints.empty());
}

// ---- Text, JSON, page ----

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0, length = 0;
  for (const char c : text) {
    if (c == '\n')
      length = 0;
    else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80)
      longest = std::max(longest, ++length);
  }
  return longest;
}

TEST(AnalysisText, FitsIntoAHundredColumns) {
  for (const char* target : {"", "label", "height"}) {
    const std::string text = summary_text(analyse_table(facts_table(), {.target = target}));
    EXPECT_LE(longest_line(text), 100U) << text;
  }
  const std::string csv = fmt::format("{},b\n{},1\n", std::string(300, 'n'), std::string(5000, 'x'));
  EXPECT_LE(longest_line(summary_text(analyse_table(data::parse_csv(csv, "t.csv")))), 100U);
}

TEST(AnalysisText, WideTablesAreLimitedAndSaySo) {
  std::string csv = "c0";
  for (int i = 1; i < 1000; ++i) csv += fmt::format(",c{}", i);
  for (int row = 0; row < 60; ++row) {
    csv += fmt::format("\n{}", row % 2);
    for (int i = 1; i < 1000; ++i) csv += fmt::format(",{}", (row * i * 37 + i * i) % 23);
  }
  const TableAnalysis analysis = analyse_table(data::parse_csv(csv, "wide.csv"), {.target = "c0"});
  EXPECT_EQ(analysis.associated.size(), 40U);
  EXPECT_EQ(analysis.associations.size(), 40U * 39 / 2);
  const std::string text = summary_text(analysis);
  EXPECT_THAT(text, HasSubstr("the first 60 of 1,000 columns; --json has all"));
  EXPECT_THAT(text, HasSubstr("among 40 columns that say most about the target, of 1,000"));
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 350);
  EXPECT_THAT(summary_json(analysis), HasSubstr("\"name\":\"c999\""));
}

TEST(AnalysisText, ManyCategories) {
  std::string csv = "k,y\n";
  for (int i = 0; i < 100'000; ++i) csv += fmt::format("c{},{}\n", i, i % 3 == 0 ? "a" : "b");
  const TableAnalysis analysis = analyse_table(data::parse_csv(csv, "many.csv"), {.target = "y"});
  EXPECT_EQ(analysis.columns[0].distinct, 100'000);
  EXPECT_TRUE(analysis.columns[0].identifier);
  EXPECT_EQ(analysis.target->links[0].method, InformationMethod::kNone);
}

// Everything that is written of a table, over threads and backends.
TEST(AnalysisBits, OneTextOnePageOneJson) {
  std::string first;
  const auto all = [] {
    std::string text;
    for (const char* target : {"label", "height"}) {
      const std::vector<CodedColumn> columns = code_columns(facts_table());
      const TableAnalysis analysis = analyse_columns(columns, "facts.csv", {.target = target});
      text += summary_text(analysis) + summary_json(analysis) + table_page(analysis, columns);
    }
    return to_hex(sha256(text));
  };
  for (const std::string& backend : backend_names())
    for (const int threads : {1, 2, 3, 7}) {
      use_backend(backend);
      set_thread_count(threads);
      if (first.empty()) first = all();
      EXPECT_EQ(all(), first) << backend << ", " << threads << " threads";
    }
  use_default_backend();
  set_thread_count(2);
  const ForeignModes modes;
  EXPECT_EQ(all(), first) << "with other rounding and subnormals";
}

TEST(AnalysisPage, LoadsNothingAndEscapesWhatItShows) {
  const data::Table table =
      data::parse_csv("<b>,\"y'\"\"\"\n<script>alert(1)</script>,1\nx,2\n<img src=x>,1\n", "<i>.csv");
  const std::string page = table_page(analyse_table(table, {.target = "y'\""}), code_columns(table));
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* outside : {"http://", "https://", " src=\"", "url("})
    for (std::size_t at = page.find(outside); at != std::string::npos; at = page.find(outside, at + 1))
      EXPECT_EQ(page.substr(at, 26), "http://www.w3.org/2000/svg") << page.substr(at, 80);
}

TEST(AnalysisErrors, SayWhatIsWrongWithATarget) {
  const auto message = [](const std::string& csv, const AnalysisOptions& options) {
    try {
      analyse_table(data::parse_csv(csv, "t.csv"), options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message("a,b\n1,2\n", {.target = "c"}), HasSubstr("there is no column 'c'"));
  EXPECT_THAT(message("a,b\n1,\n2,\n", {.target = "b"}),
              HasSubstr("the target 'b' has no value in any of 2 rows"));
  EXPECT_THAT(message("a,b\n", {.target = "b"}), HasSubstr("the target 'b' has no value in any of 0 rows"));
  EXPECT_THAT(message("a,b\n1,x\n2,x\n", {.target = "b"}),
              HasSubstr("the target 'b' is 'x' wherever it has a value"));
  EXPECT_THAT(message("a,b\n1,x\n2,y\n", {.target = "b", .target_kind = TargetKind::kNumbers}),
              HasSubstr("holds texts, expected numbers"));
  std::string ids = "a,b\n";
  for (int i = 0; i < 1001; ++i) ids += fmt::format("1,n{}\n", i);
  EXPECT_THAT(message(ids, {.target = "b"}),
              HasSubstr("has 1,001 different values, expected at most 1,000 classes"));
}

}  // namespace
}  // namespace tessera::analysis
