// Where the time of a row goes, by operation: an observer reads the clock each time an operation has ended. What passes before an operation (shape
// rules, the tape, the program's own loops) is counted with it.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "bench/cases.h"
#include "bench/measure.h"
#include "tessera/tensor/op.h"
#include "tessera/tensor/storage.h"

namespace bench {
namespace {

struct Entry {
  std::string what;
  int calls = 0;
  double seconds = 0;
};

class Clock : public tessera::OpObserver {
 public:
  void start() { last_ = seconds_now(); }

  void on_op(const tessera::OpEvent& event) override {
    std::string inputs;
    for (const tessera::Tensor& input : event.inputs) inputs += fmt::format(" {}", input.shape().to_string());
    add(fmt::format("{}{} -> {}", tessera::op_info(event.op).name, inputs, event.output.shape().to_string()));
  }
  void on_host_tensor(const tessera::Tensor& made, tessera::SourceLocation /*where*/) override {
    add(fmt::format("values of the program -> {}", made.shape().to_string()));
  }
  void add(const std::string& what) {
    const double now = seconds_now();
    Entry& entry = entries_[what];
    ++entry.calls;
    entry.seconds += now - last_;
    last_ = seconds_now();  // without the time that this took
  }

  std::vector<Entry> slowest_first() {
    std::vector<Entry> list;
    for (auto& [what, entry] : entries_) {
      entry.what = what;
      list.push_back(entry);
    }
    std::sort(list.begin(), list.end(), [](const Entry& a, const Entry& b) { return a.seconds > b.seconds; });
    return list;
  }

 private:
  double last_ = 0;
  std::map<std::string, Entry> entries_;
};

}  // namespace

void print_profile(const Case& item, int calls) {
  constexpr std::size_t kShown = 25;
  item.run();  // makes its inputs, and the memory pool knows its sizes
  Clock clock;
  {
    const tessera::ObserveOps observed(&clock);
    for (int call = 0; call < calls; ++call) {
      clock.start();
      item.run();
      clock.add("the end");
    }
  }
  const std::vector<Entry> entries = clock.slowest_first();
  double total = 0;
  for (const Entry& entry : entries) total += entry.seconds;
  for (std::size_t i = 0; i < std::min(entries.size(), kShown); ++i)
    std::printf("%8.4f ms %5.1f %% %5.1f calls  %s\n", 1e3 * entries[i].seconds / calls,
                100 * entries[i].seconds / total, double(entries[i].calls) / calls, entries[i].what.c_str());
  std::printf("%8.4f ms in %zu kinds of operations; tensors held at most %.1f MB\n", 1e3 * total / calls,
              entries.size(), double(tessera::memory_statistics().peak_bytes) / 1e6);
}

}  // namespace bench
