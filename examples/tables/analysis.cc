// A table looked at before anything is learned from it: what its columns are, what they say about the target, and what is suspicious. The table is made here: loans with a
// column that was written after the answer was known, an income that is -999 where nobody asked, and a customer's number that was given out by the answer.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  use_default_backend();
  constexpr int kRows = 800;
  const std::vector<double> u =
      RandomSource(12).uniform("loans", {kRows * 5}, DType::kFloat64).to_vector<double>();
  std::string csv = "customer,age,income,region,region_code,reminded,repaid\n";
  const char* regions[] = {"north", "east", "south", "west"};
  for (int i = 0; i < kRows; ++i) {
    const double* draw = &u[static_cast<std::size_t>(i) * 5];
    const int age = 20 + static_cast<int>(draw[0] * 50), region = static_cast<int>(draw[1] * draw[1] * 4);
    const double income = 900 + 2500 * draw[2] + 20 * age;
    const bool repaid = draw[3] + (income - 2700) / 3000 > 0.35;
    const int customer = 1000 + 2 * i + (repaid ? 0 : 601);
    csv +=
        fmt::format("{},{},{},{},{},{},{}\n", customer, age,
                    draw[4] < 0.06 ? "-999" : fmt::format("{:.2f}", income), regions[region], "NESW"[region],
                    repaid ? "" : fmt::format("2024-0{}-1{}", 1 + i % 9, i % 10), repaid ? "yes" : "no");
  }
  const data::Table table = data::parse_csv(csv, "loans.csv");
  const analysis::TableAnalysis found = analysis::analyse_table(table, {.target = "repaid"});
  std::printf("%s", analysis::summary_text(found).c_str());
  write_user_file("loans.html", analysis::table_page(found, analysis::code_columns(table)));
}
