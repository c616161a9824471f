// What the settings data.* say about a table: names for a file without a header, what stands for a missing value, what separates fields.
#include <gmock/gmock.h>

#include "tessera/base/message_test.h"
#include "tessera/data/npy.h"
#include "tessera/tabular/tabular_test.h"

namespace tessera::tabular {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::IsEmpty;

// 40 rows without a header: an age, a trade, '?' here and there, and who came again.
std::string visits(bool with_target, const std::string& separator = ",") {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += fmt::format("{1}{0}{2}{3}\n", separator, i % 9 == 0 ? "?" : std::to_string(20 + i * 7 % 40),
                        i % 3 == 0 ? "smith" : "baker",
                        !with_target              ? ""
                        : i * 7 % 40 + i % 3 > 20 ? separator + "yes"
                                                  : separator + "no");
  return text;
}

class TableSettings : public TabularTest {
 protected:
  TableSettings() : TabularTest("visits.csv", visits(true)) {}
  FitConfig config(const std::vector<std::string>& settings, const std::string& target = "again",
                   const std::string& file = "visits.csv") const {
    std::vector<std::string> all = {"evaluate.folds=0"};
    all.insert(all.end(), settings.begin(), settings.end());
    return FitConfig::of("gaussian_nb", path(file), target, all);
  }
};

TEST_F(TableSettings, NameTheColumnsOfAFileWithoutAHeader) {
  const FitConfig named = config({"data.columns=age, trade, again", "data.missing=?"});
  EXPECT_FALSE(named.boolean("data.header"));
  const FitResult result = fit(named, options("a"));
  EXPECT_EQ(verify_fit(result.folder, {.quiet = true}).code, ExitCode::kSuccess);
  const FittedModel model(result.folder);
  write_file_atomically(path("new.csv"), visits(false));  // nobody knows yet who comes again
  const std::string predicted = model.predictions_csv(model.read(path("visits.csv")));
  EXPECT_EQ(model.predictions_csv(model.read(path("new.csv"))), predicted);
  const FitResult ages =
      fit(config({"data.columns=age,trade,again", "data.missing=?", "data.ignore=trade"}), options("b"));
  const FittedModel by_age(ages.folder);
  write_file_atomically(path("ages.csv"), "30\n?\n");
  EXPECT_THAT(by_age.predictions_csv(by_age.read(path("ages.csv"))), HasSubstr("\n2,"));
  EXPECT_THAT(model.evaluate(path("visits.csv")).note, HasSubstr("the run learned from this file"));
  write_file_atomically(path("words.csv"), "young,smith\n");
  EXPECT_THAT(message_of([&] { model.predictions_csv(model.read(path("words.csv"))); }),
              HasSubstr("column 'age': found 'young', expected a number"));
  EXPECT_THAT(message_of([&] {
                config({"data.columns=a,b,c", "data.header=true"});
              }),
              HasSubstr("--set data.header=true: data.columns names the columns of a file without a header"));
  EXPECT_THAT(message_of([&] { FitSetup(config({"data.columns=age,again"})); }),
              HasSubstr("visits.csv: names of 2 columns are given, found 3 columns"));
}

// Two names of which one is missing: which one it is, nobody can tell from a number of columns.
TEST_F(TableSettings, AreNotGuessedWhereColumnsAreMissing) {
  std::string rows, no_id, no_target, neither;
  for (int i = 0; i < 40; ++i) {
    const int age = 20 + i * 7 % 40, hours = 10 + i * 3 % 30;
    rows += fmt::format("{},{},{},{}\n", i, age, hours, age > 35 ? 1 : 0);
    no_id += fmt::format("{},{},{}\n", age, hours, age > 35 ? 1 : 0);
    no_target += fmt::format("{},{},{}\n", i, age, hours);
    neither += fmt::format("{},{}\n", age, hours);
  }
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"all.csv", rows}, {"no_id.csv", no_id}, {"no_t.csv", no_target}, {"neither.csv", neither}})
    write_file_atomically(path(name), text);
  const FittedModel model(
      fit(config({"data.columns=id,age,hours,t", "data.ignore=id"}, "t", "all.csv"), options("a")).folder);
  const std::string expected = model.predictions_csv(model.read(path("all.csv")));
  EXPECT_THAT(model.notes(model.read(path("all.csv"))), IsEmpty());
  const data::Table two = model.read(path("neither.csv"));
  EXPECT_EQ(model.predictions_csv(two), expected);
  EXPECT_THAT(model.notes(two), ElementsAre(path("neither.csv") +
                                            " has 2 of 4 columns, read as age, hours (without 'id', 't')"));
  for (const std::string name : {"no_id.csv", "no_t.csv"})
    EXPECT_EQ(
        message_of([&] { model.read(path(name)); }),
        path(name) + " has 3 of the 4 columns: is it 't' or 'id' that is missing? Leave out both or none");
  EXPECT_THAT(model.evaluate(path("no_id.csv")).note, HasSubstr("read as age, hours, t (without 'id')"));
  EXPECT_THAT(message_of([&] { model.evaluate(path("neither.csv")); }),
              HasSubstr("neither.csv has 2 columns, without the target 't' that evaluate needs"));
  write_file_atomically(path("one.csv"), "1\n");
  EXPECT_THAT(message_of([&] { model.read(path("one.csv")); }),
              HasSubstr("has 1 column, expected 4 or 2 (without 'id', 't')"));
}

// A file that lacks a feature but has the label: its label is read as the last feature.
TEST_F(TableSettings, NoticeALabelInAFeaturesPlace) {
  const FittedModel model(
      fit(config({"data.columns=age,trade,again", "data.missing=?"}), options("a")).folder);
  write_file_atomically(path("shifted.csv"), "30,yes\n40,no\n");
  EXPECT_THAT(message_of([&] { model.read(path("shifted.csv")); }),
              HasSubstr("column 'trade' has only values that training did not have, such as 'yes': read "
                        "without 'again'"));
  write_file_atomically(path("known.csv"), "30,smith\n40,no\n");
  EXPECT_THAT(model.notes(model.read(path("known.csv"))).back(), HasSubstr("1 of 2 rows have a category"));
}

// A header that is there all the same would be learned from, as a row.
TEST_F(TableSettings, NoticeAHeaderThatIsThere) {
  const auto refusal = [&](const std::string& header, const std::vector<std::string>& settings) {
    write_file_atomically(path("headed.csv"), header + visits(true));
    std::vector<std::string> all = {"data.columns=age,trade,again", "data.missing=?"};
    all.insert(all.end(), settings.begin(), settings.end());
    return message_of([&] { FitSetup(config(all, "again", "headed.csv")); });
  };
  for (const std::string header : {"age,trade,again\n", "age, trade ,again\n", "trade,again,age\n"})
    EXPECT_EQ(refusal(header, {}),
              path("headed.csv") + ": line 1 has the names itself: leave data.columns out");
  EXPECT_THAT(
      refusal("Age,Trade,Again\n", {}),
      HasSubstr("column 'age' has 'Age' in line 1 and a number in every other row: leave data.columns"));
  EXPECT_EQ(refusal("none,smith,yes\n", {"data.missing=?,none"}), "no error");
  const FitResult bare =
      fit(config({"data.header=false", "data.missing=?"}, "column_3", "headed.csv"), options("bare"));
  ASSERT_FALSE(bare.notes.empty());
  EXPECT_THAT(bare.notes.front(), HasSubstr("column 'column_1' has 'none' in line 1 and a number in every "
                                            "other row: is it a header"));
  const FittedModel model(
      fit(config({"data.columns=age,trade,again", "data.missing=?"}), options("a")).folder);
  for (const std::string header : {"age,trade,again\n", "age,trade\n"}) {
    write_file_atomically(path("new.csv"), header + visits(header.size() > 12));
    EXPECT_THAT(message_of([&] { model.read(path("new.csv")); }),
                HasSubstr("new.csv: line 1 has the names itself, expected data"));
  }
}

// Names that are not there because the first line was taken for them; half of the names are numbers.
TEST_F(TableSettings, AreSuggestedWhereANameIsMissing) {
  write_file_atomically(path("half.csv"),
                        "39, smith, 7, yes\n" + std::string("40, baker, 8, no\n41, smith, 9, yes\n"));
  EXPECT_THAT(message_of([&] { FitSetup(config({}, "again", "half.csv")); }),
              HasSubstr("there is no column 'again'; the 4 columns run from '39' to ' yes'; the columns are "
                        "called '39', ' yes', ...: the first line looks like data (--set data.header=false"));
  write_file_atomically(path("named.csv"), "age,trade\n39,smith\n");
  EXPECT_THAT(message_of([&] { FitSetup(config({}, "again", "named.csv")); }), testing::EndsWith("'trade'"));
}

TEST_F(TableSettings, AreNamesAndNotNothing) {
  for (const std::string names : {"a,b,,t", "a,b, ,t"})
    EXPECT_THAT(message_of([&] { config({"data.columns=" + names}); }), HasSubstr("name 3 is empty"));
  EXPECT_THAT(message_of([&] { config({"data.columns=a,b,"}); }), HasSubstr("name 3 is empty"));
  EXPECT_THAT(message_of([&] {
                config({"data.columns=a,b,c", "data.header=True"});
              }),
              HasSubstr("data.header is \"True\", expected true or false"));
}

TEST_F(TableSettings, SayHowManyCellsAreMissing) {
  const FitResult result = fit(config({"data.header=false", "data.missing=?,NA"}, "column_3"), options("a"));
  ASSERT_EQ(result.missing.size(), 2U);
  EXPECT_EQ(result.missing[0].cells, 5);
  EXPECT_EQ(result.missing[1].cells, 0);
  EXPECT_THAT(result.notes, ElementsAre("data.missing: no cell is 'NA'"));
  EXPECT_THAT(missing_text_notes(missing_texts("?,a\n ?,b\n", "t", {.header = false, .missing = {"?"}})),
              IsEmpty());
  EXPECT_THAT(missing_text_notes(missing_texts("? ;a\n ?;b\n?;c\n", "t",
                                               {.separator = data::kDetectSeparator, .missing = {"?"}})),
              IsEmpty());
  EXPECT_THAT(
      missing_text_notes(missing_texts("a,b\n ?,b\n", "t", {.missing = {"?"}})),
      ElementsAre("data.missing: no cell is '?', but 1 with blanks around it (--set data.trim=true)"));
}

TEST_F(TableSettings, CountMissingTextsAsTheReaderTakesThem) {
  const auto notes = [](const std::string& csv, const std::vector<std::string>& missing, bool trim = false) {
    return missing_text_notes(missing_texts(csv, "t", {.missing = missing, .trim = trim}));
  };
  const std::vector<MissingText> blank = missing_texts("a,b\n ?,1\n?,2\n", "t", {.missing = {" ?"}});
  EXPECT_EQ(blank.front().cells, 1);
  EXPECT_EQ(data::parse_csv("a,b\n ?,1\n?,2\n", "t", {.missing = {" ?"}}).column("a").missing, 1);
  EXPECT_THAT(notes("a,b\nNA,1\n?,2\n", {"?", " NA"}),
              ElementsAre("data.missing: no cell is ' NA', but 1 without the blank in front: 'NA'"));
  EXPECT_THAT(notes("a,b\n ?,1\n", {" ?"}, true),
              ElementsAre("data.missing: no cell is ' ?', but 1 without the blank in front: '?'"));
  EXPECT_THAT(notes("a,b\nx,1\n", {"?", "?"}), ElementsAre("data.missing: no cell is '?'"));
  EXPECT_THAT(config({"data.columns=age,trade,again", "data.ignore=age, trade"}).ignored(),
              ElementsAre("age", "trade"));
  data::write_npy(path("n.npy"), Tensor::from(std::vector<double>{1, 0, 2, 1, 3, 0, 4, 1}, {4, 2}));
  EXPECT_THAT(message_of([&] { FitSetup(config({"data.missing=?"}, "column_2", "n.npy")); }),
              HasSubstr("n.npy: data.missing is for the texts of CSV"));
}

// A NaN that is written is a value of the table, and becomes what a missing number becomes.
TEST_F(TableSettings, SayThatNaNCountsAsMissing) {
  std::string rows = "x,y,t\n";
  for (int i = 0; i < 20; ++i) rows += fmt::format("{},{},{}\n", i % 7 == 1 ? "nan" : "", i, i % 2);
  for (int i = 0; i < 20; ++i) rows += fmt::format("{},{},{}\n", i, i % 5, i % 2);
  write_file_atomically(path("nan.csv"), rows);
  EXPECT_THAT(fit(config({}, "t", "nan.csv"), options("a")).notes,
              ElementsAre("column 'x': 3 cells are NaN, taken for missing (features.missing=mean)"));
}

TEST_F(TableSettings, TakeASeparatorAsItIs) {
  const std::string expected = config({"data.separator=semicolon"}).text("data.separator");
  EXPECT_EQ(config({"data.separator=;"}).text("data.separator"), expected);
  EXPECT_EQ(config({"data.separator=\t"}).csv().separator, '\t');
  EXPECT_EQ(config({"data.separator=\\t"}).csv().separator, '\t');
  EXPECT_EQ(config({"data.separator=|"}).csv().separator, '|');
  EXPECT_THAT(message_of([&] { config({"data.separator=x"}); }),
              HasSubstr("data.separator is \"x\", expected one of comma semicolon tab bar detect"));
}

}  // namespace
}  // namespace tessera::tabular
