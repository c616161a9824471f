// The part of `tessera show` that is about a trace (runs/trace_file.h).
#pragma once

#include <string>

namespace tessera::cli {

// What the trace is about and how much it holds; with `operations` the listing of every step. Reads it to its closing line, so a
// trace that was changed or cut short is an Error, after what could be read was printed.
void show_trace(const std::string& folder, bool operations);

}  // namespace tessera::cli
