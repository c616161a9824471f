#include "tessera/metrics/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/numerics/reduce.h"

namespace tessera::metrics {

namespace {

constexpr double kBarPerCharacter = 0.02;
constexpr double kLongestBar = 25;

void check(std::span<const double> probabilities, std::span<const std::int64_t> hits) {
  if (probabilities.size() != hits.size() || probabilities.empty())
    fail("calibration: found {} probabilities and {} hits, expected as many of both, at least one",
         probabilities.size(), hits.size());
  for (const double p : probabilities)
    if (!(p >= 0 && p <= 1)) fail("calibration: found the probability {}, expected from 0 to 1", p);
  for (const std::int64_t hit : hits)
    if (hit != 0 && hit != 1) fail("calibration: found {} among the hits, expected 0 or 1", hit);
}

// The inner edges come from here.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(place);
  const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
  return low + (high - low) * (place - static_cast<double>(below));
}

std::vector<double> edges_of(std::span<const double> probabilities, const ReliabilityOptions& options) {
  std::vector<double> sorted(probabilities.begin(), probabilities.end()), edges;
  std::ranges::sort(sorted);
  for (std::int64_t i = 0; i <= options.bins; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(options.bins);
    edges.push_back(options.edges == BinEdges::kUniform ? share : quantile(sorted, share));
  }
  return edges;
}

double mean_of(const std::vector<double>& values) {
  return values.empty() ? 0 : numerics::mean(std::span<const double>(values));
}

}  // namespace

std::vector<ReliabilityBin> reliability(std::span<const double> probabilities,
                                        std::span<const std::int64_t> hits,
                                        const ReliabilityOptions& options) {
  const FloatEnvironment contract;
  check(probabilities, hits);
  if (options.bins < 1 || options.bins > 100'000)
    fail("calibration: bins: expected from 1 to 100000, found {}", options.bins);
  const std::vector<double> edges = edges_of(probabilities, options);
  const std::size_t count = static_cast<std::size_t>(options.bins);
  std::vector<std::vector<double>> said(count), came(count);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const auto inner = std::lower_bound(edges.begin() + 1, edges.end() - 1, probabilities[i]);
    const auto bin = static_cast<std::size_t>(inner - edges.begin()) - 1;
    said[bin].push_back(probabilities[i]);
    came[bin].push_back(static_cast<double>(hits[i]));
  }
  std::vector<ReliabilityBin> bins;
  for (std::size_t b = 0; b < count; ++b)
    bins.push_back({edges[b], edges[b + 1], static_cast<std::int64_t>(said[b].size()), mean_of(said[b]),
                    mean_of(came[b])});
  return bins;
}

double expected_calibration_error(const std::vector<ReliabilityBin>& bins) {
  const FloatEnvironment contract;
  double sum = 0, rows = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.rows) * std::abs(bin.mean_probability - bin.share);
    rows += static_cast<double>(bin.rows);
  }
  return rows > 0 ? sum / rows : 0;
}

std::string reliability_table(const std::vector<ReliabilityBin>& bins) {
  std::string text = "probability     rows    said    came\n";
  for (const ReliabilityBin& bin : bins) {
    text += fmt::format("{:.3f} to {:.3f} {:5}", bin.least, bin.most, bin.rows);
    if (bin.rows > 0) {
      const double gap = bin.share - bin.mean_probability;
      const double length = std::min(std::nearbyint(std::abs(gap) / kBarPerCharacter), kLongestBar);
      const std::string bar(static_cast<std::size_t>(length), gap > 0 ? '+' : '-');
      text += fmt::format("   {:.3f}   {:.3f}{}{}", bin.mean_probability, bin.share, bar.empty() ? "" : "  ",
                          bar);
    }
    text += "\n";
  }
  return text;
}

double brier_score(std::span<const double> probabilities, std::span<const std::int64_t> hits) {
  const FloatEnvironment contract;
  check(probabilities, hits);
  std::vector<double> errors;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const double error = probabilities[i] - static_cast<double>(hits[i]);
    errors.push_back(error * error);
  }
  return mean_of(errors);
}

double brier_score(const Tensor& probabilities, const Tensor& labels) {
  const FloatEnvironment contract;
  if (!probabilities.defined() || !labels.defined() || probabilities.rank() != 2 || labels.rank() != 1 ||
      probabilities.dtype() != DType::kFloat64 || labels.dtype() != DType::kInt64 ||
      probabilities.size(0) != labels.size(0))
    fail("brier_score: expected float64 probabilities [N, C] and int64 labels [N]");
  const std::vector<double> p = probabilities.to_vector<double>();
  const std::vector<std::int64_t> classes = labels.to_vector<std::int64_t>();
  const std::size_t width = static_cast<std::size_t>(probabilities.size(1));
  std::vector<double> errors;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < 0 || classes[i] >= probabilities.size(1))
      fail("brier_score: found the label {}, expected from 0 to {}", classes[i], width - 1);
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c) {
      const double error = p[i * width + c] - (c == static_cast<std::size_t>(classes[i]) ? 1 : 0);
      sum += error * error;
    }
    errors.push_back(sum);
  }
  if (errors.empty()) fail("brier_score: expected at least one row, found none");
  return mean_of(errors);
}

}  // namespace tessera::metrics
