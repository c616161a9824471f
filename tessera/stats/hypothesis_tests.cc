// Chi-square and Student's t; kolmogorov_smirnov.cc has the other one.
#include "tessera/stats/hypothesis_tests.h"

#include <cmath>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/moments.h"
#include "tessera/stats/parameters.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

TestResult of_chi_square(std::span<const double> terms, double degrees) {
  const double statistic = numerics::sum(terms);
  return {statistic, numerics::gamma_q(degrees / 2, statistic / 2), degrees};
}

TestResult of_t(double difference, double standard_error, double degrees) {
  const double t = difference / standard_error;
  if (t != t) return {t, t, degrees};
  return {t, 2 * StudentT(degrees).survival(std::abs(t)), degrees};
}

void check_count(const char* where, std::int64_t count) {
  if (count < 0) fail("{}: a count is {}, expected 0 or more", where, count);
}

}  // namespace

TestResult chi_square_test(std::span<const std::int64_t> observed, std::span<const double> expected,
                           std::int64_t fitted) {
  const FloatEnvironment contract;
  if (observed.size() != expected.size())
    fail("chi_square_test: {} observed and {} expected counts", observed.size(), expected.size());
  const std::int64_t degrees = static_cast<std::int64_t>(observed.size()) - 1 - fitted;
  if (fitted < 0 || degrees < 1)
    fail("chi_square_test: {} counts with {} fitted parameters leave no degree of freedom", observed.size(),
         fitted);
  std::int64_t total = 0;
  std::vector<double> terms;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    check_count("chi_square_test", observed[i]);
    positive("chi_square_test", "an expected count", expected[i]);
    total += observed[i];
    const double difference = static_cast<double>(observed[i]) - expected[i];
    terms.push_back(difference * difference / expected[i]);
  }
  const double sum = numerics::sum(expected);
  if (std::abs(sum - static_cast<double>(total)) > 1e-8 * sum)
    fail("chi_square_test: the expected counts add to {}, expected the number of observations, {}", sum,
         total);
  return of_chi_square(terms, static_cast<double>(degrees));
}

TestResult chi_square_independence(std::int64_t rows, std::int64_t columns,
                                   std::span<const std::int64_t> counts) {
  const FloatEnvironment contract;
  if (rows < 2 || columns < 2 || counts.size() != static_cast<std::size_t>(rows * columns))
    fail("chi_square_independence: {} counts for {} rows and {} columns, expected a table of at least 2x2",
         counts.size(), rows, columns);
  std::vector<std::int64_t> of_row(static_cast<std::size_t>(rows)),
      of_column(static_cast<std::size_t>(columns));
  std::int64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    check_count("chi_square_independence", counts[i]);
    of_row[i / of_column.size()] += counts[i];
    of_column[i % of_column.size()] += counts[i];
    total += counts[i];
  }
  std::vector<double> terms;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto row = static_cast<double>(of_row[i / of_column.size()]),
               column = static_cast<double>(of_column[i % of_column.size()]);
    if (row == 0 || column == 0)
      fail("chi_square_independence: row {} or column {} is empty, expected counts in all of them",
           i / of_column.size(), i % of_column.size());
    const double expected = row * column / static_cast<double>(total);
    const double difference = static_cast<double>(counts[i]) - expected;
    terms.push_back(difference * difference / expected);
  }
  return of_chi_square(terms, static_cast<double>((rows - 1) * (columns - 1)));
}

TestResult t_test(std::span<const double> sample, double mean) {
  const FloatEnvironment contract;
  check_sample("t_test", sample, 2);
  finite("t_test", "the mean", mean);
  return of_t(numerics::mean(sample) - mean, standard_error(sample), static_cast<double>(sample.size() - 1));
}

TestResult t_test(std::span<const double> a, std::span<const double> b, Variances variances) {
  const FloatEnvironment contract;
  check_sample("t_test", a, 2);
  check_sample("t_test", b, 2);
  const auto na = static_cast<double>(a.size()), nb = static_cast<double>(b.size());
  const double va = variance(a), vb = variance(b), difference = numerics::mean(a) - numerics::mean(b);
  if (variances == Variances::kEqual) {
    const double degrees = na + nb - 2, pooled = ((na - 1) * va + (nb - 1) * vb) / degrees;
    return of_t(difference, numerics::sqrt(pooled * (1 / na + 1 / nb)), degrees);
  }
  const double ea = va / na, eb = vb / nb, sum = ea + eb;
  if (sum == 0) return of_t(difference, 0, 1);
  return of_t(difference, numerics::sqrt(sum), sum * sum / (ea * ea / (na - 1) + eb * eb / (nb - 1)));
}

TestResult paired_t_test(std::span<const double> a, std::span<const double> b) {
  const FloatEnvironment contract;
  check_pairs("paired_t_test", a, b, 2);
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  return t_test(differences, 0);
}

}  // namespace tessera::stats
