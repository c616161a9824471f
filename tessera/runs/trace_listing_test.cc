#include "tessera/runs/trace_listing.h"

#include <gtest/gtest.h>

namespace tessera::runs {
namespace {

TraceEvent event_of(TraceEventKind kind, const std::string& name, const std::string& where = "") {
  TraceEvent event;
  event.kind = kind;
  event.name = name;
  event.where = where;
  event.shape = {2};
  event.root[0] = 0xab;
  event.root[31] = 0xff;  // is not shown
  return event;
}

TEST(TraceListing, HasALinePerEventInAlignedColumns) {
  TraceStep step{.step = 3, .events = {}, .scalars = {{"loss", 0.1}}};
  step.events.push_back(event_of(TraceEventKind::kState, "model.w"));
  step.events.push_back(event_of(TraceEventKind::kHost, "", "loop.cc:12"));
  TraceEvent product = event_of(TraceEventKind::kOperation, "multiply", "loop.cc:12");
  product.inputs = {0, 1};
  product.attributes = "axis 1";
  product.scope = "layer 0";
  step.events.push_back(product);
  EXPECT_EQ(trace_listing(step),
            "step 3: 3 events\n"
            "  %0 = state model.w              float32 [2]   ab0000000000\n"
            "  %1 = input from user code       float32 [2]   ab0000000000             loop.cc:12\n"
            "  %2 = multiply %0, %1 {axis 1}   float32 [2]   ab0000000000   layer 0   loop.cc:12\n"
            "  loss 0.1 (0x1.999999999999ap-4)\n");
}

TEST(TraceListing, OneLongTextDoesNotMoveTheOtherLines) {
  TraceStep step{.step = 1, .events = {}, .scalars = {}};
  step.events.push_back(event_of(TraceEventKind::kState, std::string(200, 'x')));
  step.events.push_back(event_of(TraceEventKind::kOlder, ""));
  const std::string text = trace_listing(step), last = text.substr(text.rfind("  %1"));
  EXPECT_LT(last.size(), 110u);
}

TEST(TraceListing, ForeignTextIsMadePrintable) {
  TraceStep step{.step = 1, .events = {}, .scalars = {{"l\x1b", 1}}};
  step.events.push_back(event_of(TraceEventKind::kOperation, "e\x1b[2J", "a\n.cc:1"));
  EXPECT_EQ(trace_listing(step).find('\x1b'), std::string::npos);
  EXPECT_NE(trace_listing(step).find("a\\x0a.cc:1"), std::string::npos);
}

TEST(TraceListing, TellsTheLibrarysOwnNumbersFromTheUsers) {
  EXPECT_EQ(trace_event_phrase(event_of(TraceEventKind::kHost, "", "tessera/nn/layers.cc:236")),
            "input from the library");
  EXPECT_EQ(trace_event_phrase(event_of(TraceEventKind::kOlder, "")), "older tensor");
}

}  // namespace
}  // namespace tessera::runs
