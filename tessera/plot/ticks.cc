#include "tessera/plot/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tessera/base/error.h"

namespace tessera::plot {
namespace {

// The double nearest to digits * 10^exponent.
double decimal(long long digits, int exponent) {
  return std::strtod(fmt::format("{}e{}", digits, exponent).c_str(), nullptr);
}

// The exponent in the text of a number such as "1.5e-07".
int exponent_in(const std::string& text) {
  return static_cast<int>(std::strtol(text.c_str() + text.find('e') + 1, nullptr, 10));
}

// The greatest exponent whose power of ten (as a double) is not above a positive number.
int decimal_exponent(double value) {
  const int exponent = exponent_in(fmt::format("{:.17e}", value));
  return decimal(1, exponent + 1) <= value ? exponent + 1
                                           : exponent;  // 1e-12 is a little less in more digits
}

struct Step {
  long long digit = 1;  // 1, 2 or 5
  int exponent = 0;
  double value() const { return decimal(digit, exponent); }
  Step next() const {
    if (digit == 1) return {2, exponent};
    return digit == 2 ? Step{5, exponent} : Step{1, exponent + 1};
  }
};

// The multiples of the step that lie in a range, or the smallest set of multiples around it.
struct Multiples {
  long long first = 0, last = 0;
  long long count() const { return last - first + 1; }
};

Multiples around(double from, double to, bool open_from, bool open_to, double step) {
  // An end that misses a multiple by rounding only is that multiple.
  const double slack = 1e-9, low = from / step, high = to / step;
  const double first = open_from ? std::floor(low + slack) : std::ceil(low - slack);
  const double last = open_to ? std::ceil(high - slack) : std::floor(high + slack);
  return {static_cast<long long>(first), static_cast<long long>(last)};
}

// A range without extent gets one, so that a constant can be drawn.
void widen(double& lowest, double& highest, bool keep_from, bool keep_to) {
  const double size = std::max(std::fabs(lowest), std::fabs(highest));
  if (highest - lowest > 1e-10 * size) return;
  const double middle = lowest, reach = size > 0 ? size / 2 : 1;
  if (!keep_to) highest = middle + reach;
  if (!keep_from && (size > 0 || keep_to)) lowest = middle - reach;
}

// Labels as multiples of 10^exponent when they would be long.
void label(Ticks& ticks, const Step& step, const Multiples& multiples) {
  const double size = std::max(std::fabs(ticks.values.front()), std::fabs(ticks.values.back()));
  const int magnitude = size > 0 ? decimal_exponent(size) : 0;
  if (magnitude >= 6 || magnitude <= -4)
    ticks.exponent = (magnitude >= 0 ? magnitude / 3 : (magnitude - 2) / 3) * 3;
  const int decimals = std::max(0, ticks.exponent - step.exponent);
  for (long long i = multiples.first; i <= multiples.last; ++i) {
    const double shown = decimal(i * step.digit, step.exponent - ticks.exponent);
    if (decimals == 0 && std::fabs(shown) >= 1000)
      ticks.labels.push_back(number_for_people(shown));
    else
      ticks.labels.push_back(fmt::format("{:.{}f}", shown, decimals));
    std::string& text = ticks.labels.back();
    if (text.starts_with('-')) text = fmt::format("−{}", text.substr(1));
  }
}

}  // namespace

double Ticks::share(double value) const {
  if (!logarithmic) return (value - from) / (to - from);
  const double low = log10_fixed(from);
  return (log10_fixed(value) - low) / (log10_fixed(to) - low);
}

Ticks linear_ticks(double lowest, double highest, std::optional<double> from, std::optional<double> to,
                   int at_most) {
  TESSERA_CHECK(std::isfinite(lowest) && std::isfinite(highest) && lowest <= highest && at_most >= 2,
                "ticks from {} to {}, at most {}", lowest, highest, at_most);
  lowest = from.value_or(lowest);
  highest = to.value_or(highest);
  widen(lowest, highest, from.has_value(), to.has_value());
  Step step{1, decimal_exponent((highest - lowest) / at_most)};
  Multiples multiples;
  do {
    multiples = around(lowest, highest, !from, !to, step.value());
    if (multiples.count() <= at_most) break;
    step = step.next();
  } while (true);
  Ticks ticks;
  for (long long i = multiples.first; i <= multiples.last; ++i)
    ticks.values.push_back(decimal(i * step.digit, step.exponent));
  ticks.from = from ? *from : ticks.values.front();
  ticks.to = to ? *to : ticks.values.back();
  label(ticks, step, multiples);
  return ticks;
}

namespace {

std::string power_label(int exponent, int digit, bool as_powers) {
  if (!as_powers) {
    const double value = decimal(digit, exponent);
    return exponent >= 0 ? number_for_people(value) : fmt::format("{:.{}f}", value, -exponent);
  }
  return digit == 1 ? superscript(exponent) : fmt::format("{}·{}", digit, superscript(exponent));
}

}  // namespace

Ticks logarithmic_ticks(double lowest, double highest, std::optional<double> from, std::optional<double> to,
                        int at_most) {
  lowest = from.value_or(lowest);
  highest = to.value_or(highest);
  TESSERA_CHECK(lowest > 0 && highest >= lowest, "logarithmic ticks from {} to {}", lowest, highest);
  const int first = decimal_exponent(lowest);
  int last = decimal_exponent(highest);
  if (decimal(1, last) < highest || last == first) ++last;
  std::vector<std::pair<int, int>> candidates;  // exponent, digit
  const int every = std::max(1, (last - first + at_most - 1) / at_most);
  const bool finer = last - first <= 2;
  for (int exponent = first; exponent <= last; exponent += every) {
    candidates.emplace_back(exponent, 1);
    if (!finer || exponent == last) continue;
    candidates.emplace_back(exponent, 2);
    candidates.emplace_back(exponent, 5);
  }
  // The axis ends at the nearest tick on either side of the data.
  Ticks ticks;
  ticks.logarithmic = true;
  ticks.from = from ? *from : decimal(1, first);
  ticks.to = to ? *to : decimal(1, last);
  for (const auto& [exponent, digit] : candidates) {
    const double value = decimal(digit, exponent);
    if (!from && value <= lowest) ticks.from = value;
  }
  for (auto tick = candidates.rbegin(); tick != candidates.rend(); ++tick) {
    const double value = decimal(tick->second, tick->first);
    if (!to && value >= highest && value > ticks.from) ticks.to = value;
  }
  const bool as_powers = first < -4 || last > 5;  // one manner for all labels
  for (const auto& [exponent, digit] : candidates) {
    const double value = decimal(digit, exponent);
    if (value < ticks.from || value > ticks.to) continue;
    ticks.values.push_back(value);
    ticks.labels.push_back(power_label(exponent, digit, as_powers));
  }
  return ticks;
}

std::string superscript(int exponent) {
  static const char* const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = "10";
  if (exponent < 0) text += "⁻";
  for (const char c : fmt::format("{}", std::abs(exponent))) text += digits[c - '0'];
  return text;
}

std::string number_for_people(double value) {
  if (value < 0) return fmt::format("−{}", number_for_people(-value));
  if (!(value <= 1.7976931348623157e308)) return value > 0 ? "infinite" : "not a number";
  if (value < 1e9 && value == std::floor(value)) {
    std::string text = fmt::format("{}", static_cast<long long>(value));
    for (int place = static_cast<int>(text.size()) - 3; place > 0; place -= 3)
      text.insert(static_cast<std::size_t>(place), 1, ',');
    return text;
  }
  std::string text = fmt::format("{:.4g}", value);
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  return fmt::format("{} × {}", text.substr(0, e), superscript(exponent_in(text)));
}

double log10_fixed(double value) {
  int exponent = 0;
  double mantissa = std::frexp(value, &exponent);  // in [0.5, 1); exact
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh z with z = (m - 1) / (m + 1), |z| < 0.1716
  const double z = (mantissa - 1) / (mantissa + 1), square = z * z;
  double sum = 0;
  for (int power = 25; power >= 1; power -= 2) sum = sum * square + 1.0 / power;
  return (exponent * 0.69314718055994531 + 2 * z * sum) / 2.3025850929940457;
}

}  // namespace tessera::plot
