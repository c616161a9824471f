// What people's tables are like: what is said of them, and what is refused by file, line and column.
#include <gmock/gmock.h>

#include <filesystem>

#include "tessera/base/message_test.h"
#include "tessera/tabular/fit_setup.h"
#include "tessera/tabular/opened_table.h"
#include "tessera/tabular/tabular_test.h"

namespace tessera::tabular {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::IsEmpty;

// Names, then 60 rows with the fields of `row(i)` and the class.
template <typename Row>
std::string table_of(const std::string& names, const Row& row) {
  std::string text = names + ",kind\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("{},{}\n", row(i), i * 7 % 10 < 4 ? "a" : "b");
  return text;
}

class OddTable : public TabularTest {
 protected:
  OddTable()
      : TabularTest("plain.csv", table_of("x,y", [](int i) { return fmt::format("{},{}", i * 7 % 10, i); })) {
  }
  FitResult fitted(const std::string& table, const std::string& file = "odd.csv") {
    write_file_atomically(path(file), table);
    return fit(FitConfig::of("gaussian_nb", path(file), "kind"), options(fmt::format("run-{}", ++runs_)));
  }
  std::string refused(const std::string& table) {
    return message_of([&] { fitted(table); });
  }
  int runs_ = 0;
};

TEST_F(OddTable, NumbersInAnotherNotationAreNoted) {
  const auto with = [&](const std::string& field) {
    return fitted(table_of("income", [&](int i) { return fmt::format(fmt::runtime(field), i); })).notes;
  };
  EXPECT_THAT(with("\"{},500\""),
              ElementsAre(HasSubstr(
                  "column 'income': numbers with thousand separators, such as '0,500', are texts here")));
  EXPECT_THAT(with("\"{},5\""), ElementsAre(HasSubstr("numbers with a decimal comma, such as '0,5'")));
  EXPECT_THAT(with("{}%"), ElementsAre(HasSubstr("numbers with a percent sign, such as '0%'")));
  EXPECT_THAT(with("{}.5"), IsEmpty());
}

// Earlier programs took an infinity; what they recorded is read all the same.
TEST_F(OddTable, WhatOnlyANewFitIsRefusedIsNotRefusedOfARecord) {
  const std::string table = table_of("x", [](int i) { return i == 7 ? "inf" : std::to_string(i); });
  EXPECT_THAT(refused(table), HasSubstr("odd.csv:9: column 'x': found inf"));
  const FitConfig config = FitConfig::of("gaussian_nb", path("odd.csv"), "kind");
  EXPECT_EQ(message_of([&] { FitSetup(config, open_table(path("odd.csv"), "")); }), "no error");
}

TEST_F(OddTable, WordsThatMayBeOneAreNoted) {
  const auto answers = [](int i) { return i % 3 == 0 ? "yes" : i % 3 == 1 ? "Yes" : "no"; };
  EXPECT_THAT(fitted(table_of("answer", answers)).notes,
              ElementsAre("column 'answer': 'Yes' and 'yes' differ only in blanks and the case of letters, "
                          "and are two categories"));
  std::string classes = table_of("x", [](int i) { return i; });
  for (std::size_t at = classes.find(",b\n", classes.size() / 2); at != std::string::npos;
       at = classes.find(",b\n", at))
    classes.replace(at, 3, ",B\n");
  EXPECT_THAT(fitted(classes).notes, ElementsAre(HasSubstr("the classes 'B' and 'b' differ only in blanks")));
}

TEST_F(OddTable, WholeNumbersThatWereRoundedAreNoted) {
  const auto notes = fitted(table_of("id", [](int i) { return 9007199254740992 + i; })).notes;
  EXPECT_THAT(notes, ElementsAre(HasSubstr("column 'id': whole numbers beyond 2^53")));
  EXPECT_THAT(fitted(table_of("id", [](int i) { return i % 2 == 0 ? "9007199254740993" : "0.5"; })).notes,
              IsEmpty());
}

TEST_F(OddTable, WhatCannotBeLearnedFromIsNamedByItsPlace) {
  const auto with = [](const std::string& field) {
    return table_of("x,colour",
                    [field](int i) { return fmt::format("{},{}", i == 40 ? field : "3", i % 2); });
  };
  EXPECT_EQ(refused(with("-inf")),
            path("odd.csv") +
                ":42: column 'x': found -inf, expected a finite number, or no value where it is missing");
  EXPECT_EQ(
      refused(with("r\xe9"
                   "d")),
      path("odd.csv") + ":42: column 'x': found 'r\\xe9d', which is no UTF-8; expected a file in UTF-8");
  EXPECT_EQ(refused("x,n\xe9,kind\n1,2,a\n2,1,b\n"),
            path("odd.csv") + ":1: the name of column 2, 'n\\xe9', is no UTF-8; expected a file in UTF-8");
  EXPECT_EQ(refused("\n" + with("3")),
            path("odd.csv") + ":1: the line is empty, expected the names of the columns");
  EXPECT_EQ(message_of([&] {
              write_file_atomically(path("t.csv"), "x,y\n1,2\n2,nan\n3,4\n");
              fit(FitConfig::of("ridge", path("t.csv"), "y"), options("nan"));
            }),
            path("t.csv") + ":3: the target 'y' is NaN, expected a number in every row");
}

TEST_F(OddTable, WhatIsMissingWasNotRenamedToTheTargetOrToWhatIsIgnored) {
  const FitConfig config = FitConfig::of("gaussian_nb", path("plain.csv"), "kind", {"data.ignore=y"});
  const FittedModel model(fit(config, options("plain")).folder);
  const auto missing = [&](const std::string& names) {
    write_file_atomically(path("later.csv"), names + "\n1,2\n");
    return message_of([&] { model.features(model.read(path("later.csv"))); });
  };
  const std::string sentence =
      path("later.csv") + ": there is no column 'x', expected numbers as at training";
  EXPECT_EQ(missing("kind,y"), sentence);
  EXPECT_EQ(missing("kind,ex"), sentence + "; the schema does not know the column 'ex': was it renamed?");
  write_file_atomically(path("later.csv"), "x,y\n1,inf\n");
  EXPECT_EQ(model.features(model.read(path("later.csv"))).size(0), 1);  // what is ignored may be anything
  write_file_atomically(path("later.csv"), "x,y\n1,2\ninf,2\n");
  EXPECT_THAT(message_of([&] { model.features(model.read(path("later.csv"))); }),
              HasSubstr("later.csv:3: column 'x': found inf"));
}

// An honest score needs to know whether the rows were learned from.
TEST_F(OddTable, AnEvaluationSaysThatItsOwnTableHasChanged) {
  const FitResult result = fit(FitConfig::of("gaussian_nb", path("plain.csv"), "kind"), options("plain"));
  const FittedModel model(result.folder);
  EXPECT_THAT(model.evaluate(path("plain.csv")).note, HasSubstr("only the 12 that were held out are used"));
  const std::string rows = read_file(path("plain.csv"));
  write_file_atomically(path("copy.csv"), rows + "1,2,a\n");
  EXPECT_THAT(model.evaluate(path("copy.csv")).note,
              HasSubstr("48 of the 61 rows are equal to rows that the run learned from"));
  write_file_atomically(path("plain.csv"), rows + "1,2,a\n");
  EXPECT_THAT(model.evaluate(path("plain.csv")).note,
              testing::AllOf(HasSubstr("whether the run learned from some of the rows is not known: "),
                             HasSubstr("has changed")));
  std::filesystem::remove(path("plain.csv"));
  EXPECT_THAT(model.evaluate(path("copy.csv")).note,
              testing::AllOf(HasSubstr("is not known: the input 'table' is not at"),
                             testing::Not(HasSubstr("--data"))));
}

TEST_F(OddTable, ANameWithACommaStandsInQuotes) {
  write_file_atomically(path("odd.csv"), table_of("x,\"y, \"\"z\"\"\",\"\"\"w\"", [](int i) {
                          return fmt::format("{},{},{}", i * 7 % 10, i, i);
                        }));
  const auto columns = [&](const std::string& ignored) {
    FitSetup setup(FitConfig::of("gaussian_nb", path("odd.csv"), "kind", {"data.ignore=" + ignored}));
    return setup.features().names();
  };
  EXPECT_THAT(columns("\"y, \"\"z\"\"\",x"), ElementsAre("\"w"));
  EXPECT_THAT(columns("\"w,x"), ElementsAre("y, \"z\""));  // no closing quote: as it stands
}

// Looked up one after the other, a hundred thousand names take minutes.
TEST_F(OddTable, ManyColumnsTakeNoTimeBesideTheirNumbers) {
  std::string names = "c0", row = "1";
  constexpr int kColumns = 30000;
  for (int i = 1; i < kColumns; ++i) {
    names += fmt::format(",c{}", i);
    row += ",1";
  }
  std::string table = names + ",kind\n";
  for (int i = 0; i < 20; ++i) table += fmt::format("{}{},{}\n", i, row.substr(1), i % 2 == 0 ? "a" : "b");
  write_file_atomically(path("wide.csv"), table);
  FitSetup setup(FitConfig::of("gaussian_nb", path("wide.csv"), "kind"));
  EXPECT_EQ(setup.features().names().size(), static_cast<std::size_t>(kColumns));
  EXPECT_THAT(setup.notes(), IsEmpty());
}

}  // namespace
}  // namespace tessera::tabular
