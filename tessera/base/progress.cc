#include "tessera/base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <utility>

namespace tessera {
namespace {

constexpr double kSecondsBetweenRewrites = 0.1;

std::size_t terminal_width(std::FILE* out) {
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col - 1U;
  return 79;
}

}  // namespace

std::string grouped_number(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, 1, ',');
  return text;
}

std::string duration_text(double seconds) {
  if (!(seconds < 1e9)) return "a long time";
  const auto whole = static_cast<std::uint64_t>(std::ceil(seconds > 0 ? seconds : 0));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string progress_line(std::string_view title, std::uint64_t done, std::uint64_t total,
                          std::uint64_t first, double seconds, std::string_view values, std::size_t width) {
  std::string line = fmt::format("{} {}", title, grouped_number(done));
  if (total > 0)
    line += fmt::format("/{} ({} %)", grouped_number(total),
                        static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total)));
  if (done > first && seconds > 0) {
    const double rate = static_cast<double>(done - first) / seconds;
    line += rate >= 10 ? fmt::format(", {:.1f}/s", rate) : fmt::format(", {:.3g}/s", rate);
    if (total > done)
      line += fmt::format(", {} left", duration_text(static_cast<double>(total - done) / rate));
    if (total == done) line += fmt::format(", took {}", duration_text(seconds));
  }
  if (!values.empty()) line += fmt::format(", {}", values);
  if (width > 0 && line.size() > width) line.resize(width);
  return line;
}

Progress::Progress(std::string title, std::uint64_t total, std::uint64_t first, ProgressOptions options)
    : title_(std::move(title)),
      total_(total),
      first_(first),
      done_(first),
      options_(options),
      terminal_(options.terminal.value_or(isatty(fileno(options.out)) == 1)),
      start_(std::chrono::steady_clock::now()),
      last_shown_(start_) {}

Progress::~Progress() {
  if (line_open_) std::fputc('\n', options_.out);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::update(std::uint64_t done, std::string_view values) {
  done_ = done;
  if (options_.quiet) return;
  const auto now = std::chrono::steady_clock::now();
  const double since = std::chrono::duration<double>(now - last_shown_).count();
  values_ = values;
  const bool first_time = terminal_ && !line_open_;
  if (!first_time && since < (terminal_ ? kSecondsBetweenRewrites : options_.seconds_between_lines)) return;
  last_shown_ = now;
  show(false);
}

void Progress::show(bool last) {
  shown_ = done_;
  const std::size_t width = terminal_ ? terminal_width(options_.out) : 0;
  const std::string line = progress_line(title_, done_, total_, first_, seconds(), values_, width);
  if (terminal_) {
    fmt::print(options_.out, "\r{}\x1b[K{}", line, last ? "\n" : "");
    line_open_ = !last;
  } else {
    fmt::print(options_.out, "{}\n", line);
  }
  std::fflush(options_.out);
}

void Progress::message(std::string_view line) {
  if (options_.quiet) return;
  fmt::print(options_.out, "{}{}\n", line_open_ ? "\r\x1b[K" : "", line);
  if (std::exchange(line_open_, false)) show(false);
}

void Progress::finish() {
  if (options_.quiet || std::exchange(finished_, true)) return;
  if (terminal_ || shown_ != done_) show(true);
}

}  // namespace tessera
