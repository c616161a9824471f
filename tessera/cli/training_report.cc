#include "tessera/cli/training_report.h"

#include <fmt/core.h>

#include "tessera/base/error.h"
#include "tessera/runs/index.h"

namespace tessera::cli {

void print_not_finite(const std::optional<std::uint64_t>& since) {
  if (since) fmt::print("loss      not finite, for the first time at step {}\n", *since);
}

void print_training_result(const train::TrainResult& result) {
  fmt::print("run       {}\n", result.folder);
  fmt::print("steps     {}{} in {:.1f} s\n", result.steps,
             result.first_step == 0 ? "" : fmt::format(" (resumed after {})", result.first_step),
             result.seconds);
  fmt::print("memory    at most {:.1f} MB in tensors\n", static_cast<double>(result.peak_bytes) * 1e-6);
  if (result.held_out_accuracy) {
    const auto& iou = result.held_out_mean_iou;
    fmt::print("held out  accuracy {:.4f}, {}loss {:.4f} on {} {}\n", *result.held_out_accuracy,
               iou ? fmt::format("mean IoU {:.4f}, ", *iou) : "", result.held_out_loss.value_or(0),
               result.held_out_samples, result.judged);
  }
  if (const auto& numbers = result.held_out_numbers)
    fmt::print("held out  RMSE {:.6g}, MAE {:.6g}, R2 {:.4f}, loss {:.6g} on {} samples\n", numbers->rmse,
               numbers->mae, numbers->r2, result.held_out_loss.value_or(0), result.held_out_samples);
  print_not_finite(result.not_finite_since);
  fmt::print("seal      {}\n", result.seal);
}

std::string runs_folder(const std::string& store, const std::string& run) {
  return runs::find_run(store, run);
}

void refuse_query(const std::string& run, const std::string& query) {
  if (!query.empty())
    fail_with(ExitCode::kUsage, "--query: {} is no run of 'tessera fit' or 'search', expected no query", run);
}

std::vector<std::string> runs_folders(const std::string& store, const std::vector<std::string>& runs) {
  std::vector<std::string> folders;
  folders.reserve(runs.size());
  for (const std::string& run : runs) folders.push_back(runs_folder(store, run));
  return folders;
}

}  // namespace tessera::cli
