// Live progress on stderr: how far, how fast, how long still, and the values that the caller shows.
//
// On a terminal one line is rewritten, at most ten times a second; elsewhere a line is written every few
// seconds and at the end. Nothing is shown in quiet mode. Shows time, influences nothing. Thread-safety: one
// thread at a time.
//
// ```cpp
// Progress progress("train", 1000, 0, {.quiet = true});
// for (std::uint64_t step = 1; step <= 1000; ++step) progress.update(step, "loss 0.123");
// progress.finish();
// assert(progress_line("train", 250, 1000, 0, 5.0, "loss 0.5", 80) ==
//        "train 250/1,000 (25 %), 50.0/s, 15 s left, loss 0.5");
// ```
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace tessera {

struct ProgressOptions {
  bool quiet = false;
  std::FILE* out = stderr;
  std::optional<bool> terminal = {};  // default: whether `out` is one
  double seconds_between_lines = 5;   // when it is not a terminal
};

class Progress {
 public:
  // `first` is what had been done before (a resumed run): it does not count for the rate. total 0: unknown.
  Progress(std::string title, std::uint64_t total, std::uint64_t first = 0, ProgressOptions options = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done, std::string_view values = "");
  void message(std::string_view line);  // a line of its own, above the progress line
  void finish();                        // shows the last state and ends the line

 private:
  void show(bool last);
  double seconds() const;

  std::string title_;
  std::uint64_t total_, first_, done_;
  ProgressOptions options_;
  bool terminal_;
  std::string values_;
  bool line_open_ = false;
  bool finished_ = false;
  std::uint64_t shown_ = ~std::uint64_t{0};
  std::chrono::steady_clock::time_point start_, last_shown_;
};

// The text of one line, cut to `width` columns (0: not cut).
std::string progress_line(std::string_view title, std::uint64_t done, std::uint64_t total,
                          std::uint64_t first, double seconds, std::string_view values, std::size_t width);
std::string duration_text(double seconds);         // "15 s", "3 min 20 s", "2 h 5 min"
std::string grouped_number(std::uint64_t number);  // "1,200"

}  // namespace tessera
