// Numbers and names as the sentences of an analysis write them: the same text on every machine. Thread-safety: pure functions.
//
// ```cpp
// assert(analysis::short_number(1234.5678) == "1235" && analysis::short_number(-0.0) == "0");
// assert(analysis::count_of(1200, "row") == "1,200 rows" && analysis::count_of(1, "row") == "1 row");
// assert(analysis::percent(0.1234) == "12.3 %" && analysis::percent(0.00001) == "< 0.1 %");
// assert(analysis::in_quotes("a very long name", 9) == "'a very l…'");
// ```
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::analysis {

std::string short_number(
    double value);  // four significant digits, from 1,000 to 10^7 all before the point; "-" for NaN
std::string grouped(std::int64_t count);  // "1,200"
std::string count_of(std::int64_t count, std::string_view singular);
std::string percent(double share);
// Made fit for a terminal, at most `most` characters of it, in quotes.
std::string in_quotes(std::string_view text, std::size_t most = 30);
std::string cut(std::string_view text, std::size_t most);
// "a, b and c"; at most `most` of them, then "and 5 more".
std::string listed(const std::vector<std::string>& texts, std::size_t most = 6);

}  // namespace tessera::analysis
