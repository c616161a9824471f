#include "tessera/learn/nearest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "tessera/base/thread_pool.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kLeafBlocks = 2;
constexpr std::int64_t kQueriesPerTask = 32;
constexpr std::int64_t kLeastFiltered = 512;  // points
constexpr std::int64_t kFirstBlocks = 4, kMostBlocks = 32;

}  // namespace

namespace {

// What the filter keeps of some blocks, for each query of a group.
struct Kept {
  static constexpr std::int64_t kGroup = internal::kFilterQueries;
  std::int32_t rows[kGroup][kMostBlocks * kBlockPoints];
  std::size_t counts[kGroup] = {};

  // Most masks are zero.
  Kept(const std::uint16_t* masks, std::int64_t blocks, std::int64_t first_row) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      std::uint64_t words[2];
      static_assert(sizeof words == kGroup * sizeof(std::uint16_t));
      std::memcpy(words, masks + b * kGroup, sizeof words);
      if ((words[0] | words[1]) == 0) continue;
      for (std::int64_t i = 0; i < kGroup; ++i)
        for (unsigned left = masks[b * kGroup + i]; left != 0; left &= left - 1)
          rows[i][counts[i]++] =
              static_cast<std::int32_t>(first_row + b * kBlockPoints + std::countr_zero(left));
    }
  }
};

}  // namespace

// The k nearest found so far, in order.
class NearestPoints::Best {
 public:
  explicit Best(std::int64_t k) : most_(static_cast<std::size_t>(k)) { found_.reserve(most_ + 1); }

  // Above this no point is among them; one that is equal may be.
  double worst() const {
    return found_.size() < most_ ? std::numeric_limits<double>::infinity() : found_.back().measure;
  }
  void consider(const Found& candidate) {
    if (found_.size() == most_ && !(candidate < found_.back())) return;
    found_.insert(std::upper_bound(found_.begin(), found_.end(), candidate), candidate);
    if (found_.size() > most_) found_.pop_back();
  }
  const std::vector<Found>& found() const { return found_; }

 private:
  std::size_t most_;
  std::vector<Found> found_;
};

NearestPoints::NearestPoints(const Tensor& points, Metric metric, bool tree)
    : values_(points), points_(points.size(0)), features_(points.size(1)), metric_(metric) {
  const std::span<const double> values = points.values<double>();
  if (tree) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(points_));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    split(order, 0, (points_ + kBlockPoints - 1) / kBlockPoints, values);
    blocks_ = PointBlocks(values, features_, order);
  } else if (metric == Metric::kL2 && points_ >= kLeastFiltered && internal::filter_is_fast()) {
    frame_ = internal::FilterFrame(values, features_);
    if (frame_.usable()) filter_ = internal::FilterPoints(frame_, values);
  }
}

// Orders the rows of these blocks and adds their boxes; gives the number of the box of all of them.
std::int64_t NearestPoints::split(std::vector<std::int64_t>& order, std::int64_t first_block,
                                  std::int64_t blocks, std::span<const double> points) {
  const auto begin = order.begin() + first_block * kBlockPoints;
  const auto end = order.begin() + std::min((first_block + blocks) * kBlockPoints, points_);
  const std::int64_t number = static_cast<std::int64_t>(boxes_.size());
  boxes_.push_back({first_block, blocks});
  add_bounds({begin, end}, points);
  if (blocks <= kLeafBlocks) return number;

  const double* least = bounds_.data() + number * 2 * features_;
  std::int64_t widest = 0;
  for (std::int64_t f = 1; f < features_; ++f)
    if (least[features_ + f] - least[f] > least[features_ + widest] - least[widest]) widest = f;
  const std::int64_t half = blocks / 2;
  std::nth_element(begin, begin + half * kBlockPoints, end, [&](std::int64_t a, std::int64_t b) {
    const double va = points[static_cast<std::size_t>(a * features_ + widest)];
    const double vb = points[static_cast<std::size_t>(b * features_ + widest)];
    return va != vb ? va < vb : a < b;
  });
  const std::int64_t left = split(order, first_block, half, points);
  const std::int64_t right = split(order, first_block + half, blocks - half, points);
  boxes_[static_cast<std::size_t>(number)].left = left;
  boxes_[static_cast<std::size_t>(number)].right = right;
  return number;
}

void NearestPoints::add_bounds(std::span<const std::int64_t> rows, std::span<const double> points) {
  const std::size_t at = bounds_.size(), features = static_cast<std::size_t>(features_);
  bounds_.resize(at + 2 * features);
  for (std::size_t f = 0; f < features; ++f) {
    double least = std::numeric_limits<double>::infinity(), most = -least;
    for (const std::int64_t row : rows) {
      const double value = points[static_cast<std::size_t>(row) * features + f];
      least = std::min(least, value);
      most = std::max(most, value);
    }
    bounds_[at + f] = least;
    bounds_[at + features + f] = most;
  }
}

// At most the measure of any point of the box, as it is computed. Here sums are taken without fused operations (faster where there are none), so a share
// for the roundings of both is taken off; among the smallest numbers, where roundings are no longer shares, the bound is 0.
double NearestPoints::least_measure(std::int64_t box, const double* query) const {
  const double* least = bounds_.data() + box * 2 * features_;
  const double* most = least + features_;
  double sum = 0;
  for (std::int64_t f = 0; f < features_; ++f) {
    const double outside = std::max(std::max(least[f] - query[f], query[f] - most[f]), 0.0);
    if (metric_ == Metric::kL2) sum += outside * outside;
    if (metric_ == Metric::kL1) sum += outside;
    if (metric_ == Metric::kChebyshev) sum = std::max(sum, outside);
  }
  if (sum < 1e-280) return 0;
  if (sum > 1e300) return metric_ == Metric::kChebyshev ? sum : 1e300;
  return sum * (1 - static_cast<double>(4 * features_ + 8) * std::numeric_limits<double>::epsilon());
}

void NearestPoints::compare_block(std::int64_t block, const double* query, Best& best) const {
  double measures[kBlockPoints];
  block_measures(metric_, query, blocks_.block(block), features_, measures);
  const std::int64_t* rows = blocks_.rows(block);
  const double worst = best.worst();
  for (std::int64_t p = 0; p < kBlockPoints; ++p)
    if (measures[p] <= worst && rows[p] != PointBlocks::kNoRow) best.consider({measures[p], rows[p]});
}

// The measures of some points; what fills the last block up is not one.
void NearestPoints::compare_rows(std::span<const std::int32_t> rows, const double* query, Best& best) const {
  while (!rows.empty() && rows.back() >= points_) rows = rows.first(rows.size() - 1);  // ascending
  double measures[kMostBlocks * kBlockPoints];
  own_measures(query, 0, static_cast<std::int64_t>(rows.size()), features_, values_.values<double>().data(),
               rows.data(), measures);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (measures[i] <= best.worst()) best.consider({measures[i], rows[i]});
}

// Every point. A block is put in order for all queries of the task, and compared with some of them at once.
void NearestPoints::search_all(const double* queries, std::span<Best> best) const {
  constexpr std::int64_t kQueries = kBlockQueries;
  const std::span<const double> points = values_.values<double>();
  const auto count = static_cast<std::int64_t>(best.size());
  std::vector<double> block(static_cast<std::size_t>(features_ * kBlockPoints));
  double limits[kQueries] = {}, measures[kQueries * kBlockPoints];
  std::uint16_t masks[kQueries];
  for (std::int64_t row = 0; row < points_; row += kBlockPoints) {
    place_block(points.data() + row * features_, std::min(kBlockPoints, points_ - row), features_,
                block.data());
    const unsigned there = (1u << std::min(kBlockPoints, points_ - row)) - 1;
    for (std::int64_t first = 0; first < count; first += kQueries) {
      const std::int64_t now = std::min(kQueries, count - first);
      for (std::int64_t i = 0; i < now; ++i) limits[i] = best[static_cast<std::size_t>(first + i)].worst();
      block_below(metric_, queries + first * features_, now, block.data(), features_, limits, measures,
                  masks);
      for (std::int64_t i = 0; i < now; ++i)
        for (unsigned left = masks[i] & there; left != 0; left &= left - 1) {
          const std::int64_t point = std::countr_zero(left);
          best[static_cast<std::size_t>(first + i)].consider(
              {measures[i * kBlockPoints + point], row + point});
        }
    }
  }
}

void NearestPoints::search_box(std::int64_t number, const double* query, Best& best) const {
  const Box& box = boxes_[static_cast<std::size_t>(number)];
  if (box.left < 0) {
    for (std::int64_t b = 0; b < box.blocks; ++b) compare_block(box.first_block + b, query, best);
    return;
  }
  const double to_left = least_measure(box.left, query), to_right = least_measure(box.right, query);
  const bool left_first = to_left <= to_right;
  if (std::min(to_left, to_right) <= best.worst()) search_box(left_first ? box.left : box.right, query, best);
  if (std::max(to_left, to_right) <= best.worst()) search_box(left_first ? box.right : box.left, query, best);
}

// The more points have been seen, the fewer of the next are near: looks are short at first.
void NearestPoints::search_filtered(const internal::FilterQueries& filtered, std::span<const double> queries,
                                    std::int64_t first, std::span<Best> best) const {
  constexpr std::int64_t kGroup = internal::kFilterQueries;
  const double margin = frame_.margin(), scale = frame_.square_scale();
  std::uint16_t masks[kMostBlocks * kGroup];
  const auto count = static_cast<std::int64_t>(best.size());
  for (std::int64_t block = 0, step = kFirstBlocks; block < filter_.blocks();
       block += step, step = std::min(2 * step, kMostBlocks)) {
    const std::int64_t blocks = std::min(step, filter_.blocks() - block);
    for (std::int64_t from = 0; from < count; from += kGroup) {
      float limits[kGroup] = {};
      for (std::int64_t i = 0; i < std::min(kGroup, count - from); ++i) {
        const double square = filtered.squares[static_cast<std::size_t>(first + from + i)];
        const double worst = best[static_cast<std::size_t>(from + i)].worst() * scale;
        limits[i] = square < std::numeric_limits<double>::infinity()
                        ? internal::rounded_up((worst - square) / 2 + margin * square / 2 + 0x1p-99)
                        : std::numeric_limits<float>::infinity();
      }
      filter_.below(filtered.group((first + from) / kGroup, features_), block, blocks, limits, masks);
      const Kept kept(masks, blocks, block * kBlockPoints);
      for (std::int64_t i = 0; i < std::min(kGroup, count - from); ++i)
        if (kept.counts[i] > 0)
          compare_rows({kept.rows[i], kept.counts[i]}, queries.data() + (first + from + i) * features_,
                       best[static_cast<std::size_t>(from + i)]);
    }
  }
}

Neighbours NearestPoints::search(const Tensor& queries, std::int64_t k) const {
  const std::int64_t count = queries.size(0);
  const std::span<const double> values = queries.values<double>();
  std::vector<double> distances(static_cast<std::size_t>(count * k));
  std::vector<std::int64_t> rows(distances.size());
  const internal::FilterQueries filtered =
      frame_.usable() ? frame_.queries(values) : internal::FilterQueries();
  parallel_for((count + kQueriesPerTask - 1) / kQueriesPerTask, [&](std::int64_t task) {
    const std::int64_t first = task * kQueriesPerTask, last = std::min(count, first + kQueriesPerTask);
    std::vector<Best> best(static_cast<std::size_t>(last - first), Best(k));
    if (frame_.usable())
      search_filtered(filtered, values, first, best);
    else if (boxes_.empty())
      search_all(values.data() + first * features_, best);
    for (std::int64_t q = first; q < last; ++q) {
      const double* query = values.data() + q * features_;
      Best& of_query = best[static_cast<std::size_t>(q - first)];
      if (!boxes_.empty()) search_box(0, query, of_query);
      for (std::int64_t i = 0; i < k; ++i) {
        const Found& found = of_query.found()[static_cast<std::size_t>(i)];
        distances[static_cast<std::size_t>(q * k + i)] = distance_of(metric_, found.measure);
        rows[static_cast<std::size_t>(q * k + i)] = found.row;
      }
    }
  });
  return {Tensor::from(distances, {count, k}), Tensor::from(rows, {count, k})};
}

}  // namespace tessera::learn
