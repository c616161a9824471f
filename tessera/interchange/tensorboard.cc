#include "tessera/interchange/tensorboard.h"

#include <charconv>
#include <chrono>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/interchange/crc32c.h"
#include "tessera/interchange/wire.h"
#include "tessera/runs/record.h"
#include "tessera/runs/timing.h"

namespace tessera::interchange {
namespace {

// Check sums are stored rotated and shifted, so that a sum over data that hold sums is no accident.
std::uint32_t masked(std::uint32_t sum) {
  return ((sum >> 15) | (sum << 17)) + 0xA282EAD8;
}

void put_record(std::string& file, const std::string& data) {
  std::string length;
  put_u64(length, data.size());
  file += length;
  put_u32(file, masked(crc32c(length)));
  file += data;
  put_u32(file, masked(crc32c(data)));
}

// Event: wall_time 1, step 2, file_version 3, summary 5. Summary: value 1. Value: tag 1, simple_value 2.
std::string event_message(const ScalarEvent& event) {
  WireWriter summary, message;
  for (const auto& [tag, value] : event.scalars) {
    WireWriter one;
    one.text(1, tag);
    one.real32(2, static_cast<float>(value));
    summary.message(1, one);
  }
  message.real64(1, event.wall_time);
  message.integer(2, static_cast<std::int64_t>(event.step));
  message.message(5, summary);
  return message.bytes();
}

// The digits of `text` from `first` on; -1 if there are none.
int number_at(const std::string& text, std::size_t first, std::size_t digits) {
  int number = -1;
  if (text.size() < first + digits) return number;
  std::from_chars(text.data() + first, text.data() + first + digits, number);
  return number;
}

// "2026-01-31T12:00:00Z" in seconds since 1970; 0 for anything else.
double seconds_of(const std::string& utc) {
  const int month = number_at(utc, 5, 2), day = number_at(utc, 8, 2), second = number_at(utc, 17, 2);
  if (month < 1 || day < 1 || second < 0) return 0;
  const std::chrono::year_month_day date{std::chrono::year{number_at(utc, 0, 4)},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return 0;
  const std::chrono::sys_days days = date;
  const int minutes = number_at(utc, 11, 2) * 60 + number_at(utc, 14, 2);
  return static_cast<double>(days.time_since_epoch().count()) * 86400 + minutes * 60 + second;
}

struct NotedTime {
  std::uint64_t step;
  double wall_time;
};

// When which step was reached, in the order of the steps; a step that was done again counts once, with its last time.
std::vector<NotedTime> noted_times(const std::string& folder) {
  const runs::Circumstances circumstances = runs::read_circumstances(folder);
  std::map<std::uint64_t, double> times;
  std::vector<double> begins;
  for (const runs::Session& session : circumstances.sessions) {
    begins.push_back(seconds_of(session.started));
    times[session.first_step] = begins.back();
  }
  for (const runs::TimingLine& line : runs::read_timing(folder))
    if (line.session >= 1 && line.session <= begins.size())
      times[line.step] = begins[line.session - 1] + static_cast<double>(line.microseconds) * 1e-6;
  std::vector<NotedTime> result;
  result.reserve(times.size());
  for (const auto& [step, wall_time] : times) result.push_back({step, wall_time});
  return result;
}

}  // namespace

std::string tensorboard_events(const std::vector<ScalarEvent>& events) {
  std::string file;
  WireWriter version;
  version.real64(1, events.empty() ? 0 : events.front().wall_time);
  version.text(3, "brain.Event:2");
  put_record(file, version.bytes());
  for (const ScalarEvent& event : events) put_record(file, event_message(event));
  return file;
}

std::vector<ScalarEvent> scalar_events(const std::string& run_folder) {
  const runs::Record record = runs::read_record(run_folder);
  const std::vector<NotedTime> times = noted_times(run_folder);
  std::vector<ScalarEvent> events;
  std::size_t next = 0;
  double wall_time = times.empty() ? 0 : times.front().wall_time;
  for (const runs::RecordLine& line : record.lines) {
    for (; next < times.size() && times[next].step <= line.line.step; ++next)
      wall_time = times[next].wall_time;
    if (!line.line.scalars.empty()) events.push_back({line.line.step, wall_time, line.line.scalars});
  }
  return events;
}

std::string write_tensorboard(const std::string& run_folder, const std::string& folder) {
  const std::vector<ScalarEvent> events = scalar_events(run_folder);
  const auto seconds = static_cast<std::int64_t>(events.empty() ? 0 : events.front().wall_time);
  make_folders(folder);
  const std::string path = fmt::format("{}/events.out.tfevents.{:010}.tessera", folder, seconds);
  write_file_atomically(path, tensorboard_events(events));
  return path;
}

}  // namespace tessera::interchange
