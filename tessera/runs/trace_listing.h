// A trace as a listing for people, like a disassembly: one line per event.
//
//     %5   = conv2d %4, %0 {kernel 3,3; stride 1,1}   float32 [32, 16, 8, 8]   6fd20c71a5b9   layer 0   tessera/nn/layers.cc:158
//
// What is before the '=' is the event's number; behind the name of an operation stand the numbers of its inputs, then in
// braces its attributes; then dtype and shape, the first 12 digits of the Merkle root, the scope and the source line. Equal
// lines on two machines: equal bits (48 of the root's 256 bits are shown; the trace has all of them).
//
// Texts of the trace are made printable. Thread-safety: pure function.
//
// ```cpp
// runs::TraceStep step{.step = 7, .events = {}, .scalars = {{"loss", 0.5}}};
// runs::TraceEvent event;
// event.kind = runs::TraceEventKind::kState;
// event.name = "model.w";
// event.shape = {2, 3};
// step.events.push_back(event);
// const std::string text = runs::trace_listing(step);
// assert(text.starts_with("step 7: 1 event\n  %0 = state model.w   float32 [2, 3]   000000000000"));
// assert(text.ends_with("\n  loss 0.5 (0x1p-1)\n"));
// ```
#pragma once

#include <string>

#include "tessera/runs/trace_file.h"

namespace tessera::runs {

std::string trace_listing(const TraceStep& step);

// What an event is, in one phrase: "conv2d %4, %0 {kernel 3,3}", "state model.0.weight", "older tensor"; "input from user code" for what was
// made from the program's own memory, "input from the library" when a line of Tessera's made it (the rate of a dropout).
std::string trace_event_phrase(const TraceEvent& event);

}  // namespace tessera::runs
