#include "tessera/stats/information.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/special_functions.h"
#include "tessera/stats/constants.h"
#include "tessera/stats/probabilities.h"

namespace tessera::stats {
namespace {

double unit(const char* where, double base) {
  if (!(base > 0) || base == 1 || base == kInfinity)
    fail("{}: the base is {}, expected a positive number other than 1", where, base);
  return numerics::log(base);
}

void check_both(const char* where, std::span<const double> p, std::span<const double> q) {
  check_probabilities(where, p);
  check_probabilities(where, q);
  if (p.size() != q.size())
    fail("{}: the distributions have {} and {} outcomes, expected as many", where, p.size(), q.size());
}

double entropy_in_nats(std::span<const double> p) {
  std::vector<double> terms;
  terms.reserve(p.size());
  for (const double value : p) terms.push_back(value == 0 ? 0 : -(value * numerics::log(value)));
  return numerics::sum(terms);
}

double divergence_in_nats(std::span<const double> p, std::span<const double> q) {
  std::vector<double> terms;
  terms.reserve(p.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (q[i] == 0 && p[i] > 0) return kInfinity;
    terms.push_back(q[i] == 0 ? 0 : numerics::deviance_part(p[i], q[i]));
  }
  return numerics::sum(terms);
}

void check_likelihood(const char* where, double likelihood) {
  if (!(likelihood >= 0) || likelihood == kInfinity)
    fail("{}: a likelihood is {}, expected a finite number that is not negative", where, likelihood);
}

void check_odds(double odds) {
  if (!(odds >= 0)) fail("posterior_odds: the prior odds are {}, expected 0 or more", odds);
}

}  // namespace

double entropy(std::span<const double> p, double base) {
  const FloatEnvironment contract;
  check_probabilities("entropy", p);
  return entropy_in_nats(p) / unit("entropy", base);
}

double cross_entropy(std::span<const double> p, std::span<const double> q, double base) {
  const FloatEnvironment contract;
  check_both("cross_entropy", p, q);
  std::vector<double> terms;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (q[i] == 0 && p[i] > 0) return kInfinity;
    terms.push_back(p[i] == 0 ? 0 : -(p[i] * numerics::log(q[i])));
  }
  return numerics::sum(terms) / unit("cross_entropy", base);
}

double kl_divergence(std::span<const double> p, std::span<const double> q, double base) {
  const FloatEnvironment contract;
  check_both("kl_divergence", p, q);
  return divergence_in_nats(p, q) / unit("kl_divergence", base);
}

double jensen_shannon(std::span<const double> p, std::span<const double> q, double base) {
  const FloatEnvironment contract;
  check_both("jensen_shannon", p, q);
  std::vector<double> middle;
  for (std::size_t i = 0; i < p.size(); ++i) middle.push_back(p[i] / 2 + q[i] / 2);
  const double sum = divergence_in_nats(p, middle) + divergence_in_nats(q, middle);
  return sum / 2 / unit("jensen_shannon", base);
}

JointTable::JointTable(std::int64_t rows, std::int64_t columns, std::vector<double> probabilities)
    : probabilities_(std::move(probabilities)) {
  const FloatEnvironment contract;
  if (rows < 1 || columns < 1 || probabilities_.size() != static_cast<std::size_t>(rows * columns))
    fail("JointTable: {} probabilities for {} rows and {} columns", probabilities_.size(), rows, columns);
  check_probabilities("JointTable", probabilities_);
  const auto width = static_cast<std::size_t>(columns), height = static_cast<std::size_t>(rows);
  const std::span<const double> all = probabilities_;
  for (std::size_t r = 0; r < height; ++r) row_sums_.push_back(numerics::sum(all.subspan(r * width, width)));
  for (std::size_t c = 0; c < width; ++c) {
    std::vector<double> column;
    for (std::size_t r = 0; r < height; ++r) column.push_back(all[r * width + c]);
    column_sums_.push_back(numerics::sum(column));
  }
}

JointTable JointTable::from_counts(std::int64_t rows, std::int64_t columns,
                                   std::span<const std::int64_t> counts) {
  const FloatEnvironment contract;
  std::int64_t total = 0;
  for (const std::int64_t count : counts) {
    if (count < 0) fail("JointTable: a count is {}, expected 0 or more", count);
    total += count;
  }
  if (total == 0) fail("JointTable: all counts are 0, expected at least one observation");
  std::vector<double> shares;
  for (const std::int64_t count : counts)
    shares.push_back(static_cast<double>(count) / static_cast<double>(total));
  return {rows, columns, std::move(shares)};
}

std::vector<double> JointTable::product() const {
  const FloatEnvironment contract;
  std::vector<double> result;
  for (const double row : row_sums_)
    for (const double column : column_sums_) result.push_back(row * column);
  return result;
}

double joint_entropy(const JointTable& table, double base) {
  const FloatEnvironment contract;
  return entropy_in_nats(table.probabilities()) / unit("joint_entropy", base);
}

double conditional_entropy(const JointTable& table, double base) {
  const FloatEnvironment contract;
  std::vector<double> terms;
  for (std::size_t i = 0; i < table.probabilities().size(); ++i) {
    const double p = table.probabilities()[i], row = table.x()[i / table.y().size()];
    terms.push_back(p == 0 ? 0 : -(p * numerics::log(p / row)));
  }
  return numerics::sum(terms) / unit("conditional_entropy", base);
}

double mutual_information(const JointTable& table, double base) {
  const FloatEnvironment contract;
  return divergence_in_nats(table.probabilities(), table.product()) / unit("mutual_information", base);
}

double information_for(double likelihood_first, double likelihood_second) {
  const FloatEnvironment contract;
  check_likelihood("information_for", likelihood_first);
  check_likelihood("information_for", likelihood_second);
  if (likelihood_first == 0 && likelihood_second == 0)
    fail("information_for: both likelihoods are 0, expected an observation that one hypothesis allows");
  return numerics::log(likelihood_first / likelihood_second);
}

double posterior_odds(double prior_odds, double likelihood_first, double likelihood_second) {
  const FloatEnvironment contract;
  check_odds(prior_odds);
  check_likelihood("posterior_odds", likelihood_first);
  check_likelihood("posterior_odds", likelihood_second);
  if (likelihood_first == 0 && likelihood_second == 0)
    fail("posterior_odds: both likelihoods are 0, expected an observation that one hypothesis allows");
  return prior_odds * (likelihood_first / likelihood_second);
}

double posterior_odds(double prior_odds, double information) {
  const FloatEnvironment contract;
  check_odds(prior_odds);
  if (information != information) fail("posterior_odds: the information is NaN, expected a number");
  return prior_odds * numerics::exp(information);
}

std::vector<double> posterior(std::span<const double> prior, std::span<const double> likelihoods) {
  const FloatEnvironment contract;
  check_probabilities("posterior", prior);
  if (likelihoods.size() != prior.size())
    fail("posterior: {} likelihoods for {} hypotheses", likelihoods.size(), prior.size());
  std::vector<double> result;
  for (std::size_t i = 0; i < prior.size(); ++i) {
    check_likelihood("posterior", likelihoods[i]);
    result.push_back(prior[i] * likelihoods[i]);
  }
  const double evidence = numerics::sum(result);
  if (!(evidence > 0))
    fail(
        "posterior: every hypothesis of positive probability excludes the observation, expected one that "
        "does not");
  for (double& value : result) value = value / evidence;
  return result;
}

}  // namespace tessera::stats
