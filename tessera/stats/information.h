// Information theory of discrete distributions: entropy, cross-entropy, Kullback-Leibler and Jensen-Shannon divergence, mutual information of a joint
// table, odds. Shannon, "A mathematical theory of communication", 1948; Cover & Thomas, "Elements of information theory", 2nd ed., 2006, chapter 2.
//
// Distributions are lists of probabilities. Results are in units of log(base): nats by default, bits with base 2. 0 log 0 counts as 0.
//
//   entropy H(p) = -sum p log p: 0 for a certain outcome and log n for n equally probable ones, the most that n outcomes can have; it does not mind the order of
//                outcomes, adds over independent variables, and is CONCAVE: a mixture has at least the mixture of the entropies
//   divergence   D(p|q) = sum p log(p/q): the mean information for p against q, when p is true, that one observation gives. At
//                least 0, exactly 0 if and only if p and q are equal number for number, not symmetric, infinite if something happens that q excludes
//   odds         an observation of likelihoods p(x) and q(x) multiplies the odds of the two hypotheses by p(x)/q(x) = exp(information): this is
//                what D(p|q) is the mean of (Kullback, "Information theory and statistics", 1959)
//
// D, Jensen-Shannon and mutual information are sums of p log(p/q) + q - p, terms that are never negative, in the contract's order. Errors are at most some
// 1e-16 log n. Estimates from samples: mutual_information.h.
//
// Errors: no probabilities, negative ones, NaN, a sum that is not 1 (to 1e-9), lists of different lengths, a base that is not above 0 or is 1.
// Thread-safety: pure functions.
//
// ```cpp
// const std::vector<double> fair = {0.5, 0.5}, bent = {0.75, 0.25};
// assert(stats::entropy(fair, stats::kBits) == 1);
// assert(stats::kl_divergence(fair, fair) == 0 && stats::kl_divergence(bent, fair) > 0);
// // Even odds that the coin is bent; heads, where 0 is heads.
// assert(stats::posterior_odds(1, bent[0], fair[0]) == 1.5);
// assert(std::abs(stats::mutual_information(stats::JointTable(2, 2, {0.5, 0, 0, 0.5}), stats::kBits) - 1) < 1e-15);
// ```
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::stats {

inline constexpr double kNats = 2.718281828459045235360;  // base e
inline constexpr double kBits = 2;
inline constexpr double kDigits = 10;

double entropy(std::span<const double> p, double base = kNats);
double cross_entropy(std::span<const double> p, std::span<const double> q,
                     double base = kNats);  // H(p) + D(p|q)
double kl_divergence(std::span<const double> p, std::span<const double> q, double base = kNats);
// (D(p|m) + D(q|m)) / 2 with m the mean of both: symmetric, at most log 2; its square root is a metric (Endres & Schindelin, 2003).
double jensen_shannon(std::span<const double> p, std::span<const double> q, double base = kNats);

// Probabilities of pairs (x, y): x is the row, y the column.
class JointTable {
 public:
  JointTable(std::int64_t rows, std::int64_t columns, std::vector<double> probabilities);  // row-major
  // Relative frequencies; counts are not negative, and not all 0.
  static JointTable from_counts(std::int64_t rows, std::int64_t columns,
                                std::span<const std::int64_t> counts);

  std::int64_t rows() const { return static_cast<std::int64_t>(row_sums_.size()); }
  std::int64_t columns() const { return static_cast<std::int64_t>(column_sums_.size()); }
  std::span<const double> probabilities() const { return probabilities_; }
  std::span<const double> x() const { return row_sums_; }     // the distribution of x alone
  std::span<const double> y() const { return column_sums_; }  // of y alone
  std::vector<double> product() const;  // p(x) p(y), row-major: what it would be if x and y were independent

 private:
  std::vector<double> probabilities_, row_sums_, column_sums_;
};

double joint_entropy(const JointTable& table, double base = kNats);        // H(X, Y)
double conditional_entropy(const JointTable& table, double base = kNats);  // H(Y|X) = H(X, Y) - H(X)
double mutual_information(const JointTable& table, double base = kNats);   // D(joint|product)

// The information, in nats, of one observation for the first hypothesis against the second: log(first / second).
double information_for(double likelihood_first, double likelihood_second);
// Odds after an observation: prior x first / second. With information instead of likelihoods: prior x exp(information), which is the same number but for
// the rounding of log and exp (within 2 units in the last place as long as the likelihoods differ by less than a factor of 1.25, else within 2 + |information|).
double posterior_odds(double prior_odds, double likelihood_first, double likelihood_second);
double posterior_odds(double prior_odds, double information);
// Probabilities of any number of hypotheses after an observation: prior x likelihood, divided by their sum. A sum of 0 is an Error.
std::vector<double> posterior(std::span<const double> prior, std::span<const double> likelihoods);

}  // namespace tessera::stats
