// Every call of every operation: short scripts in which one operation meets each fault at its first call, its second one, and so
// on to its last. What random sequences find sooner or later at one place is looked at everywhere.
#pragma once

#include <functional>
#include <string>

#include "tests/store_tester/operation.h"

namespace store_tester {

// `run` executes a script and says whether its fault was met; after the first that was not, the next kind of fault begins.
void every_call(const std::function<bool(const Script&)>& run);

}  // namespace store_tester
