#include "tessera/learn/james_stein.h"

#include <algorithm>
#include <cmath>

#include "tessera/numerics/functions.h"
#include "tessera/numerics/reduce.h"

namespace tessera::learn {

namespace {

// out[c] = mean of all where a category has no rows, or every category has one; else shrink(group).
template <typename Shrink>
void each_group(std::span<const TargetMoments> groups, const TargetMoments& all, std::span<double> out,
                const Shrink& shrink) {
  const bool one_each = categories_there(groups) == all.count;
  for (std::size_t c = 0; c < groups.size(); ++c)
    out[c] = groups[c].count == 0 || one_each ? all.mean : shrink(groups[c]);
}

double share(double value) {
  return std::clamp(value, 0.0, 1.0);
}

// Log odds ratios with their variances, and the mean that a variance between them gives.
struct LogOdds {
  std::vector<double> ratios, variances;

  explicit LogOdds(std::span<const TargetMoments> groups, const TargetMoments& all) {
    const auto rows = static_cast<double>(all.count);
    for (const TargetMoments& group : groups) {
      if (group.count == 0) continue;
      const auto count = static_cast<double>(group.count);
      const double here = group.sum + 0.5, here_not = count - group.sum + 0.5;
      const double elsewhere = all.sum - group.sum + 0.5,
                   elsewhere_not = rows - count + group.sum - all.sum + 0.5;
      ratios.push_back(numerics::log(elsewhere_not * here / (here_not * elsewhere)));
      variances.push_back(1 / elsewhere_not + 1 / here_not + 1 / elsewhere + 1 / here);
    }
  }

  double mean(double between) const {
    std::vector<double> weights(ratios.size()), weighted(ratios.size());
    for (std::size_t i = 0; i < ratios.size(); ++i) {
      weights[i] = 1 / (between + variances[i]);
      weighted[i] = weights[i] * ratios[i];
    }
    return numerics::sum(std::span<const double>(weighted)) / numerics::sum(std::span<const double>(weights));
  }

  double distance(double between) const {
    const double centre = mean(between);
    std::vector<double> terms(ratios.size());
    for (std::size_t i = 0; i < ratios.size(); ++i)
      terms[i] = (ratios[i] - centre) * (ratios[i] - centre) / (between + variances[i]);
    return numerics::sum(std::span<const double>(terms));
  }

  // The distance falls as the variance grows.
  double between() const {
    const double expected = static_cast<double>(ratios.size()) - 1;
    if (!(distance(0) > expected)) return 0;
    double low = 0, high = 1;
    while (distance(high) > expected) high *= 2;
    for (double middle = high / 2; middle > low && middle < high; middle = low + (high - low) / 2)
      (distance(middle) > expected ? low : high) = middle;
    return high;
  }
};

}  // namespace

std::int64_t categories_there(std::span<const TargetMoments> groups) {
  return std::ranges::count_if(groups, [](const TargetMoments& group) { return group.count > 0; });
}

void james_stein_independent(std::span<const TargetMoments> groups, const TargetMoments& all,
                             std::span<double> out) {
  const auto categories = static_cast<double>(categories_there(groups));
  const double variance = all.sample_variance();
  each_group(groups, all, out, [&](const TargetMoments& group) {
    const double own = group.sample_variance();
    const double to_all =
        own > 0 && categories > 1 ? share(own / (variance + own) * (categories - 3) / (categories - 1)) : 0;
    return (1 - to_all) * group.mean + to_all * all.mean;
  });
}

void james_stein_pooled(std::span<const TargetMoments> groups, const TargetMoments& all,
                        std::span<double> out) {
  const auto categories = static_cast<double>(categories_there(groups));
  const double variance = all.sample_variance() / (static_cast<double>(all.count) / categories);
  std::vector<double> squares;
  for (const TargetMoments& group : groups)
    if (group.count > 0) squares.push_back((group.mean - all.mean) * (group.mean - all.mean));
  const double distance = numerics::sum(std::span<const double>(squares));
  const double to_all = distance > 0 ? share((categories - 3) * variance / distance) : 0;
  each_group(groups, all, out,
             [&](const TargetMoments& group) { return all.mean + (1 - to_all) * (group.mean - all.mean); });
}

void james_stein_beta(std::span<const TargetMoments> groups, const TargetMoments& all,
                      std::span<double> out) {
  each_group(groups, all, out, [&](const TargetMoments& group) {
    const double own = static_cast<double>(group.count) / static_cast<double>(group.count + all.count);
    return own * group.mean + (1 - own) * all.mean;
  });
}

void james_stein_log_odds(std::span<const TargetMoments> groups, const TargetMoments& all,
                          std::span<double> out) {
  std::ranges::fill(out, 0.0);
  const std::int64_t there = categories_there(groups);
  if (there < 2 || there == all.count) return;
  const LogOdds odds(groups, all);
  const double between = odds.between(), centre = odds.mean(between), categories = static_cast<double>(there);
  std::size_t next = 0;
  for (std::size_t c = 0; c < groups.size(); ++c) {
    if (groups[c].count == 0) continue;
    const double variance = odds.variances[next];
    const double to_all = share((categories - 3) * variance / ((categories - 1) * (between + variance)));
    out[c] = centre + (1 - to_all) * (odds.ratios[next++] - centre);
  }
}

}  // namespace tessera::learn
