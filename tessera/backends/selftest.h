// The selftest: does this machine, with the active backend, thread count and vector width, compute the bits
// of the contract?
//
// For every row of ops.def, and for the functions and random streams of numerics, it computes a set of cases
// (tiny, odd and large shapes; transposed, reversed, sliced and broadcast inputs; NaN, infinities, subnormals
// and -0) and compares a SHA-256 of each result with the committed table selftest_digests.inc, which the
// reference backend wrote. Inputs come from Philox by the name of the case, so cases can be added without
// changing the others.
//
// A mismatch means that results of this build on this machine differ from everybody else's: wrong compiler
// flags, a broken processor, or a bug. The name of the case says which operation to look at.
//
// Thread-safety: no operation may change the backend meanwhile. Takes a second or so.
//
// ```cpp
// SelftestResult result = run_selftest();
// assert(result.failures.empty() && result.cases > 500);
// ```
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

struct SelftestFailure {
  std::string op;        // row of ops.def, or "numerics.exp", ...
  std::string name;      // "float32/transposed [17, 33]"
  std::string expected;  // 32 hexadecimal digits; "" if the table has no such case
  std::string found;     // "" if the table has a case that was not computed; "error: ..." if it threw
};

// What was checked of one operation.
struct SelftestRow {
  std::string op;
  int cases = 0;
  int failed = 0;
};

struct SelftestResult {
  int cases = 0;
  std::vector<SelftestRow> rows;  // in the order of ops.def, numerics last
  std::vector<SelftestFailure> failures;
};

// Computes and compares everything; `on_row` is told as soon as an operation is done.
SelftestResult run_selftest(const std::function<void(const SelftestRow&)>& on_row = {});

// The text of selftest_digests.inc as the active backend computes it: sorted lines {"op/case", "digest"}. It is
// written anew (tessera selftest --backend reference --table) when the contract or the cases change, which is a
// decision, never a repair.
std::string selftest_table();

}  // namespace tessera
