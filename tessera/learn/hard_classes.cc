#include "tessera/learn/hard_classes.h"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.h"

namespace tessera::learn {

std::vector<HardClass> hard_classes(const metrics::ConfusionMatrix& confusion) {
  std::vector<HardClass> classes;
  for (std::int64_t label = 0; label < confusion.classes(); ++label) {
    HardClass& one = classes.emplace_back();
    one.label = label;
    one.rows = confusion.actual_count(label);
    one.precision = confusion.precision(label);
    one.f1 = confusion.f1(label);
    if (one.rows > 0) one.recall = accuracy_interval(confusion.count(label, label), one.rows);
    for (std::int64_t said = 0; said < confusion.classes(); ++said)
      if (said != label && confusion.count(label, said) > one.times) {
        one.taken_for = said;
        one.times = confusion.count(label, said);
      }
  }
  std::ranges::stable_sort(classes, {}, &HardClass::f1);
  return classes;
}

std::optional<ConfusedPair> most_confused(const metrics::ConfusionMatrix& confusion) {
  ConfusedPair most;
  for (std::int64_t actual = 0; actual < confusion.classes(); ++actual)
    for (std::int64_t said = 0; said < confusion.classes(); ++said)
      if (said != actual && confusion.count(actual, said) > most.times)
        most = {actual, said, confusion.count(actual, said)};
  return most.times > 0 ? std::optional(most) : std::nullopt;
}

std::string hard_classes_text(const metrics::ConfusionMatrix& confusion,
                              const std::vector<std::string>& names) {
  if (static_cast<std::int64_t>(names.size()) != confusion.classes())
    fail("expected a name for each of {} classes, found {}", confusion.classes(), names.size());
  std::size_t width = 5;
  for (const std::string& name : names) width = std::max(width, name.size());
  const auto name_of = [&](std::int64_t label) { return names[static_cast<std::size_t>(label)]; };
  std::string text = fmt::format("{:<{}}  {:>7}  {:>9}  {:<24}  {:>6}  {}\n", "class", width, "rows",
                                 "precision", "recall (95 % interval)", "F1", "most often taken for");
  for (const HardClass& one : hard_classes(confusion))
    text += fmt::format(
        "{:<{}}  {:>7}  {:>9.4f}  {:<24}  {:>6.4f}  {}\n", name_of(one.label), width, one.rows, one.precision,
        fmt::format("{:.4f} ({:.4f}-{:.4f})", one.recall.score, one.recall.low, one.recall.high), one.f1,
        one.times > 0 ? fmt::format("{} ({} times)", name_of(one.taken_for), one.times) : "-");
  if (const auto pair = most_confused(confusion))
    text += fmt::format("\nmost confused: {} taken for {}, {} of {} rows\n", name_of(pair->actual),
                        name_of(pair->said), pair->times, confusion.actual_count(pair->actual));
  return text;
}

}  // namespace tessera::learn
