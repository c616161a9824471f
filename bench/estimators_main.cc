// One estimator by the clock: bench/estimators.py runs this beside scikit-learn, XGBoost and LightGBM, in turns.
//
//   tessera_bench_estimators THREADS NAME SETTINGS X.npy Y.npy|- QUERIES.npy
//
// SETTINGS is a JSON object, as for `tessera fit`. For each line on standard input that says "run" it fits anew, uses what was learned on the
// queries (predict, or transform) and prints the seconds of both and the score on the training rows (0 where there is none). NAME may also be
// classical_mds or smacof, which place the rows and have nothing to use on others: the score is the sum of eigenvalues, or the stress.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/data/npy.h"
#include "tessera/learn/estimators.h"
#include "tessera/learn/k_means.h"
#include "tessera/learn/multidimensional_scaling.h"
#include "tessera/tensor/ops.h"

namespace {

using namespace tessera;

double seconds(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double score_of(learn::Estimator& model, const Tensor& x, const Tensor& y) {
  if (const auto* clusters = dynamic_cast<const learn::KMeans*>(&model)) return clusters->inertia();
  const bool scored =
      model.task() == learn::Task::kClassification || model.task() == learn::Task::kRegression;
  return y.defined() && scored ? model.score(x, y) : 0;
}

void run(const char* name, const nlohmann::json& settings, const Tensor& x, const Tensor& y,
         const Tensor& queries) {
  const auto model = learn::make_estimator(name);
  learn::set_parameters(*model, settings);
  auto* transformer = dynamic_cast<learn::Transformer*>(model.get());
  const double fit = seconds([&] { model->fit(x, y); });
  const double use =
      seconds([&] { transformer != nullptr ? transformer->transform(queries) : model->predict(queries); });
  const Range some = Range(0, std::min<std::int64_t>(x.size(0), 2000));
  std::printf("%.6f %.6f %.9g\n", fit, use,
              score_of(*model, copy(x.slice({some})), y.defined() ? copy(y.slice({some})) : y));
  std::fflush(stdout);
}

double place(const std::string& name, const nlohmann::json& settings, const Tensor& x) {
  const Tensor distances = learn::euclidean_distances(x);
  const std::int64_t n_components = settings.value("n_components", std::int64_t{2});
  if (name == "classical_mds")
    return sum(learn::classical_mds(distances, n_components).eigenvalues).item<double>();
  learn::SmacofOptions options{.n_components = n_components};
  options.max_iter = settings.value("max_iter", options.max_iter);
  options.eps = settings.value("eps", options.eps);
  return learn::smacof(distances, options).stress;
}

void run_scaling(const std::string& name, const nlohmann::json& settings, const Tensor& x) {
  double score = 0;
  const double taken = seconds([&] { score = place(name, settings, x); });
  std::printf("%.6f 0 %.9g\n", taken, score);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return std::fputs("usage: see the head of bench/estimators_main.cc\n", stderr), 2;
  use_default_backend();
  set_thread_count(std::max(1, std::atoi(arguments[1])));
  const nlohmann::json settings = nlohmann::json::parse(arguments[3]);
  const Tensor x = data::read_npy(arguments[4]), queries = data::read_npy(arguments[6]);
  const Tensor y = std::string(arguments[5]) == "-" ? Tensor() : data::read_npy(arguments[5]);
  const std::string name = arguments[2];
  for (std::string line; std::getline(std::cin, line);)
    if (name == "classical_mds" || name == "smacof")
      run_scaling(name, settings, x);
    else
      run(arguments[2], settings, x, y, queries);
}
