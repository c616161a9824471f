#include "tests/store_tester/every_call.h"

#include "tessera/base/error.h"

namespace store_tester {
namespace {

// The last operation of each meets the fault.
const char* const kScripts[] = {
    "open a checkpoint=2\n",
    "open a checkpoint=2 key=one\nkill a\nresume a key=two\n",
    "open a checkpoint=4\nstop a\nresume a\n",
    "open a checkpoint=2 keep=1\nsteps a n=5\n",
    "open a checkpoint=4\nstop a\n",
    "open a checkpoint=2\nsteps a n=3\nfinish a\n",
    "open a checkpoint=2 loop=observer key=one\nsteps a n=4\nfinish a\n",
    "open a kept=no\nfinish a\n",
    "open a\nabandon a\n",
    "open a\nlist\n",
    "open a\nlist\nsteps a\nfinish a\n",
};

}  // namespace

void every_call(const std::function<bool(const Script&)>& run) {
  for (const char* text : kScripts) {
    Script script = parse_script(text, "every_call.cc");
    for (const char* action : {"die", "torn", "cut", "io", "nospace", "full", "short", "again"}) {
      int call = 0;
      do {
        script.back().arguments["fault"] = fmt::format("{}:{}", action, ++call);
      } while (run(script));
    }
  }
}

}  // namespace store_tester
