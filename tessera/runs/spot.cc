#include "tessera/runs/spot.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "tessera/base/error.h"
#include "tessera/numerics/random.h"
#include "tessera/runs/checkpoint.h"

namespace tessera::runs {
namespace {

std::vector<std::uint64_t> available_lengths(const std::vector<Stretch>& stretches) {
  std::vector<std::uint64_t> lengths;
  for (const Stretch& stretch : stretches)
    if (stretch.available) lengths.push_back(stretch.last - stretch.first + 1);
  return lengths;
}

}  // namespace

std::vector<Stretch> stretches_of(const Record& record) {
  const std::vector<std::string> present = checkpoints_in(record.folder);
  std::vector<Stretch> stretches;
  std::uint64_t begin = 0;
  bool available = true;  // the initial state comes from the claim
  for (const RecordLine& recorded : record.lines) {
    const ChainLine& line = recorded.line;
    const bool ends = !line.checkpoint.empty() || line.step == record.last_step();
    if (!ends || line.step == begin) continue;  // a closing line repeats the step before it
    stretches.push_back({begin + 1, line.step, available});
    begin = line.step;
    available = std::binary_search(present.begin(), present.end(), line.checkpoint);
  }
  return stretches;
}

std::vector<std::size_t> draw_stretches(const std::vector<Stretch>& stretches, std::size_t count,
                                        std::uint64_t seed) {
  std::vector<std::size_t> available;
  for (std::size_t i = 0; i < stretches.size(); ++i)
    if (stretches[i].available) available.push_back(i);
  const auto order = numerics::permutation(static_cast<std::int64_t>(available.size()),
                                           numerics::stream_key(seed, "spot"), 0);
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i)
    drawn.push_back(available[static_cast<std::size_t>(order[i])]);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

SpotOdds spot_odds(const std::vector<Stretch>& stretches, std::size_t drawn, double share) {
  TESSERA_CHECK(share > 0 && share <= 1, "a share of {}", share);
  std::vector<std::uint64_t> lengths = available_lengths(stretches);
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  std::uint64_t all = 0;
  for (const std::uint64_t length : lengths) all += length;
  SpotOdds odds;
  odds.steps = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  for (std::uint64_t held = 0; held < odds.steps; ++odds.stretches)
    held += lengths[static_cast<std::size_t>(odds.stretches)];
  odds.missed = probability_none_drawn(lengths.size(), odds.stretches, drawn);
  return odds;
}

// Of the wrong ones, one after the other: the chance that it is among those that were not drawn.
double probability_none_drawn(std::uint64_t all, std::uint64_t wrong, std::uint64_t drawn) {
  TESSERA_CHECK(wrong <= all && drawn <= all, "{} wrong and {} drawn of {}", wrong, drawn, all);
  if (wrong + drawn > all) return 0;
  double probability = 1;
  for (std::uint64_t i = 0; i < wrong; ++i)
    probability *= static_cast<double>(all - drawn - i) / static_cast<double>(all - i);
  return probability;
}

}  // namespace tessera::runs
