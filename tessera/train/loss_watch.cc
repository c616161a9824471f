#include "tessera/train/loss_watch.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "tessera/runs/record.h"

namespace tessera::train {
namespace {

bool is_loss(std::string_view name) {
  return name == "loss" || name.ends_with("_loss");
}

bool is_finite(double value) {
  return value - value == 0;
}

}  // namespace

bool LossWatch::on_step(const StepReport& report) {
  for (const StepScalar& scalar : report.scalars) {
    if (since_ || !is_loss(scalar.name) || is_finite(scalar.value)) continue;
    since_ = report.step;
    std::string name(scalar.name);
    std::replace(name.begin(), name.end(), '_', ' ');
    fmt::print(stderr,
               "{}note: step {}: the {} is {}, no longer a finite number; a lower learning rate may help\n",
               isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "", report.step, name,
               scalar.value);  // over a line of progress
  }
  return behind_.on_step(report);
}

std::optional<std::uint64_t> recorded_not_finite_since(const std::string& run_folder) {
  for (const runs::RecordLine& recorded : runs::read_record(run_folder).lines)
    for (const auto& [name, value] : recorded.line.scalars)
      if (is_loss(name) && !is_finite(value)) return recorded.line.step;
  return std::nullopt;
}

}  // namespace tessera::train
