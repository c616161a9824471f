// Makes a failing script short: operations are left out, by halves and then one by one, and arguments get their defaults or
// smaller numbers, for as long as the tester and the store still disagree.
#pragma once

#include <functional>

#include "tests/store_tester/operation.h"

namespace store_tester {

// `fails` says whether a script still fails. At most `attempts` scripts are tried.
Script shrink(Script script, const std::function<bool(const Script&)>& fails, std::size_t attempts = 2000);

}  // namespace store_tester
