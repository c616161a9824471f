// Random scripts. Script number n of a seed is the same on every machine: every choice is a draw of Philox with the stream of the
// seed and n as its step. The generator only guesses what state a run is in; operations that do not apply are passed over.
#pragma once

#include <cstdint>

#include "tests/store_tester/operation.h"

namespace store_tester {

Script random_script(std::uint64_t seed, std::uint64_t number, std::uint64_t length);

}  // namespace store_tester
