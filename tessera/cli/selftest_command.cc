// tessera selftest: every operation and every estimator against the committed digests.
#include <fmt/core.h>

#include "tessera/backends/backends.h"
#include "tessera/backends/selftest.h"
#include "tessera/base/thread_pool.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/stats/stats_selftest.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kSelftestDetails =
    "Computes each operation on small, odd and large shapes, on transposed, reversed and sliced inputs, with "
    "NaN,\n"
    "infinities, subnormals and -0 among them; computes statistics of generated numbers; lets each estimator "
    "learn from a generated table; and "
    "compares a "
    "SHA-256\n"
    "of each result with a committed table. A failure "
    "means that this build on this machine does not compute what every other one does.\n\n"
    "Examples:\n"
    "  tessera selftest\n"
    "  tessera selftest --backend reference --threads 3";
}  // namespace

ExitCode run_selftest_command(const Words& words) {
  Arguments arguments("selftest",
                      "Check this machine against the committed digests of every operation and estimator",
                      kSelftestDetails);
  Execution execution;
  bool table = false, estimator_table = false, quiet = false;
  arguments.flag("--table", table, "Print the table as this machine computes it, and compare nothing");
  arguments.flag("--estimator-table", estimator_table, "The same for the estimators' table");
  arguments.flag("--quiet", quiet, "Print only failures and the last line");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  execution.apply();
  if (table) {
    fmt::print("{}", selftest_table());
    return ExitCode::kSuccess;
  }
  if (estimator_table) {
    fmt::print("{}", learn::estimator_table());
    return ExitCode::kSuccess;
  }
  const SelftestResult result = run_selftest([&](const SelftestRow& row) {
    if (!quiet || row.failed > 0) {
      fmt::print("{:<26} {:>4} cases  {}\n", row.op, row.cases,
                 row.failed == 0 ? "ok" : fmt::format("{} FAILED", row.failed));
    }
  });
  for (const SelftestFailure& failure : result.failures) {
    fmt::print("FAILED {} {}: expected {}, found {}\n", failure.op, failure.name,
               failure.expected.empty() ? "no such case" : failure.expected,
               failure.found.empty() ? "nothing" : failure.found);
  }
  const std::string statistics = stats::stats_digest();
  const bool statistics_good = statistics == stats::kStatsDigest;
  if (!quiet || !statistics_good)
    fmt::print("{:<26} {:>4} cases  {}\n", "statistics", 1, statistics_good ? "ok" : "1 FAILED");
  if (!statistics_good)
    fmt::print("FAILED statistics: expected {}, found {}\n", stats::kStatsDigest, statistics);
  const learn::EstimatorSelftest estimators = learn::run_estimator_selftest();
  if (!quiet || !estimators.failures.empty())
    fmt::print("{:<26} {:>4} cases  {}\n", "estimators", estimators.cases,
               estimators.failures.empty() ? "ok" : fmt::format("{} FAILED", estimators.failures.size()));
  for (const learn::EstimatorFailure& failure : estimators.failures)
    fmt::print("FAILED {}: expected {}, found {}\n", failure.id,
               failure.expected.empty() ? "no such case" : failure.expected,
               failure.found.empty() ? "nothing" : failure.found);
  const std::size_t failed = result.failures.size() + estimators.failures.size() + (statistics_good ? 0 : 1);
  fmt::print("{} cases, {} failed ({}{}, {} threads)\n", result.cases + estimators.cases + 1, failed,
             active_backend_name(),
             active_simd_level().empty() ? "" : fmt::format("/{}", active_simd_level()), thread_count());
  return failed == 0 ? ExitCode::kSuccess : ExitCode::kFailure;
}

}  // namespace tessera::cli
