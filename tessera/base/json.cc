#include "tessera/base/json.h"

#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;  // a hostile file must not exhaust the stack
constexpr int kMantissaBits = 52;
constexpr int kExponentBias = 1023;
constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << kMantissaBits) - 1;

void refuse_reals(const json& value) {
  if (value.is_number_float()) fail("a canonical JSON text holds real numbers as hexadecimal strings only");
  if (value.is_structured())
    for (const json& part : value) refuse_reals(part);
}

// "parse error at line 1, column 5: ..." without the library's own prefix and exception number.
std::string plain_reason(const std::string& what) {
  const std::size_t end = what.find("] ");
  return printable(end == std::string::npos ? what : what.substr(end + 2));  // it quotes the text
}

double from_parts(bool negative, std::uint64_t exponent, std::uint64_t mantissa) {
  return std::bit_cast<double>((std::uint64_t{negative} << 63) | (exponent << kMantissaBits) | mantissa);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The value of "1[.digits]p(+|-)decimal". Sloppy about spelling, since the caller compares with the canonical
// text.
double parse_normalized(bool negative, std::string_view text) {
  if (!text.starts_with("1")) return 0;
  text.remove_prefix(1);
  std::uint64_t mantissa = 0;
  int bits = 0;
  if (text.starts_with(".")) {
    text.remove_prefix(1);
    while (!text.empty() && hex_digit(text[0]) >= 0 && bits < kMantissaBits) {
      mantissa = (mantissa << 4) | static_cast<std::uint64_t>(hex_digit(text[0]));
      bits += 4;
      text.remove_prefix(1);
    }
  }
  mantissa <<= kMantissaBits - bits;
  if (text.size() < 3 || text[0] != 'p') return 0;
  const bool negative_exponent = text[1] == '-';
  int exponent = 0;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9' || exponent > 9999) return 0;
    exponent = 10 * exponent + (c - '0');
  }
  if (negative_exponent) exponent = -exponent;
  if (exponent > kExponentBias || exponent < -1074) return 0;
  if (exponent >= -1022)
    return from_parts(negative, static_cast<std::uint64_t>(exponent + kExponentBias), mantissa);
  const int shift = -1022 - exponent;  // a subnormal: the leading one becomes part of the mantissa
  return from_parts(negative, 0, ((std::uint64_t{1} << kMantissaBits) | mantissa) >> shift);
}

}  // namespace

std::string canonical_json(const json& value) {
  refuse_reals(value);
  try {
    return value.dump();
  } catch (const json::exception& error) {
    fail("a text cannot be recorded: {}", plain_reason(error.what()));
  }
}

json parse_json(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> keys_of_open_objects;
  const auto refuse = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDeepest) fail("{}: nested more than {} levels deep", where, kDeepest);
    if (event == json::parse_event_t::object_start) keys_of_open_objects.emplace_back();
    if (event == json::parse_event_t::object_end) keys_of_open_objects.pop_back();
    if (event == json::parse_event_t::key &&
        !keys_of_open_objects.back().insert(parsed.get<std::string>()).second)
      fail("{}: the key '{}' appears twice in one object", where, printable(parsed.get<std::string>()));
    return true;
  };
  try {
    return json::parse(text, refuse);
  } catch (const json::exception& error) {
    fail("{}: not a JSON text: {}", where, plain_reason(error.what()));
  }
}

json parse_canonical_json(std::string_view text, const std::string& where) {
  json value = parse_json(text, where);
  std::string again;
  try {
    again = canonical_json(value);
  } catch (const Error& error) {
    fail("{}: {}", where, error.what());
  }
  if (again != text) {
    std::size_t same = 0;
    while (same < again.size() && same < text.size() && again[same] == text[same]) ++same;
    fail("{}: not in canonical form from byte {}", where, same);
  }
  return value;
}

std::string hex_float(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::string sign = (bits >> 63) != 0 ? "-" : "";
  int exponent = static_cast<int>((bits >> kMantissaBits) & 0x7FF);
  std::uint64_t mantissa = bits & kMantissaMask;
  if (exponent == 0x7FF) return mantissa != 0 ? "nan" : sign + "inf";
  if (exponent == 0 && mantissa == 0) return sign + "0x0p+0";
  if (exponent == 0) {  // a subnormal is written like any other number, with a leading one
    exponent = 1;
    while ((mantissa >> kMantissaBits) == 0) {
      mantissa <<= 1;
      --exponent;
    }
    mantissa &= kMantissaMask;
  }
  std::string digits = fmt::format("{:013x}", mantissa);
  digits.erase(digits.find_last_not_of('0') + 1);
  return fmt::format("{}0x1{}{}p{:+d}", sign, digits.empty() ? "" : ".", digits, exponent - kExponentBias);
}

std::string real_text(double value) {
  return fmt::format("{} ({})", value, hex_float(value));
}

double hex_float_value(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with("-");
  if (negative) rest.remove_prefix(1);
  double value;
  if (rest == "nan") {
    value = std::bit_cast<double>(std::uint64_t{0x7FF8000000000000});
  } else if (rest == "inf") {
    value = from_parts(negative, 0x7FF, 0);
  } else if (rest == "0x0p+0") {
    value = from_parts(negative, 0, 0);
  } else {
    value = rest.starts_with("0x") ? parse_normalized(negative, rest.substr(2)) : 0;
  }
  if (hex_float(value) != text)
    fail("expected a real number in hexadecimal notation such as '0x1.8p+1', found '{}'", printable(text));
  return value;
}

}  // namespace tessera
