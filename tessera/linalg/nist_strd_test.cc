// The linear least squares problems of NIST's Statistical Reference Datasets: digits of the certified coefficients and of their standard
// deviations. The files are not part of the tree: TESSERA_DATA/regression/nist_strd, or the test is skipped.
//
// What LAPACK reaches (numpy.linalg.lstsq of NumPy 2.4, the columns as they are) stands in the table, and each set must reach at least that.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tessera/linalg/least_squares.h"
#include "tessera/linalg/linalg_test.h"

namespace tessera::linalg {
namespace {

struct Set {
  const char* name;
  int coefficients;
  bool constant;    // the first column is ones
  int polynomial;   // columns x, x^2, ...; 0: columns as in the file
  double of_numpy;  // the fewest digits that numpy.linalg.lstsq gets right
};
constexpr std::array<Set, 5> kSets = {{
#include "tessera/linalg/nist_strd_test.inc"
}};

struct Problem {
  Tensor design, response;
  std::vector<double> estimates, deviations;
};

std::vector<double> numbers_of(const std::string& line) {
  std::vector<double> numbers;
  std::istringstream words(line);
  for (double x = 0; words >> x;) numbers.push_back(x);
  return numbers;
}

Problem read(const std::filesystem::path& path, const Set& set) {
  Problem problem;
  std::vector<double> design, response;
  std::ifstream file(path);
  bool data = false;
  for (std::string line; std::getline(file, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    if (!data && start != std::string::npos && line[start] == 'B' &&
        std::isdigit(static_cast<unsigned char>(line[start + 1]))) {
      const std::vector<double> numbers = numbers_of(line.substr(line.find(' ', start)));
      problem.estimates.push_back(numbers.at(0));
      problem.deviations.push_back(numbers.at(1));
    }
    if (line.starts_with("Data:") && line.find(" y") != std::string::npos) {
      data = true;
    } else if (data) {
      const std::vector<double> numbers = numbers_of(line);
      if (numbers.empty()) continue;
      response.push_back(numbers[0]);
      if (set.constant) design.push_back(1);
      double power = 1;
      for (int k = 0; k < set.polynomial; ++k) design.push_back(power *= numbers[1]);
      if (set.polynomial == 0) design.insert(design.end(), numbers.begin() + 1, numbers.end());
    }
  }
  const auto rows = static_cast<std::int64_t>(response.size());
  problem.design = Tensor::from<double>(design, {rows, set.coefficients});
  problem.response = Tensor::from<double>(response, {rows});
  return problem;
}

// The logarithm of the relative error, at most 15: the certified values have no more.
double digits(double found, double certified) {
  const double error = std::abs(found - certified) / std::abs(certified);
  return error < 1e-15 ? 15 : std::max(0.0, -std::log10(error));
}

struct Reached {
  double estimates = 15, deviations = 15;
};
Reached reached(const Problem& problem, bool refine) {
  const LeastSquares fit = least_squares(problem.design, problem.response,
                                         {.rank_tolerance = -1, .refine = refine, .covariance = true});
  EXPECT_EQ(fit.rank, problem.design.size(1));
  const double freedom = static_cast<double>(problem.design.size(0) - problem.design.size(1));
  Reached result;
  for (std::int64_t i = 0; i < problem.design.size(1); ++i) {
    const double deviation =
        std::sqrt(fit.residual_squares.item<double>() / freedom * fit.covariance.at<double>({i, i}));
    const auto k = static_cast<std::size_t>(i);
    result.estimates = std::min(result.estimates, digits(fit.solution.at<double>({i}), problem.estimates[k]));
    if (problem.deviations[k] > 0)
      result.deviations = std::min(result.deviations, digits(deviation, problem.deviations[k]));
  }
  return result;
}

TEST(NistStrd, DigitsOfTheLinearSets) {
  use_default_backend();
  const char* data = std::getenv("TESSERA_DATA");
  const std::filesystem::path folder =
      std::filesystem::path(data == nullptr ? "" : data) / "regression" / "nist_strd";
  if (data == nullptr || !std::filesystem::exists(folder))
    GTEST_SKIP() << "skipped: no TESSERA_DATA/regression/nist_strd";
  for (const Set& set : kSets) {
    const Problem problem = read(folder / (std::string(set.name) + ".dat"), set);
    ASSERT_EQ(problem.estimates.size(), static_cast<std::size_t>(set.coefficients)) << set.name;
    const Reached plain = reached(problem, false), refined = reached(problem, true);
    std::printf("%-9s numpy %5.2f | coefficients %5.2f, standard deviations %5.2f | refined %5.2f, %5.2f\n",
                set.name, set.of_numpy, plain.estimates, plain.deviations, refined.estimates,
                refined.deviations);
    EXPECT_GE(plain.estimates, set.of_numpy) << set.name;
    EXPECT_GE(refined.estimates, 13.9) << set.name;
    EXPECT_GE(refined.deviations, 8) << set.name;
  }
}

}  // namespace
}  // namespace tessera::linalg
