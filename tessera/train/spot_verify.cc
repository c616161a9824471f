#include "tessera/train/spot_verify.h"

#include "tessera/base/error.h"
#include "tessera/base/progress.h"

namespace tessera::train {
namespace {

std::string counted(std::uint64_t count, const std::string& word) {
  const bool hiss = word.ends_with("ch");
  return fmt::format("{} {}{}", grouped_number(count), word, count == 1 ? "" : hiss ? "es" : "s");
}

SpotResult drawn_from(const std::vector<runs::Stretch>& stretches, const SpotOptions& options) {
  SpotResult spot;
  spot.options = options;
  spot.stretches = stretches.size();
  for (const runs::Stretch& stretch : stretches) {
    const std::uint64_t length = stretch.last - stretch.first + 1;
    spot.steps += length;
    if (stretch.available) continue;
    ++spot.unavailable;
    spot.unavailable_steps += length;
  }
  const auto drawn =
      runs::draw_stretches(stretches, static_cast<std::size_t>(options.stretches), options.seed);
  for (const std::size_t position : drawn) {
    const runs::Stretch& stretch = stretches[position];
    spot.checked.push_back({stretch.first, stretch.last});
    spot.checked_steps += stretch.last - stretch.first + 1;
  }
  spot.odds = runs::spot_odds(stretches, drawn.size(), options.share);
  return spot;
}

void say_what_was_found(VerifyResult& result, const SpotResult& spot, std::uint64_t tensors) {
  const SpotStretch* first_wrong = nullptr;
  std::uint64_t wrong = 0;
  for (const SpotStretch& stretch : spot.checked) {
    if (!stretch.mismatch) continue;
    if (first_wrong == nullptr) first_wrong = &stretch;
    ++wrong;
  }
  if (wrong > 0) {
    result.message = first_wrong->mismatch->sentence();
    if (wrong > 1) result.message += fmt::format(" ({} differ)", counted(wrong, "stretch"));
    return;
  }
  result.code = ExitCode::kSuccess;
  const std::string tensor_text = counted(tensors, "tensor");
  if (spot.whole_run()) {
    result.message = fmt::format("identical: {}, {}: every stretch, so the whole run is proved",
                                 counted(spot.steps, "step"), tensor_text);
  } else {
    result.message =
        fmt::format("identical: {} of {} between checkpoints, {} of {}, {}",
                    grouped_number(spot.checked.size()), counted(spot.stretches, "stretch"),
                    grouped_number(spot.checked_steps), counted(spot.steps, "step"), tensor_text);
  }
}

}  // namespace

void verify_spots(VerifyResult& result, const std::string& run_folder, const SpotOptions& options,
                  const ReplayStretch& replay) {
  if (options.stretches == 0 || !(options.share > 0 && options.share <= 1))
    fail_with(ExitCode::kUsage, "a spot check needs a stretch and a share above 0 and at most 1");
  const runs::Record record = runs::read_record(run_folder);
  const std::vector<runs::Stretch> stretches = runs::stretches_of(record);
  SpotResult spot = drawn_from(stretches, options);
  if (spot.checked.empty())
    fail_with(ExitCode::kUsage, "{}: the run has no step that could be spot-checked", run_folder);
  std::uint64_t tensors = 0;
  for (SpotStretch& stretch : spot.checked) {
    const runs::ReplayOutcome outcome = replay({.from_step = stretch.first - 1, .to_step = stretch.last});
    if (!outcome.mismatch && !outcome.complete)
      fail("{}: the re-execution of steps {} to {} ended after step {}", run_folder, stretch.first,
           stretch.last, outcome.last_step);
    stretch.mismatch = outcome.mismatch;
    tensors = outcome.tensors;
    result.replay = outcome;
  }
  say_what_was_found(result, spot, tensors);
  if (spot.unavailable > 0)
    result.notes.push_back(
        fmt::format("{} with {} cannot be spot-checked: the checkpoints that they begin with are not there{}",
                    counted(spot.unavailable, "stretch"), counted(spot.unavailable_steps, "step"),
                    record.claim.kind == "train" ? " (record.kept_checkpoints)" : ""));
  result.spot = std::move(spot);
}

std::string spot_odds_text(const SpotResult& spot) {
  const std::uint64_t available = spot.stretches - spot.unavailable;
  if (spot.checked.size() == available)
    return available == spot.stretches
               ? "each stretch ends in the checkpoint that the next one begins with: no fault can be missed"
               : "every stretch that can be spot-checked was: no fault in these can be missed";
  return fmt::format(
      "a fault in {:.6g} % of the steps{} would be missed with probability {:.3g} or less (most when it is "
      "confined to {} of {})",
      100 * spot.options.share, spot.unavailable > 0 ? " that can be spot-checked" : "", spot.odds.missed,
      grouped_number(spot.odds.stretches), counted(available, "stretch"));
}

}  // namespace tessera::train
