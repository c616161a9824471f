#include "tessera/stats/analysis_of_variance.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

// P(F >= f) = I_y(d2/2, d1/2) with y = d2 / (d2 + d1 f).
double fisher_survival(double f, double d1, double d2) {
  if (f != f) return f;
  if (f > 0x1p1000) return 0;
  const double all = d2 + d1 * f;
  return numerics::beta_q(d1 / 2, d2 / 2, d1 * f / all, d2 / all);
}

std::vector<double> all_of(std::span<const std::vector<double>> groups) {
  std::vector<double> all;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].empty()) fail("analysis_of_variance: group {} is empty, expected numbers", g);
    all.insert(all.end(), groups[g].begin(), groups[g].end());
  }
  return all;
}

}  // namespace

AnalysisOfVariance analysis_of_variance(std::span<const std::vector<double>> groups) {
  const FloatEnvironment contract;
  if (groups.size() < 2)
    fail("analysis_of_variance: there are {} groups, expected at least two", groups.size());
  const std::vector<double> all = all_of(groups);
  check_sample("analysis_of_variance", all, groups.size() + 1);
  const double centre = numerics::mean(all);
  std::vector<double> differences = all;
  for (double& x : differences) x = x - centre;
  const double rest = numerics::mean(differences);  // what the rounding of the centre left

  std::vector<double> between, within;
  std::size_t first = 0;
  for (const std::vector<double>& group : groups) {
    const std::span<const double> members = std::span<const double>(differences).subspan(first, group.size());
    first += group.size();
    const double mean = numerics::mean(members), apart = mean - rest;
    between.push_back(static_cast<double>(group.size()) * (apart * apart));
    for (const double x : members) within.push_back((x - mean) * (x - mean));
  }
  AnalysisOfVariance result;
  const auto count = static_cast<std::int64_t>(all.size()), parts = static_cast<std::int64_t>(groups.size());
  result.between = {numerics::sum(between), parts - 1};
  result.within = {numerics::sum(within), count - parts};
  result.statistic = result.between.mean_square() / result.within.mean_square();
  result.p_value =
      fisher_survival(result.statistic, static_cast<double>(parts - 1), static_cast<double>(count - parts));
  result.r_squared = result.between.squares / (result.between.squares + result.within.squares);
  return result;
}

}  // namespace tessera::stats
