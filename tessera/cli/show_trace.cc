#include "tessera/cli/show_trace.h"

#include <fmt/core.h>

#include <array>

#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/runs/trace_file.h"
#include "tessera/runs/trace_listing.h"

namespace tessera::cli {

namespace {

void print_header(const runs::TraceHeader& header) {
  fmt::print("trace of {}, steps {} to {}{}\n", printable(header.name), header.from, header.to,
             header.values ? ", with values" : "");
  fmt::print("claim {}, numerics contract {}\n", header.claim, printable(header.contract));
  for (const auto& [name, value] : header.environment)
    fmt::print("  {:<16} {}\n", printable(name), printable(value));
}

void print_counts(const runs::TraceStep& step) {
  std::array<std::size_t, 4> counts{};
  for (const runs::TraceEvent& event : step.events) ++counts[static_cast<std::size_t>(event.kind)];
  fmt::print("step {}: {} tensors of the state, {} from memory, {} older, {} operations\n", step.step,
             counts[0], counts[1], counts[2], counts[3]);
}

}  // namespace

void show_trace(const std::string& folder, bool operations) {
  runs::TraceReader reader(folder);
  print_header(reader.header());
  fmt::print("\n");
  while (const auto step = reader.next()) {
    if (operations)
      fmt::print("{}\n", runs::trace_listing(*step));
    else
      print_counts(*step);
  }
  if (!operations) fmt::print("\nthe trace is whole; --ops lists its operations\n");
}

}  // namespace tessera::cli
