#include "fuzz/fuzz.h"
#include "tessera/runs/trace_file.h"

namespace tessera::fuzz {

// The first byte is the number that the event has to have.
void fuzz_one(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto number = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[0]) - '0');
  expect_canonical(
      bytes.substr(1),
      [&](std::string_view text) { return runs::parse_trace_event(text, number, "trace.jsonl:3"); },
      [&](const runs::TraceEvent& event) { return runs::trace_event_text(number, event); });
}

}  // namespace tessera::fuzz
