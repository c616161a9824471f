// The selftest's cases for the numerics room: the scalar functions, which tensors, schedules and samplers
// share, and the random streams.
#include "tessera/backends/selftest_cases.h"
#include "tessera/numerics/bessel.h"
#include "tessera/numerics/functions.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/special_functions.h"

namespace tessera::selftest {
namespace {

template <typename T>
std::vector<T> arguments(const std::string& stream) {
  std::vector<T> values = special_values(dtype_of<T>).template to_vector<T>();
  for (const Values kind : {Values::kOrdinary, Values::kSmall, Values::kAwkward}) {
    const auto key = numerics::stream_key(static_cast<std::uint64_t>(kind), stream);
    const auto more = make_input(key, {4000}, dtype_of<T>, kind).template to_vector<T>();
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

template <typename T>
Tensor as_tensor(const std::vector<T>& values) {
  return Tensor::from(values, Shape{static_cast<std::int64_t>(values.size())});
}

template <typename T, typename Function>
void add_unary(std::vector<Case>& cases, const char* name, Function function) {
  cases.push_back({std::string("numerics.") + name, std::string(dtype_name(dtype_of<T>)), [function] {
                     std::vector<T> values = arguments<T>("selftest/numerics");
                     for (T& x : values) x = function(x);
                     return as_tensor(values);
                   }});
}

template <typename T>
void add_pow(std::vector<Case>& cases) {
  cases.push_back({"numerics.pow", std::string(dtype_name(dtype_of<T>)), [] {
                     const std::vector<T> x = arguments<T>("selftest/numerics");
                     const std::vector<T> y = arguments<T>("selftest/numerics.pow");
                     std::vector<T> values;
                     for (std::size_t i = 0; i < x.size(); ++i)
                       values.push_back(numerics::pow(x[i], y[x.size() - 1 - i]));
                     return as_tensor(values);
                   }});
}

void add_bessel(std::vector<Case>& cases) {
  cases.push_back({"numerics.bessel_j", "float64", [] {
                     std::vector<double> values;
                     for (const double x : arguments<double>("selftest/numerics"))
                       for (const std::int64_t order : {0, 1, 5, 40})
                         if (!(x > 10000 || x < -10000)) values.push_back(numerics::bessel_j(order, x));
                     return as_tensor(values);
                   }});
}

void add_special_functions(std::vector<Case>& cases) {
  cases.push_back({"numerics.special_functions", "float64", [] {
                     const double shapes[] = {0.001, 0.5, 1, 2.5, 7, 40, 333.25, 1e5};
                     std::vector<double> values;
                     for (const double a : shapes) {
                       for (const double value :
                            {numerics::erfc(a / 8 - 1), numerics::log_gamma(a), numerics::digamma(a),
                             numerics::normal_quantile(1 / (1 + a))})
                         values.push_back(value);
                       for (const double factor : {0.1, 0.75, 1.0, 1.5, 6.0}) {
                         values.push_back(numerics::gamma_p(a, a * factor));
                         values.push_back(numerics::gamma_q(a, a * factor));
                         for (const double b : shapes) {
                           const double x = a * factor / (a * factor + b);
                           values.push_back(numerics::beta_p(a, b, x));
                           values.push_back(numerics::beta_q(a, b, x));
                         }
                       }
                     }
                     return as_tensor(values);
                   }});
}

void add_streams(std::vector<Case>& cases) {
  cases.push_back({"numerics.stream_key", "keys", [] {
                     std::vector<std::int64_t> keys;
                     for (const std::uint64_t seed : {0ull, 1ull, 42ull, ~0ull})
                       for (const char* name : {"", "a", "layer1.dropout.0"}) {
                         const numerics::PhiloxKey key = numerics::stream_key(seed, name);
                         keys.insert(keys.end(), {key.k0, key.k1});
                       }
                     return as_tensor(keys);
                   }});
  cases.push_back({"numerics.bounded", "int64", [] {
                     const auto key = numerics::stream_key(7, "selftest/bounded");
                     std::vector<std::int64_t> values;
                     // The last bound rejects almost half of the attempts.
                     for (const std::uint64_t bound : {1ull, 2ull, 3ull, 1000ull, (1ull << 63) + 1})
                       for (std::int64_t i = 0; i < 200; ++i)
                         values.push_back(static_cast<std::int64_t>(numerics::bounded(bound, key, 1, i)));
                     return as_tensor(values);
                   }});
}

}  // namespace

std::vector<Case> numerics_cases() {
  std::vector<Case> cases;
#define TESSERA_FUNCTION_CASE(name)                                          \
  add_unary<float>(cases, #name, [](float x) { return numerics::name(x); }); \
  add_unary<double>(cases, #name, [](double x) { return numerics::name(x); });
  TESSERA_FUNCTION_CASE(exp)
  TESSERA_FUNCTION_CASE(log)
  TESSERA_FUNCTION_CASE(expm1)
  TESSERA_FUNCTION_CASE(log1p)
  TESSERA_FUNCTION_CASE(tanh)
  TESSERA_FUNCTION_CASE(sigmoid)
  TESSERA_FUNCTION_CASE(erf)
  TESSERA_FUNCTION_CASE(sin)
  TESSERA_FUNCTION_CASE(cos)
  TESSERA_FUNCTION_CASE(sqrt)
#undef TESSERA_FUNCTION_CASE
  add_pow<float>(cases);
  add_pow<double>(cases);
  add_bessel(cases);
  add_special_functions(cases);
  add_streams(cases);
  return cases;
}

}  // namespace tessera::selftest
