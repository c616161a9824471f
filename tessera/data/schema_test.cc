#include "tessera/data/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kTraining = "age,zip,note\n39,007,a\n50,120,b\n41,,c\n";

Schema trained() {
  Table table = parse_csv(kTraining, "train.csv", {.text_columns = {"zip"}});
  make_category(table, "zip");
  return Schema::of(table);
}

std::string refusal(std::string_view csv, const ConformOptions& options = {}) {
  try {
    const Schema schema = trained();
    conform(parse_csv(csv, "new.csv", schema.csv_options()), schema, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Table conforming(std::string_view csv, const ConformOptions& options = {}) {
  const Schema schema = trained();
  return conform(parse_csv(csv, "new.csv", schema.csv_options()), schema, options);
}

TEST(Schema, IsSavedAndLoaded) {
  const Schema schema = trained();
  EXPECT_EQ(schema.to_json(),
            R"({"columns":[{"may_be_missing":false,"name":"age","type":"numbers"},)"
            R"({"categories":["007","120"],"may_be_missing":true,"name":"zip","type":"categories"},)"
            R"({"may_be_missing":false,"name":"note","type":"texts"}],"format":"tessera schema 1"})");
  EXPECT_EQ(Schema::from_json(schema.to_json(), "s.json"), schema);
}

TEST(Schema, ADamagedOneIsRefused) {
  for (
      const char* text :
      {"{}", "[]", R"({"format":"tessera schema 1","columns":[{}]})",
       R"({"format":"tessera schema 1","columns":[{"name":"a","type":"number","may_be_missing":false}]})",
       R"({"format":"tessera schema 1","columns":[{"name":"a","type":"categories","may_be_missing":false,"categories":["x","x"]}]})",
       R"({"format":"tessera schema 2","columns":[]})"}) {
    SCOPED_TRACE(text);
    EXPECT_THROW(Schema::from_json(text, "s.json"), Error);
  }
}

TEST(Schema, OrderAndFurtherColumnsDoNotMatter) {
  const Table table = conforming("more,note,zip,age\n0,x,120,1\n1,7,007,2\n");
  EXPECT_THAT(table.names(), ElementsAre("age", "zip", "note"));
  EXPECT_THAT(table.column("zip").codes,
              ElementsAre(1, 0));  // 007 is a text, though all of the file's look like numbers
  EXPECT_THAT(table.column("note").texts, ElementsAre("x", "7"));
}

TEST(Schema, WhatDoesNotConformIsASentence) {
  EXPECT_EQ(refusal("zip,note,agee,more\n007,x,1,0\n"),
            "new.csv: there is no column 'age', expected numbers as at training (did you mean 'agee'?)");
  EXPECT_EQ(refusal("zip,note,years\n007,x,1\n"),
            "new.csv: there is no column 'age', expected numbers as at training; the schema does not know "
            "the column "
            "'years': was it renamed?");
  EXPECT_EQ(refusal("zip,note\n007,x\n"),
            "new.csv: there is no column 'age', expected numbers as at training");
  const Schema flowers = Schema::of(parse_csv("sl,sw\n1,2\n", "flowers.csv"));  // 'sw' is near, but known
  EXPECT_EQ(message_of([&] { conform(parse_csv("sw,pl,pw\n1,2,3\n", "new.csv"), flowers); }),
            "new.csv: there is no column 'sl', expected numbers as at training (did you mean 'pl'?)");
  EXPECT_EQ(refusal("zip,note,age\n007,x,1\n007,y,old\n"),
            "new.csv:3: column 'age': found 'old', expected a number as at training");
  EXPECT_EQ(
      refusal("zip,note,age\n007,x,1\n007,y,\n"),
      "new.csv:3: column 'age': a value is missing, expected numbers without missing values as at training");
  EXPECT_EQ(
      refusal("zip,note,age\n7,x,1\n"),
      "new.csv:2: column 'zip': found the category '7', which training did not have; expected one of its 2");
  EXPECT_EQ(refusal("zip,note,age\n0070,x,1\n"),
            "new.csv:2: column 'zip': found the category '0070', which training did not have (did you mean "
            "'007'?); "
            "expected one of its 2");
}

TEST(Schema, NumbersWhereTextsAreExpected) {
  use_default_backend();
  const Table table = table_of(Tensor::from<double>({1, 7, 0}, {1, 3}), {"age", "zip", "note"});
  try {
    conform(table, trained(), {.unseen = UnseenCategory::kMissing});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "array:1: column 'note': found numbers, expected texts as at training; read the column as text");
  }
}

TEST(Schema, NumbersCountAsCategoriesByTheirShortestText) {
  use_default_backend();
  Table training = parse_csv("code\n7\n10\n", "train.csv");
  make_category(training, "code");
  const Schema schema = Schema::of(training);
  const Table table = conform(table_of(Tensor::from<double>({10, 7.0}, {2, 1}), {"code"}), schema);
  EXPECT_THAT(table.column("code").codes, ElementsAre(1, 0));
}

TEST(Schema, PoliciesOfUnseenCategories) {
  const std::string csv = "zip,note,age\n7,x,1\n007,y,2\n";
  const Table missing = conforming(csv, {.unseen = UnseenCategory::kMissing});
  EXPECT_THAT(missing.column("zip").codes, ElementsAre(-1, 0));
  EXPECT_EQ(missing.column("zip").missing, 1);
  EXPECT_EQ(missing.column("zip").first_missing_line, 2);
  const Table other = conforming(csv, {.unseen = UnseenCategory::kOther});
  EXPECT_THAT(other.column("zip").codes, ElementsAre(2, 0));
  EXPECT_EQ(other.column("zip").text(0), kOtherCategory);
}

TEST(Schema, AColumnWithoutValuesConformsWhereValuesMayBeMissing) {
  const Table table = conforming("zip,note,age\n,x,1\n,y,2\n");
  EXPECT_THAT(table.column("zip").codes, ElementsAre(-1, -1));
  const Table allowed = conforming("zip,note,age\n007,x,\n007,y,\n", {.allow_missing = true});
  EXPECT_TRUE(allowed.column("age").numeric);
  EXPECT_TRUE(allowed.column("age").is_missing(0));
}

}  // namespace
}  // namespace tessera::data
