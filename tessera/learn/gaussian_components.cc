#include "tessera/learn/gaussian_components.h"

#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/latent_normal.h"
#include "tessera/learn/piece_sums.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/triangular.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::int64_t kMostSums = std::int64_t{1} << 20;  // numbers that a task keeps at once

using Sums = std::vector<double>;

const double* elements_of(const Tensor& tensor) {
  return tensor.values<double>().data();
}

double log_of(double x) {
  return numerics::log(x);
}

// What an E-step needs of one component: its measure, and what stands beside it in the logarithm of the density.
struct PreparedComponent {
  std::vector<double> triangle, scale;  // one of them
  double constant = 0;                  // log weight - F/2 log(2 pi) + log determinant of P
};

std::vector<double> transposed_factor(const double* factor, std::int64_t features) {
  std::vector<double> lower(static_cast<std::size_t>(features * features));
  for (std::int64_t i = 0; i < features; ++i)
    for (std::int64_t j = 0; j < features; ++j)
      lower[static_cast<std::size_t>(j * features + i)] = factor[i * features + j];
  return lower;
}

PreparedComponent prepared(const GaussianComponents& model, CovarianceType type, std::int64_t k) {
  const std::int64_t features = model.means.size(1);
  const double* factors = elements_of(model.factors);
  PreparedComponent component;
  double log_determinant = 0;
  if (type == CovarianceType::kFull || type == CovarianceType::kTied) {
    const double* factor = factors + (type == CovarianceType::kFull ? k * features * features : 0);
    component.triangle = packed_triangle(transposed_factor(factor, features).data(), features);
    for (std::int64_t f = 0; f < features; ++f) log_determinant += log_of(factor[f * features + f]);
  } else {
    component.scale.assign(static_cast<std::size_t>(features), 0);
    for (std::int64_t f = 0; f < features; ++f) {
      const double scale = factors[type == CovarianceType::kDiag ? k * features + f : k];
      component.scale[static_cast<std::size_t>(f)] = scale;
      log_determinant += log_of(scale);
    }
  }
  component.constant = log_of(elements_of(model.weights)[k]) -
                       0.5 * (static_cast<double>(features) * kLogTwoPi) + log_determinant;
  return component;
}

void expect_block(const RowBlocks& rows, std::int64_t b, const GaussianComponents& model,
                  const std::vector<PreparedComponent>& components, std::vector<double>& scratch,
                  Expectation& found) {
  const std::int64_t features = rows.features(), count = static_cast<std::int64_t>(components.size());
  double* values = found.responsibilities.data() + b * count * kLaneRows;
  for (std::int64_t k = 0; k < count; ++k) {
    const PreparedComponent& component = components[static_cast<std::size_t>(k)];
    const double* mean = elements_of(model.means) + k * features;
    double* line = values + k * kLaneRows;
    if (component.scale.empty())
      triangular_measures(rows.block(b), features, mean, component.triangle.data(), scratch.data(), line);
    else
      weighted_measures(rows.block(b), features, mean, component.scale.data(), line);
    for (std::int64_t i = 0; i < kLaneRows; ++i) line[i] = component.constant - 0.5 * line[i];
  }
  double log_sums[kLaneRows];
  normalise_logarithms(values, count, log_sums);
  const std::int64_t here = std::min(kLaneRows, rows.rows() - b * kLaneRows);
  std::copy_n(log_sums, here, found.log_likelihoods.data() + b * kLaneRows);
  for (std::int64_t k = 0; k < count; ++k)
    std::fill(values + k * kLaneRows + here, values + (k + 1) * kLaneRows, 0.0);
}

// ---- The M-step ----

struct Estimate {
  const RowBlocks& rows;
  const std::vector<double>& weights;  // packed responsibilities
  const ComponentSettings& settings;
  std::int64_t components, features;
  const double* piece_weights(std::int64_t piece) const {
    return weights.data() + piece * kPieceBlocks * components * kLaneRows;
  }
  const double* piece_rows(std::int64_t piece) const { return rows.block(piece * kPieceBlocks); }
};

// [K] totals, then [K, F] sums.
Sums totals_and_firsts(const Estimate& of) {
  return sum_over_pieces(of.rows.pieces(), [&](std::int64_t piece) {
    Sums sums(static_cast<std::size_t>(of.components * (of.features + 1)));
    weighted_totals(of.piece_rows(piece), of.rows.piece_blocks(piece), of.features, of.piece_weights(piece),
                    of.components, sums.data(), sums.data() + of.components);
    return sums;
  });
}

void mirror(double* matrix, std::int64_t features) {
  for (std::int64_t i = 0; i < features; ++i)
    for (std::int64_t j = 0; j < i; ++j) matrix[j * features + i] = matrix[i * features + j];
}

Tensor full_covariances(const Estimate& of, const std::vector<double>& totals, const double* means) {
  const std::int64_t square = of.features * of.features;
  Sums all(static_cast<std::size_t>(of.components * square));
  const std::int64_t together = std::clamp<std::int64_t>(kMostSums / square, 1, of.components);
  for (std::int64_t first = 0; first < of.components; first += together) {
    const std::int64_t count = std::min(together, of.components - first);
    const Sums sums = sum_over_pieces(of.rows.pieces(), [&](std::int64_t piece) {
      Sums scatter(static_cast<std::size_t>(count * square));
      for (std::int64_t k = 0; k < count; ++k)
        weighted_scatter(of.piece_rows(piece), of.rows.piece_blocks(piece), of.features,
                         of.piece_weights(piece) + (first + k) * kLaneRows, of.components * kLaneRows,
                         means + (first + k) * of.features, scatter.data() + k * square);
      return scatter;
    });
    std::copy(sums.begin(), sums.end(), all.begin() + first * square);
  }
  for (std::int64_t k = 0; k < of.components; ++k) {
    double* matrix = all.data() + k * square;
    for (std::int64_t i = 0; i < square; ++i) matrix[i] = matrix[i] / totals[static_cast<std::size_t>(k)];
    for (std::int64_t f = 0; f < of.features; ++f)
      matrix[f * of.features + f] = matrix[f * of.features + f] + of.settings.reg_covar;
    mirror(matrix, of.features);
  }
  return Tensor::from(all, {of.components, of.features, of.features});
}

// The scatter around each component's mean, all together: one matrix.
Tensor tied_covariance(const Estimate& of, const std::vector<double>& totals, const double* means) {
  const std::int64_t square = of.features * of.features;
  Sums sums = sum_over_pieces(of.rows.pieces(), [&](std::int64_t piece) {
    Sums scatter(static_cast<std::size_t>(square)), all(static_cast<std::size_t>(square));
    for (std::int64_t k = 0; k < of.components; ++k) {
      weighted_scatter(of.piece_rows(piece), of.rows.piece_blocks(piece), of.features,
                       of.piece_weights(piece) + k * kLaneRows, of.components * kLaneRows,
                       means + k * of.features, scatter.data());
      all = sum_of(std::move(all), scatter);
    }
    return all;
  });
  double whole = 0;
  for (const double total : totals) whole += total;
  for (double& element : sums) element = element / whole;
  for (std::int64_t f = 0; f < of.features; ++f) {
    double& element = sums[static_cast<std::size_t>(f * of.features + f)];
    element = element + of.settings.reg_covar;
  }
  mirror(sums.data(), of.features);
  return Tensor::from(sums, {of.features, of.features});
}

Tensor variances(const Estimate& of, const std::vector<double>& totals, const double* means) {
  Sums sums = sum_over_pieces(of.rows.pieces(), [&](std::int64_t piece) {
    Sums squares(static_cast<std::size_t>(of.components * of.features));
    weighted_squares(of.piece_rows(piece), of.rows.piece_blocks(piece), of.features, of.piece_weights(piece),
                     of.components, means, squares.data());
    return squares;
  });
  for (std::int64_t k = 0; k < of.components; ++k)
    for (std::int64_t f = 0; f < of.features; ++f) {
      double& element = sums[static_cast<std::size_t>(k * of.features + f)];
      element = element / totals[static_cast<std::size_t>(k)] + of.settings.reg_covar;
    }
  const Tensor all = Tensor::from(sums, {of.components, of.features});
  return of.settings.type == CovarianceType::kDiag ? all : mean(all, {1});
}

[[noreturn]] void refuse_covariance(std::string_view owner, std::int64_t component, double found) {
  fail(
      "{}: component {}: its covariance is not positive definite (a pivot of {:.3g}), as of rows that are "
      "all "
      "alike or columns that depend on each other; take fewer components, a larger reg_covar, or scaled "
      "features",
      owner, component, found);
}

// The variance of feature f in component k.
double variance_in(const GaussianComponents& model, CovarianceType type, std::int64_t k, std::int64_t f) {
  const std::int64_t features = model.means.size(1);
  const double* values = elements_of(model.covariances);
  switch (type) {
    case CovarianceType::kFull:
      return values[(k * features + f) * features + f];
    case CovarianceType::kTied:
      return values[f * features + f];
    case CovarianceType::kDiag:
      return values[k * features + f];
    default:
      return values[k];
  }
}

// A variance that the rounding of the mean alone can have made is none: whether it is above 0 would be chance.
void refuse_vanished(const GaussianComponents& model, CovarianceType type, std::string_view owner) {
  const std::int64_t features = model.means.size(1);
  for (std::int64_t k = 0; k < model.means.size(0); ++k)
    for (std::int64_t f = 0; f < features; ++f) {
      const double rounding =
          16 * std::numeric_limits<double>::epsilon() * elements_of(model.means)[k * features + f];
      const double variance = variance_in(model, type, k, f);
      if (!(variance > rounding * rounding)) refuse_covariance(owner, k, variance);
      if (type == CovarianceType::kSpherical) break;
    }
}

Tensor factor_of(const Tensor& covariance, std::string_view owner, std::int64_t component) {
  const linalg::CholeskyAttempt attempt = linalg::try_cholesky(covariance);
  if (attempt.failed_minor != 0) refuse_covariance(owner, component, attempt.pivot);
  const std::int64_t features = covariance.size(0);
  std::vector<double> identity(static_cast<std::size_t>(features * features));
  for (std::int64_t f = 0; f < features; ++f) identity[static_cast<std::size_t>(f * features + f)] = 1;
  return contiguous(
      transpose(linalg::solve_triangular(attempt.factor, Tensor::from(identity, {features, features}))));
}

}  // namespace

std::vector<double> packed_responsibilities(const Tensor& responsibilities) {
  const std::int64_t rows = responsibilities.size(0), components = responsibilities.size(1);
  const std::int64_t blocks = (rows + kLaneRows - 1) / kLaneRows;
  std::vector<double> packed(static_cast<std::size_t>(blocks * components * kLaneRows));
  const double* from = elements_of(responsibilities);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t k = 0; k < components; ++k)
      packed[static_cast<std::size_t>((i / kLaneRows * components + k) * kLaneRows + i % kLaneRows)] =
          from[i * components + k];
  return packed;
}

Expectation expect(const RowBlocks& rows, const GaussianComponents& model, CovarianceType type) {
  const std::int64_t count = model.weights.size(0);
  Expectation found;
  found.responsibilities.resize(static_cast<std::size_t>(rows.blocks() * count * kLaneRows));
  found.log_likelihoods.resize(static_cast<std::size_t>(rows.rows()));
  std::vector<PreparedComponent> components;
  for (std::int64_t k = 0; k < count; ++k) components.push_back(prepared(model, type, k));
  parallel_for(rows.pieces(), [&](std::int64_t piece) {
    std::vector<double> scratch(static_cast<std::size_t>(rows.features() * kLaneRows));
    for (std::int64_t b = piece * kPieceBlocks; b < piece * kPieceBlocks + rows.piece_blocks(piece); ++b)
      expect_block(rows, b, model, components, scratch, found);
  });
  return found;
}

Tensor precision_factors(const Tensor& covariances, const ComponentSettings& settings,
                         std::string_view owner) {
  if (settings.type == CovarianceType::kTied) return factor_of(covariances, owner, 0);
  if (settings.type == CovarianceType::kFull) {
    std::vector<Tensor> factors;
    for (std::int64_t k = 0; k < settings.components; ++k)
      factors.push_back(reshape(factor_of(contiguous(covariances.slice({k})), owner, k),
                                {1, covariances.size(1), covariances.size(1)}));
    return concatenate(factors, 0);
  }
  const auto values = covariances.values<double>();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] > 0)) {
      const auto place = static_cast<std::int64_t>(i);
      refuse_covariance(owner, settings.type == CovarianceType::kDiag ? place / covariances.size(1) : place,
                        values[i]);
    }
  return 1.0 / sqrt(covariances);
}

GaussianComponents estimate_components(const RowBlocks& rows, const std::vector<double>& responsibilities,
                                       const ComponentSettings& settings, std::string_view owner,
                                       double sum) {
  const Estimate of{rows, responsibilities, settings, settings.components, rows.features()};
  const Sums sums = totals_and_firsts(of);
  std::vector<double> totals(sums.begin(), sums.begin() + of.components);
  for (double& total : totals) total += 10 * std::numeric_limits<double>::epsilon();
  std::vector<double> means(sums.begin() + of.components, sums.end()), weights = totals;
  for (std::size_t i = 0; i < means.size(); ++i)
    means[i] = means[i] / totals[i / static_cast<std::size_t>(of.features)];
  if (sum == 0)
    for (const double total : totals) sum += total;
  for (double& weight : weights) weight = weight / sum;
  GaussianComponents model;
  model.weights = Tensor::from(weights, {of.components});
  model.means = Tensor::from(means, {of.components, of.features});
  model.covariances = settings.type == CovarianceType::kFull   ? full_covariances(of, totals, means.data())
                      : settings.type == CovarianceType::kTied ? tied_covariance(of, totals, means.data())
                                                               : variances(of, totals, means.data());
  refuse_vanished(model, settings.type, owner);
  model.factors = precision_factors(model.covariances, settings, owner);
  return model;
}

}  // namespace tessera::learn
