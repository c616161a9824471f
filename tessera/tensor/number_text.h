// Floating-point numbers as text: the shortest decimal that reads back as the same number ("0.1", "1e+20", "-0", "inf"), and
// "nan" for every NaN. The sign of a NaN is no part of a result (contract rule 1 leaves it open), so text must not show it.
//
// Thread-safety: pure functions.
#pragma once

#include <string>

namespace tessera {

std::string number_text(float value);
std::string number_text(double value);

}  // namespace tessera
