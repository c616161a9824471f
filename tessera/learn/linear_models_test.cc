// Linear models: NIST's certified coefficients, the two views of logistic regression, and tables that are odd.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <sstream>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/lasso.h"
#include "tessera/learn/linear_loss.h"
#include "tessera/learn/linear_regression.h"
#include "tessera/learn/logistic_regression.h"
#include "tessera/learn/poisson_regressor.h"
#include "tessera/learn/ridge.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

using Solver = LinearRegression::Solver;

std::string sentence_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

double largest(const Tensor& values) {
  return max(absolute(values)).item<double>();
}

struct Counter : StepObserver {
  std::uint64_t steps = 0, most = ~std::uint64_t{0};
  std::vector<double> first;  // of each report's scalars
  bool on_step(const StepReport& report) override {
    steps = report.step;
    first.push_back(report.scalars[0].value);
    return steps < most;
  }
};

// ---- Least squares ----

struct NistSet {
  const char* name;
  bool intercept;
  int polynomial;  // features x, x^2, ...; 0: as in the file
  double digits;   // at least, of every coefficient: those of numpy.linalg.lstsq (linalg/nist_strd_test.inc)
};

TEST(LinearRegression, ReachesTheDigitsOfNistsCertifiedCoefficients) {
  use_default_backend();
  const char* data = std::getenv("TESSERA_DATA");
  if (data == nullptr) GTEST_SKIP() << "skipped: TESSERA_DATA has no NIST sets";
  const auto numbers_of = [](const std::string& line) {
    std::vector<double> numbers;
    std::istringstream words(line);
    for (double x = 0; words >> x;) numbers.push_back(x);
    return numbers;
  };
  for (const NistSet& set : {NistSet{"Norris", true, 1, 12.3}, NistSet{"NoInt1", false, 1, 14.7},
                             NistSet{"Longley", true, 0, 10.89}, NistSet{"Wampler1", true, 5, 9.63},
                             NistSet{"Wampler4", true, 5, 7.77}}) {
    std::ifstream file(std::string(data) + "/regression/nist_strd/" + set.name + ".dat");
    if (!file.good()) GTEST_SKIP() << "skipped: TESSERA_DATA has no " << set.name;
    std::vector<double> certified, x, y;
    bool reading = false;
    for (std::string line; std::getline(file, line);) {
      const std::size_t start = line.find_first_not_of(' ');
      if (!reading && start != std::string::npos && line[start] == 'B' &&
          std::isdigit(static_cast<unsigned char>(line[start + 1])))
        certified.push_back(numbers_of(line.substr(line.find(' ', start))).at(0));
      const std::vector<double> numbers = reading ? numbers_of(line) : std::vector<double>();
      reading = reading || (line.starts_with("Data:") && line.find(" y") != std::string::npos);
      if (numbers.empty()) continue;
      y.push_back(numbers[0]);
      double power = 1;
      for (int k = 0; k < set.polynomial; ++k) x.push_back(power *= numbers[1]);
      if (set.polynomial == 0) x.insert(x.end(), numbers.begin() + 1, numbers.end());
    }
    const auto rows = static_cast<std::int64_t>(y.size());
    LinearRegression model({.fit_intercept = set.intercept, .solver = Solver::kQr});
    model.fit(Tensor::from(x, {rows, static_cast<std::int64_t>(x.size()) / rows}), Tensor::from(y, {rows}));
    std::vector<double> found = model.coef().to_vector<double>();
    if (set.intercept) found.insert(found.begin(), model.intercept());
    ASSERT_EQ(found.size(), certified.size()) << set.name;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double error = std::abs(found[i] - certified[i]) / std::abs(certified[i]);
      EXPECT_GE(error < 1e-15 ? 15 : -std::log10(error), set.digits) << set.name << ", coefficient " << i;
    }
  }
}

TEST(LinearRegression, FindsTheSameInThreeWays) {
  use_default_backend();
  RandomSource random(1);
  const Tensor x = random.normal("x", {60, 4}, DType::kFloat64) + 3.0;
  const Tensor y = reshape(matmul(x, Tensor::from<double>({1, -2, 0.5, 0}, {4, 1})), {-1}) +
                   random.normal("e", {60}, DType::kFloat64) + 7.0;
  LinearRegression qr({.solver = Solver::kQr}), normal({.solver = Solver::kNormal}),
      descent({.solver = Solver::kGradientDescent, .tol = 1e-13});
  Counter counter;
  qr.fit(x, y);
  normal.fit(x, y);
  descent.fit(x, y, &counter);
  EXPECT_LT(largest(qr.coef() - normal.coef()), 1e-12);
  EXPECT_LT(largest(qr.coef() - descent.coef()), 1e-11);
  EXPECT_NEAR(qr.intercept(), descent.intercept(), 1e-10);
  EXPECT_EQ(counter.steps, static_cast<std::uint64_t>(descent.iterations()));
  for (std::size_t i = 1; i < counter.first.size(); ++i)
    EXPECT_LE(counter.first[i], counter.first[i - 1] + 1e-13 * counter.first[0]) << "the loss rises";
  // Residuals stand at right angles to the features and add up to 0.
  const Tensor rest = y - qr.predict(x);
  EXPECT_LT(largest(matmul(transpose(x), rest)), 1e-10);
  EXPECT_NEAR(sum(rest).item<double>(), 0, 1e-11);
}

// The quick way is QR's to rounding, tall and wide, and steps back where features nearly depend on each other.
TEST(LinearRegression, FromProductsIsThatOfQr) {
  use_default_backend();
  RandomSource random(12);
  const Tensor y = random.normal("y", {600}, DType::kFloat64) + 100.0;
  const Tensor tall = random.normal("tall", {600, 9}, DType::kFloat64) * 30.0 + 1000.0;
  const Tensor wide = random.normal("wide", {40, 600}, DType::kFloat64) + 2.0;
  const Tensor near = concatenate(
      {tall, tall.slice({Range::all(), Range(0, 1)}) + tall.slice({Range::all(), Range(1, 2)}) * 1e-7}, 1);
  const Tensor twice = concatenate({tall, tall.slice({Range::all(), Range(0, 1)})}, 1);
  for (const Tensor& x : {tall, wide, near, twice})
    for (const bool intercept : {true, false}) {
      const Tensor target = copy(y.slice({Range::to(x.size(0))}));
      LinearRegression quick({.fit_intercept = intercept}),
          qr({.fit_intercept = intercept, .solver = Solver::kQr});
      quick.fit(x, target);
      qr.fit(x, target);
      const double size = largest(qr.coef());
      EXPECT_LT(largest(quick.coef() - qr.coef()), 1e-12 * size) << x.shape().to_string();
      EXPECT_EQ(quick.rank(), qr.rank());
    }
}

TEST(LinearRegression, OfFeaturesThatDependOnEachOtherTakesTheShortest) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, 1, 2, 2, 3, 3, 5, 5}, {4, 2}),
               y = x.slice({Range::all(), 0}) * 3.0;
  for (const Solver solver : {Solver::kQr, Solver::kGradientDescent}) {
    LinearRegression model({.solver = solver});
    model.fit(x, y);
    EXPECT_NEAR(model.coef().at<double>({0}), 1.5, 1e-9);
    EXPECT_NEAR(model.coef().at<double>({1}), 1.5, 1e-9);
  }
  LinearRegression model({.solver = Solver::kNormal});
  EXPECT_EQ(
      sentence_of([&] { model.fit(x, y); }),
      "linear_regression: solver normal: feature 1 depends on those before it (or the rows are too few); use "
      "solver qr");
}

TEST(LinearModels, LearnFromAConstantColumnOneRowAndOneFeature) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({1, 7, 2, 7, 4, 7}, {3, 2}), y = Tensor::from<double>({2, 4, 8}, {3});
  LinearRegression plain;
  plain.fit(x, y);
  EXPECT_NEAR(plain.coef().at<double>({0}), 2, 1e-12);
  EXPECT_NEAR(plain.coef().at<double>({1}), 0, 1e-12);
  EXPECT_NEAR(plain.intercept(), 0, 1e-12);
  Lasso lasso({.alpha = 0.1});
  lasso.fit(x, y);
  EXPECT_EQ(lasso.coef().at<double>({1}), 0);
  EXPECT_EQ(lasso.selected(), 1);
  Ridge ridge;
  ridge.fit(x, y);
  EXPECT_EQ(ridge.coef().at<double>({1}), 0);
  const Tensor one = Tensor::from<double>({1, 7}, {1, 2}), three = Tensor::from<double>({3}, {1});
  plain.fit(one, three);
  EXPECT_EQ(plain.predict(one).item<double>(), 3);
  EXPECT_EQ(plain.coef().to_vector<double>(), (std::vector<double>{0, 0}));
}

// ---- Odd tables ----

std::vector<std::unique_ptr<LinearModel>> least_squares_of_every_kind() {
  std::vector<std::unique_ptr<LinearModel>> models;
  for (const Solver solver : {Solver::kAuto, Solver::kQr, Solver::kGradientDescent})
    models.push_back(std::make_unique<LinearRegression>(LinearRegression::Parameters{.solver = solver}));
  for (const double alpha : {0.0, 1e-30, 1.0})
    models.push_back(std::make_unique<Ridge>(Ridge::Parameters{.alpha = alpha}));
  models.push_back(std::make_unique<Lasso>(Lasso::Parameters{.alpha = 0}));
  models.push_back(std::make_unique<ElasticNet>(ElasticNet::Parameters{.alpha = 1e-30}));
  return models;
}

// [rows, 6]; feature 3 is `first` and `second` by turns.
Tensor with_constant(std::uint64_t seed, std::int64_t rows, double first, double second) {
  RandomSource random(seed);
  const Tensor x = random.normal("x", {rows, 6}, DType::kFloat64) + 2.0;
  std::vector<double> column;
  for (std::int64_t i = 0; i < rows; ++i) column.push_back(i % 2 == 0 ? first : second);
  return concatenate({x.slice({Range::all(), Range::to(3)}), Tensor::from(column, {rows, 1}),
                      x.slice({Range::all(), Range::from(4)})},
                     1);
}

TEST(LinearModels, GiveAConstantFeatureTheCoefficient0) {
  use_default_backend();
  struct Value {
    double first, second;
  };
  for (const std::int64_t rows : {5, 7, 333, 1001})
    for (const Value value : {Value{0.1, 0.1},
                              {0.3, 0.3},
                              {1 / 3.0, 1 / 3.0},
                              {1e-3, 1e-3},
                              {-1e10 / 3, -1e10 / 3},
                              {0.3, 0.1 + 0.2}}) {
      const Tensor x = with_constant(21, rows, value.first, value.second);
      const Tensor y = RandomSource(20).normal("y", {rows}, DType::kFloat64);
      const Tensor moved = with_constant(22, rows, value.first + 1000, value.second);
      const Tensor as_moved =
          concatenate({moved.slice({Range::all(), Range::to(3)}), x.slice({Range::all(), Range(3, 4)}),
                       moved.slice({Range::all(), Range::from(4)})},
                      1);
      for (const std::unique_ptr<LinearModel>& model : least_squares_of_every_kind()) {
        model->fit(x, y);
        EXPECT_EQ(model->coef().at<double>({3}), 0)
            << model->name() << ", " << rows << " rows of " << value.first;
        EXPECT_EQ(model->predict(moved).to_vector<double>(), model->predict(as_moved).to_vector<double>());
        if (const auto* line = dynamic_cast<const LinearRegression*>(model.get());
            line != nullptr && line->rank() > 0) {
          EXPECT_EQ(line->rank(), std::min<std::int64_t>(rows, 6));
        }
      }
      LinearRegression normal({.solver = Solver::kNormal});
      EXPECT_EQ(sentence_of([&] { normal.fit(x, y); }).substr(0, 52),
                "linear_regression: solver normal: feature 3 depends ");
    }
}

// A difference that is small beside the feature is one all the same.
TEST(LinearModels, LearnFromAFeatureThatHardlyVaries) {
  use_default_backend();
  RandomSource random(22);
  const Tensor part = random.normal("x", {300, 6}, DType::kFloat64), y = part.slice({Range::all(), 3}) * 5.0;
  const Tensor x = part * 1e-6 + 1e5;
  for (const std::unique_ptr<LinearModel>& model : least_squares_of_every_kind()) {
    if (model->name() != "linear_regression") continue;
    model->fit(x, y);
    EXPECT_NEAR(model->coef().at<double>({3}) / 5e6, 1, 1e-3);
  }
}

TEST(LinearRegression, OfAFeatureThatIsThereTwiceIsTheShortestWhateverRoundingDoes) {
  use_default_backend();
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomSource random(seed);
    Tensor x = random.normal("x", {500, 4}, DType::kFloat64) + 1.0;
    x = concatenate({x, x.slice({Range::all(), Range(1, 2)})}, 1);
    const Tensor y = random.normal("y", {500}, DType::kFloat64);
    LinearRegression model, qr({.solver = Solver::kQr});
    model.fit(x, y);
    qr.fit(x, y);
    EXPECT_EQ(model.rank(), 5) << seed;
    EXPECT_EQ(model.coef().to_vector<double>(), qr.coef().to_vector<double>()) << seed;
    EXPECT_NEAR(model.coef().at<double>({1}), model.coef().at<double>({4}), 1e-14) << seed;
  }
}

TEST(LinearModels, SayWhoCannotDoWithNumbersWhoseSquaresOverflow) {
  use_default_backend();
  for (const Shape& shape : {Shape{40, 3}, Shape{400, 5}, Shape{20, 30}, Shape{30, 600}})
    for (const double size : {1e200, 1.5e307}) {
      RandomSource random(23);
      const Tensor x = random.normal("x", shape, DType::kFloat64) * size,
                   y = random.normal("y", {shape[0]}, DType::kFloat64);
      for (const std::unique_ptr<LinearModel>& model : least_squares_of_every_kind()) {
        const std::string found = sentence_of([&] { model->fit(x, y); });
        const std::string name(model->name());
        if (found == "no error") {
          EXPECT_TRUE(std::isfinite(largest(model->coef())) && std::isfinite(model->intercept())) << name;
          EXPECT_TRUE(name == "linear_regression" || name == "ridge") << name;  // by qr
        } else {
          EXPECT_EQ(found,
                    name +
                        ": features or target are too large: what is computed from them is not finite; scale "
                        "them down");
        }
      }
    }
  const Tensor x = RandomSource(23).normal("x", {40, 3}, DType::kFloat64);
  Lasso lasso;
  EXPECT_EQ(sentence_of([&] { lasso.fit(x, x.slice({Range::all(), 0}) * 1e200); }).substr(0, 6), "lasso:");
  Ridge ridge;
  ridge.fit(x, x.slice({Range::all(), 0}) * 1e200);
  EXPECT_NEAR(ridge.coef().at<double>({0}) / 1e200, 1, 0.1);
}

struct NotFinite : StateVisitor {
  std::string_view which;
  double value = 0;
  void tensor(std::string_view name, Tensor& of) override {
    if (name != which) return;
    std::vector<double> numbers = of.to_vector<double>();
    numbers.back() = value;
    of = Tensor::from(numbers, of.shape());
  }
  void integer(std::string_view, std::int64_t&) override {}
  void real(std::string_view name, double& of) override {
    if (name == which) of = value;
  }
};

TEST(LinearModels, RefuseARestoredNumberThatIsNotFinite) {
  use_default_backend();
  RandomSource random(24);
  const Tensor x = random.normal("x", {30, 3}, DType::kFloat64);
  const Tensor numbers = absolute(random.normal("y", {30}, DType::kFloat64)),
               classes = reshape(concatenate({arange(15), arange(15)}, 0), {-1});
  std::vector<std::unique_ptr<Estimator>> models;
  models.push_back(std::make_unique<LinearRegression>());
  models.push_back(std::make_unique<Ridge>());
  models.push_back(std::make_unique<Lasso>());
  models.push_back(std::make_unique<ElasticNet>());
  models.push_back(std::make_unique<PoissonRegressor>());
  models.push_back(std::make_unique<LogisticRegression>());
  for (const std::unique_ptr<Estimator>& model : models)
    for (const std::string_view which : {"coef", "intercept"})
      for (const double value :
           {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        model->fit(x, model->task() == Task::kClassification ? classes : numbers);
        model->check_restored();
        NotFinite damage;
        damage.which = which;
        damage.value = value;
        model->visit_state(damage);
        EXPECT_EQ(sentence_of([&] { model->check_restored(); }),
                  std::string(model->name()) + ": the saved state cannot be its own: '" + std::string(which) +
                      "' is not finite");
      }
}

// ---- Penalties ----

TEST(Ridge, IsTheSameByRowsAndByFeatures) {
  use_default_backend();
  RandomSource random(2);
  const Tensor wide = random.normal("x", {8, 20}, DType::kFloat64),
               y = random.normal("y", {8}, DType::kFloat64);
  Ridge by_rows({.alpha = 0.7});
  by_rows.fit(wide, y);
  // The normal equations of the features, solved as least squares with rows sqrt(alpha) I below.
  const Tensor centred = wide - mean(wide, {0});
  std::vector<double> identity(400);
  for (std::size_t i = 0; i < 20; ++i) identity[21 * i] = std::sqrt(0.7);
  LinearRegression by_features({.fit_intercept = false});
  by_features.fit(concatenate({centred, Tensor::from(identity, {20, 20})}, 0),
                  concatenate({y - mean(y), zeros({20}, DType::kFloat64)}, 0));
  EXPECT_LT(largest(by_rows.coef() - by_features.coef()), 1e-12);
}

TEST(CentredProducts, HaveTheBitsOfTheProductOfCentredRows) {
  use_default_backend();
  RandomSource random(31);
  const int usual = thread_count();
  for (const auto& [rows, width] :
       {std::pair{20, 3}, {4096, 1}, {5000, 33}, {4353, 100}, {30000, 7}, {4200, 320}, {4200, 330}}) {
    const std::string name = std::to_string(rows) + "x" + std::to_string(width);
    const Tensor x = random.normal("x" + name, {rows, width}, DType::kFloat64) + 5.0,
                 y = random.normal("y" + name, {rows}, DType::kFloat64), means = mean(x, {0});
    const Tensor constant = equal(arange(width), width / 2);
    for (const Tensor& flags : {Tensor(), constant}) {
      const Tensor centred = internal::centred_rows(x, means, flags);
      const auto squares = matmul(copy(transpose(centred)), centred).to_vector<double>(),
                 with_target = matmul(transpose(centred), y).to_vector<double>();
      for (const int threads : {1, 2, 3, 7}) {
        set_thread_count(threads);
        const auto products = internal::centred_products(x, means, flags, y);
        EXPECT_EQ(products.squares.to_vector<double>(), squares) << rows << " x " << width << ", " << threads;
        EXPECT_EQ(products.with_target.to_vector<double>(), with_target)
            << rows << " x " << width << ", " << threads;
      }
      EXPECT_FALSE(internal::centred_products(x, means, flags, {}).with_target.defined());
    }
  }
  set_thread_count(usual);
}

// At the optimum the slope of the squares is alpha where a coefficient is not 0, and at most alpha where it is.
TEST(Lasso, MeetsTheConditionsOfItsOptimumWithManyFeatures) {
  use_default_backend();
  RandomSource random(3);
  const Tensor x = random.normal("x", {50, 700}, DType::kFloat64);
  const Tensor y = x.slice({Range::all(), 5}) * 3.0 - x.slice({Range::all(), 600}) * 2.0 +
                   random.normal("e", {50}, DType::kFloat64) * 0.1;
  Counter counter;
  Lasso model({.alpha = 0.05, .max_iter = 10000, .tol = 1e-13});
  model.fit(x, y, &counter);
  EXPECT_LT(model.duality_gap(), 1e-11);
  EXPECT_EQ(counter.steps, static_cast<std::uint64_t>(model.iterations()));
  EXPECT_GE(model.selected(), 2);
  EXPECT_LT(model.selected(), 60);
  const std::vector<double> slopes =
      (matmul(transpose(x - mean(x, {0})), y - model.predict(x)) / 50.0).to_vector<double>();
  const std::vector<double> coef = model.coef().to_vector<double>();
  for (std::size_t j = 0; j < coef.size(); ++j) {
    if (coef[j] != 0) {
      EXPECT_NEAR(slopes[j], coef[j] > 0 ? 0.05 : -0.05, 1e-6) << j;
    } else {
      EXPECT_LE(std::abs(slopes[j]), 0.05 + 1e-6) << j;
    }
  }
}

// More features that are not 0 than rows; and all features at work.
TEST(ElasticNet, MeetsTheConditionsOfItsOptimumWithMoreCoefficientsThanRows) {
  use_default_backend();
  RandomSource random(41);
  const Tensor x = random.normal("x", {30, 700}, DType::kFloat64);
  const Tensor y = reshape(matmul(x, random.normal("w", {700, 1}, DType::kFloat64)), {-1});
  for (const double alpha : {1.0, 0.01})
    for (const bool positive : {false, true}) {
      const double l1 = alpha * 0.25, l2 = alpha * 0.75;
      ElasticNet model(
          {.alpha = alpha, .l1_ratio = 0.25, .positive = positive, .max_iter = 100000, .tol = 1e-12});
      model.fit(x, y);
      EXPECT_GT(model.selected(), 30);
      const std::vector<double> coef = model.coef().to_vector<double>();
      const std::vector<double> slopes =
          (matmul(transpose(x - mean(x, {0})), y - model.predict(x)) / 30.0).to_vector<double>();
      for (std::size_t j = 0; j < coef.size(); ++j) {
        const double slope = slopes[j] - l2 * coef[j];
        if (coef[j] == 0) {
          EXPECT_LE(positive ? slope : std::abs(slope), l1 + 1e-4) << j;
        } else {
          EXPECT_NEAR(slope, coef[j] > 0 ? l1 : -l1, 1e-4) << j;
        }
        EXPECT_TRUE(!positive || coef[j] >= 0) << j;
      }
    }
}

TEST(Lasso, OfManyFeaturesOfWhichNoneExceedsThePenaltyIsTheMean) {
  use_default_backend();
  const auto expect_zeros = [](SparseRegression& model, const Tensor& x, const Tensor& y) {
    Counter counter;
    model.fit(x, y, &counter);
    EXPECT_EQ(largest(model.coef()), 0);
    EXPECT_EQ(model.selected(), 0);
    EXPECT_EQ(model.intercept(), mean(y).item<double>());
    EXPECT_NEAR(model.duality_gap(), 0, 1e-15);
    EXPECT_EQ(model.iterations(), 0);
    EXPECT_EQ(counter.steps, 0u);
  };
  for (const std::int64_t rows : {20, 30}) {
    RandomSource random(25);
    const Tensor x = random.normal("x", {rows, 600}, DType::kFloat64),
                 y = random.normal("y", {rows}, DType::kFloat64), same = full({rows}, 5.0, DType::kFloat64);
    Lasso strong({.alpha = 100}), plain, weak({.alpha = 0}), positive({.alpha = 100, .positive = true});
    ElasticNet net({.alpha = 100});
    ElasticNet without_l1({.alpha = 1, .l1_ratio = 0});
    expect_zeros(strong, x, y);
    expect_zeros(positive, x, y);
    expect_zeros(net, x, y);
    expect_zeros(plain, x, same);
    expect_zeros(weak, x, same);
    expect_zeros(without_l1, x, same);
  }
}

TEST(ElasticNet, WithoutL1IsRidge) {
  use_default_backend();
  RandomSource random(4);
  const Tensor x = random.normal("x", {40, 5}, DType::kFloat64),
               y = random.normal("y", {40}, DType::kFloat64);
  ElasticNet net({.alpha = 0.3, .l1_ratio = 0, .tol = 0});
  Ridge ridge({.alpha = 0.3 * 40});
  net.fit(x, y);
  ridge.fit(x, y);
  EXPECT_LT(largest(net.coef() - ridge.coef()), 1e-9);
}

// ---- Logistic regression: two views ----

struct Labelled {
  Tensor x, y;
};

Labelled noisy_classes(std::int64_t rows, std::int64_t classes) {
  RandomSource random(5);
  const Tensor x = random.normal("x", {rows, 3}, DType::kFloat64);
  const Tensor score = x.slice({Range::all(), 0}) * 2.0 - x.slice({Range::all(), 1}) +
                       random.normal("e", {rows}, DType::kFloat64) * 2.0;
  Tensor y = cast(greater(score, 0.0), DType::kInt64);
  if (classes == 3) y = y + cast(greater(score, 2.0), DType::kInt64);
  return {x, y};
}

TEST(LogisticRegression, IsTheSameByLikelihoodAndByMargins) {
  use_default_backend();
  for (const std::int64_t classes : {2, 3})
    for (const auto penalty : {LogisticRegression::Penalty::kL2, LogisticRegression::Penalty::kNone}) {
      const Labelled rows = noisy_classes(300, classes);
      LogisticRegression likelihood({.penalty = penalty, .tol = 1e-13});
      LogisticRegression margins({.penalty = penalty,
                                  .tol = 1e-13,
                                  .solver = LogisticRegression::Solver::kMargin,
                                  .max_iter = 1000});
      likelihood.fit(rows.x, rows.y);
      margins.fit(rows.x, rows.y);
      EXPECT_TRUE(likelihood.converged() && margins.converged());
      EXPECT_LT(largest(likelihood.coef() - margins.coef()), 1e-9) << classes;
      EXPECT_LT(largest(likelihood.intercept() - margins.intercept()), 1e-9) << classes;
      const Tensor one = likelihood.losses(rows.x, rows.y), other = margins.losses(rows.x, rows.y);
      EXPECT_LT(largest((one - other) / one), 1e-9) << classes;
      EXPECT_GT(min(one).item<double>(), 0);
      EXPECT_LT(min(one).item<double>(), 0.2) << "a loss may be below 1";
    }
}

using internal::LossView;

TEST(LogisticLoss, OfAScoreOf0IsTheLogarithmOf2AndNeverBelow0) {
  use_default_backend();
  const Tensor y = Tensor::from<std::int64_t>({0, 1}, {2});
  const double log2 = 0.69314718055994530942;
  for (const LossView view : {LossView::kBernoulli, LossView::kMargin}) {
    EXPECT_NEAR(largest(internal::losses(view, zeros({2, 1}, DType::kFloat64), y) - log2), 0, 1e-16);
    const Tensor sure = internal::losses(view, Tensor::from<double>({-700, 700}, {2, 1}), y);
    EXPECT_GT(min(sure).item<double>(), 0);
    const Tensor wrong = internal::losses(view, Tensor::from<double>({800, -800}, {2, 1}), y);
    EXPECT_EQ(wrong.to_vector<double>(), (std::vector<double>{800, 800}));
  }
  for (const LossView view : {LossView::kCategorical, LossView::kCategoricalMargin})
    EXPECT_NEAR(largest(internal::losses(view, zeros({2, 4}, DType::kFloat64), y) - 2 * log2), 0, 1e-15);
  const Tensor sure = Tensor::from<double>({60, 0, 0, 0, 60, 0}, {2, 3});
  EXPECT_GT(min(internal::losses(LossView::kCategoricalMargin, sure, y)).item<double>(), 0);
}

// Central differences of the mean loss with its penalty, for every view, and of its gradient for the second derivatives.
TEST(LinearLoss, HasTheDerivativesOfItsValue) {
  use_default_backend();
  const Labelled two = noisy_classes(30, 2), three = noisy_classes(30, 3);
  for (const LossView view : {LossView::kBernoulli, LossView::kMargin, LossView::kCategorical,
                              LossView::kCategoricalMargin, LossView::kPoisson}) {
    const bool several = view == LossView::kCategorical || view == LossView::kCategoricalMargin;
    const Tensor y = view == LossView::kPoisson ? cast(three.y, DType::kFloat64) : several ? three.y : two.y;
    internal::LinearLoss loss(two.x, y, {view, true, 0.1, several ? 3 : 2, {}});
    std::vector<double> at(loss.size()), gradient(at.size()), above(at.size()), below(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) at[i] = 0.3 * static_cast<double>(i % 5) - 0.5;
    loss.evaluate(at, gradient);
    const std::vector<double> second = loss.second_derivatives().to_vector<double>();
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double kept = at[i], h = 1e-5;
      at[i] = kept + h;
      const double value_above = loss.evaluate(at, above);
      at[i] = kept - h;
      const double value_below = loss.evaluate(at, below);
      at[i] = kept;
      EXPECT_NEAR(gradient[i], (value_above - value_below) / (2 * h), 1e-9)
          << static_cast<int>(view) << " " << i;
      for (std::size_t j = 0; j < at.size(); ++j)
        EXPECT_NEAR(second[i * at.size() + j], (above[j] - below[j]) / (2 * h), 1e-8)
            << static_cast<int>(view) << " " << i << " " << j;
    }
  }
}

TEST(LogisticRegression, OfClassesThatCanBeSeparatedEndsAndIsRight) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({0, 1, 2, 3}, {4, 1}),
               y = Tensor::from<std::int64_t>({0, 0, 1, 1}, {4});
  for (const auto solver : {LogisticRegression::Solver::kNewton, LogisticRegression::Solver::kMargin}) {
    LogisticRegression model({.penalty = LogisticRegression::Penalty::kNone, .solver = solver});
    model.fit(x, y);
    EXPECT_TRUE(model.converged());  // the gradient goes to 0, where the coefficients go to infinity
    EXPECT_EQ(model.score(x, y), 1);
    LogisticRegression tight(
        {.penalty = LogisticRegression::Penalty::kNone, .tol = 0, .solver = solver, .max_iter = 20});
    tight.fit(x, y);
    EXPECT_EQ(tight.score(x, y), 1);
    EXPECT_LE(tight.iterations(), 20);
    EXPECT_GT(tight.coef().at<double>({0, 0}), model.coef().at<double>({0, 0}));
    EXPECT_TRUE(std::isfinite(tight.intercept().item<double>()));
  }
}

// A sample of the rows gives the second derivatives; the optimum is that of all rows. A feature that is there in three of 20,000 rows, and rows
// sorted by class, are no obstacle.
TEST(LogisticRegression, OfManyRowsHasNoGradientLeft) {
  use_default_backend();
  Labelled rows = noisy_classes(20'000, 2);
  const Tensor order = argsort(rows.y);
  std::vector<double> rare(20'000);
  rare[100] = rare[11'000] = rare[19'000] = 1;
  const Tensor x = concatenate({gather(rows.x, order) * 1000.0, Tensor::from(rare, {20'000, 1})}, 1),
               y = gather(rows.y, order);
  for (const auto solver : {LogisticRegression::Solver::kNewton, LogisticRegression::Solver::kMargin}) {
    LogisticRegression model({.tol = 1e-10, .solver = solver});
    Counter counter;
    model.fit(x, y, &counter);
    EXPECT_TRUE(model.converged());
    EXPECT_LT(counter.steps, 60u);
    const Tensor slopes = model.predict_proba(x).slice({Range::all(), 1}) - cast(y, DType::kFloat64);
    EXPECT_LT(largest(matmul(reshape(slopes, {1, -1}), x) + model.coef()), 1e-10 * 20'000 * 1.01);
    EXPECT_NEAR(sum(slopes).item<double>(), 0, 1e-10 * 20'000 * 1.01);
  }
}

// A year is nearly the same in all rows, as a column of ones is. What is added to a feature moves the intercept alone.
TEST(LogisticRegression, SparseOfFeaturesFarFromZeroIsAsQuickAndTheSame) {
  use_default_backend();
  for (const std::int64_t classes : {2, 3}) {
    const Labelled rows = noisy_classes(300, classes);
    const Tensor far = rows.x + Tensor::from<double>({2000, -1e5, 1}, {1, 3});
    for (const auto penalty : {LogisticRegression::Penalty::kL1, LogisticRegression::Penalty::kElasticNet}) {
      LogisticRegression near({.penalty = penalty, .tol = 1e-9}), offset({.penalty = penalty, .tol = 1e-9});
      near.fit(rows.x, rows.y);
      offset.fit(far, rows.y);
      EXPECT_TRUE(near.converged() && offset.converged());
      EXPECT_LE(offset.iterations(), near.iterations() + 2);
      EXPECT_LT(largest(offset.coef() - near.coef()), 1e-6);
      EXPECT_LT(largest(offset.predict_proba(far) - near.predict_proba(rows.x)), 1e-6);
    }
  }
}

TEST(LogisticRegression, EndsWhenTheObserverAsks) {
  use_default_backend();
  const Labelled rows = noisy_classes(200, 3);
  Counter counter;
  counter.most = 2;
  LogisticRegression model({.tol = 1e-12, .solver = LogisticRegression::Solver::kMargin});
  model.fit(rows.x, rows.y, &counter);
  EXPECT_EQ(model.iterations(), 2);
  EXPECT_FALSE(model.converged());
}

TEST(LogisticRegression, RefusesAClassWithoutARowAndTooManySparseCoefficients) {
  use_default_backend();
  LogisticRegression model;
  EXPECT_EQ(sentence_of([&] {
              model.fit(zeros({2, 1}), Tensor::from<std::int64_t>({0, 2}, {2}));
            }),
            "logistic_regression: there is no row of class 1 of 3");
  LogisticRegression sparse({.penalty = LogisticRegression::Penalty::kL1});
  EXPECT_EQ(sentence_of([&] {
              sparse.fit(zeros({2, 5000}), Tensor::from<std::int64_t>({0, 1}, {2}));
            }),
            "logistic_regression: penalty l1: expected at most 4096 coefficients, found 5001");
}

// ---- Poisson ----

TEST(PoissonRegressor, OfOneGroupPerColumnGivesTheGroupsMeans) {
  use_default_backend();
  const Tensor x = Tensor::from<double>({0, 0, 1, 1, 1}, {5, 1}),
               y = Tensor::from<double>({0, 3, 4, 8, 9}, {5});
  PoissonRegressor model({.alpha = 0, .tol = 1e-13});
  model.fit(x, y);
  EXPECT_NEAR(model.predict(x).at<double>({0}), 1.5, 1e-11);
  EXPECT_NEAR(model.predict(x).at<double>({2}), 7, 1e-11);
  // scikit-learn 1.9.1: PoissonRegressor(alpha=0, tol=1e-12).score
  EXPECT_NEAR(model.d2_score(x, y), 0.5830179225711, 1e-9);
  EXPECT_EQ(sentence_of([&] { model.fit(x, y - 1.0); }),
            "poisson_regressor: expected a target of at least 0, found -1");
  EXPECT_EQ(sentence_of([&] { model.fit(x, y * 0.0); }),
            "poisson_regressor: expected a target that is not always 0");
}

}  // namespace
}  // namespace tessera::learn
