// Canonical JSON: one value, one text, so that texts can be hashed.
//
// Keys sorted by bytes, no spaces, UTF-8 as it is, integers only. Real numbers are written as strings in
// hexadecimal notation ("0x1.8p+1" is 3), which keeps every bit and which C, Python (float.fromhex) and Java
// read. NaN has one text. Thread-safety: pure functions.
//
// ```cpp
// assert(hex_float(3.0) == "0x1.8p+1" && hex_float(-0.0) == "-0x0p+0");
// assert(hex_float_value("0x1.999999999999ap-4") == 0.1);
// ```
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace tessera {

// Throws Error when the value holds a real number or text that is not UTF-8.
std::string canonical_json(const nlohmann::json& value);

// Parses any JSON text of reasonable depth without duplicate keys. `where` begins the message of the Error:
// "claim.json", "chain.jsonl:12".
nlohmann::json parse_json(std::string_view text, const std::string& where);
// The same, and refuses a text that canonical_json would not have written.
nlohmann::json parse_canonical_json(std::string_view text, const std::string& where);

std::string hex_float(double value);
std::string real_text(double value);  // for people: "0.1 (0x1.999999999999ap-4)"
// The value of a text that hex_float wrote; anything else throws Error.
double hex_float_value(std::string_view text);

}  // namespace tessera
