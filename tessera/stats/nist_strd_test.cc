// The univariate and analysis of variance sets of NIST's Statistical Reference Datasets: digits of the certified values. The files are not part of the
// tree: TESSERA_DATA/regression/nist_strd, or the test is skipped. What NumPy and R's way (80-bit sums) reach stands in the table.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tessera/stats/analysis_of_variance.h"
#include "tessera/stats/moments.h"

namespace tessera::stats {
namespace {

struct Univariate {
  const char* name;
  double mean, deviation, autocorrelation;                    // the better of NumPy and R's way
  double exact_mean, exact_deviation, exact_autocorrelation;  // exact arithmetic on the rounded data
};
struct OneFactor {
  const char* name;
  double statistic;
};
#define UNIVARIATE
constexpr std::array<Univariate, 6> kUnivariate = {{
#include "tessera/stats/nist_strd_test.inc"
}};
#undef UNIVARIATE
constexpr std::array<OneFactor, 3> kOneFactor = {{
#include "tessera/stats/nist_strd_test.inc"
}};

std::filesystem::path folder() {
  const char* data = std::getenv("TESSERA_DATA");
  return data == nullptr ? "" : std::filesystem::path(data) / "regression" / "nist_strd";
}

std::vector<std::string> lines_of(const std::string& name) {
  std::vector<std::string> lines;
  std::ifstream file(folder() / (name + ".dat"));
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<double> numbers_of(const std::string& line) {
  std::vector<double> numbers;
  std::istringstream words(line);
  for (double x = 0; words >> x;) numbers.push_back(x);
  return numbers;
}

// The logarithm of the relative error, at most 15; 15 for what rounds to the certified number.
double digits(double found, double certified) {
  const double off = std::abs(found - certified), error = off / std::abs(certified);
  const double unit = std::pow(10, std::floor(std::log10(std::abs(certified))) - 14);
  return off <= 0.5 * unit || error < 1e-15 ? 15 : error < 1 ? -std::log10(error) : 0;
}

// The number at the end of the line that begins so.
double certified(const std::vector<std::string>& lines, const std::string& start, char before) {
  for (const std::string& line : lines)
    if (line.starts_with(start)) return std::stod(line.substr(line.rfind(before) + 1));
  ADD_FAILURE() << "no line begins with " << start;
  return 0;
}

TEST(NistStrd, DigitsOfTheUnivariateSets) {
  if (!std::filesystem::exists(folder())) GTEST_SKIP() << "skipped: no TESSERA_DATA/regression/nist_strd";
  for (const Univariate& set : kUnivariate) {
    const std::vector<std::string> lines = lines_of(set.name);
    std::vector<double> values;
    bool data = false;
    for (const std::string& line : lines) {
      const std::vector<double> found = numbers_of(line);
      if (data) values.insert(values.end(), found.begin(), found.end());
      data = data || line.starts_with("-----");
    }
    const double of_mean = digits(mean(values), certified(lines, "Sample Mean", ':'));
    const double of_deviation =
        digits(standard_deviation(values), certified(lines, "Sample Standard Deviation", ':'));
    const double of_correlation =
        digits(autocorrelation(values), certified(lines, "Sample Autocorrelation", ':'));
    std::printf("%-8s the others %5.2f %5.2f %5.2f | mean %5.2f, deviation %5.2f, autocorrelation %5.2f\n",
                set.name, set.mean, set.deviation, set.autocorrelation, of_mean, of_deviation,
                of_correlation);
    EXPECT_GE(of_mean, std::min(set.mean, set.exact_mean)) << set.name;
    EXPECT_GE(of_deviation, std::min(set.deviation, set.exact_deviation)) << set.name;
    EXPECT_GE(of_correlation, std::min(set.autocorrelation, set.exact_autocorrelation)) << set.name;
  }
}

TEST(NistStrd, DigitsOfTheAnalysesOfVariance) {
  if (!std::filesystem::exists(folder())) GTEST_SKIP() << "skipped: no TESSERA_DATA/regression/nist_strd";
  for (const OneFactor& set : kOneFactor) {
    const std::vector<std::string> lines = lines_of(set.name);
    std::vector<std::vector<double>> groups;
    for (std::size_t i = 60; i < lines.size(); ++i) {
      const std::vector<double> row = numbers_of(lines[i]);
      groups.resize(std::max(groups.size(), row.size()));
      for (std::size_t g = 0; g < row.size(); ++g) groups[g].push_back(row[g]);
    }
    const AnalysisOfVariance found = analysis_of_variance(groups);
    const double of_statistic = digits(found.statistic, certified(lines, "Between", ' '));
    std::printf("%-8s the others %5.2f | F %5.2f\n", set.name, set.statistic, of_statistic);
    EXPECT_GE(of_statistic, set.statistic) << set.name;
  }
}

}  // namespace
}  // namespace tessera::stats
