// A table with numbers, texts, categories and missing values, the schema that a model is saved with, and what it says to later data that
// does not fit: a column renamed, a number that is a word, a value missing, a category that training did not have.
#include "tessera/data/schema.h"

#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

const char* const kTraining =
    "age; work; zip\n39; Private; 00713\n50; ?; 10115\n38; State; 00713\n28; Private; 99423\n";

void try_on(const data::Schema& schema, const char* what, const char* csv,
            const data::ConformOptions& options = {}) {
  try {
    const data::Table table = data::conform(
        data::parse_csv(csv, "new.csv", schema.csv_options({.missing = {"?"}})), schema, options);
    std::printf("%-22s conforms: work is", what);
    for (const std::int32_t code : table.column("work").codes) std::printf(" %d", code);
    std::printf("\n");
  } catch (const Error& error) {
    std::printf("%-22s %s\n", what, error.what());
  }
}

int main() {
  data::Table training = data::parse_csv(
      kTraining, "adult.csv",
      {.separator = data::kDetectSeparator, .text_columns = {"zip"}, .missing = {"?"}, .trim = true});
  data::make_category(training, "work");
  data::make_category(training, "zip");
  for (const data::Column& column : training.columns) {
    std::printf("%-5s %-10s %lld missing", column.name.c_str(), data::type_name(column.type()).data(),
                static_cast<long long>(column.missing));
    for (const std::string& category : column.categories) std::printf("  %s", category.c_str());
    std::printf("\n");
  }
  const data::Schema schema = data::Schema::from_json(data::Schema::of(training).to_json(), "model.json");
  std::printf("saved with the model: %s\n\n", schema.to_json().c_str());

  try_on(schema, "columns in any order", "zip,more,work,age\n00713,1,State,20\n10115,2,?,30\n");
  try_on(schema, "a renamed column", "years,work,zip\n20,State,10115\n");
  try_on(schema, "a mistyped column", "agee,work,zip,more\n20,State,10115,1\n");
  try_on(schema, "a word", "age,work,zip\n20,State,10115\nyoung,State,10115\n");
  try_on(schema, "a missing number", "age,work,zip\n20,State,10115\n,State,10115\n");
  try_on(schema, "an unseen category", "age,work,zip\n20,Stat,10115\n");
  try_on(schema, "... as one more", "age,work,zip\n20,Stat,10115\n",
         {.unseen = data::UnseenCategory::kOther});
  try_on(schema, "... as missing", "age,work,zip\n20,Stat,10115\n",
         {.unseen = data::UnseenCategory::kMissing});
  std::printf("digest of the table: %s\n", data::digest(training).c_str());
}
