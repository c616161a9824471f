#include "tests/store_tester/reference.h"

#include <nlohmann/json.hpp>

#include "tessera/base/files.h"

namespace store_tester {

std::vector<std::string> whole_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end + 1 - begin));
  return lines;
}

const Chain& References::chain(const Recipe& recipe, const std::optional<Ending>& ending) {
  const auto key = std::make_pair(recipe, ending);
  auto found = chains_.find(key);
  if (found == chains_.end()) found = chains_.emplace(key, compute(recipe, ending)).first;
  return found->second;
}

Chain References::compute(const Recipe& recipe, const std::optional<Ending>& ending) const {
  Settings settings;
  settings.keep = 0;
  tessera::runs::RunOptions options = options_of(recipe, settings, "");
  options.store = scratch_;
  options.base_name = "uninterrupted";
  options.catch_signals = false;
  Computation computation(recipe.seed);
  tessera::runs::Run run = tessera::runs::Run::open(options);
  if (recipe.kept) run.keep("state", computation);
  const std::string folder = run.folder();
  Chain chain;
  const std::uint64_t last = ending ? ending->step : last_step(recipe);
  if (ending && ending->in_loop) {
    for (auto& step : run.steps(last_step(recipe))) {
      for (const auto& scalar : computation.step(step.number())) step.record(scalar.name, scalar.value);
      if (step.number() == last) break;
    }
  } else {
    for (std::uint64_t step = run.start() + 1; step <= last; ++step) {
      const auto scalars = computation.step(step);
      run.on_step({step, scalars});
    }
  }
  if (ending) chain.seal = run.finish();
  chain.claim = tessera::read_file(folder + "/claim.json");
  chain.lines = whole_lines(tessera::read_file(folder + "/chain.jsonl"));
  for (const std::string& line : chain.lines)
    chain.checkpoints.push_back(nlohmann::json::parse(line).value("checkpoint", ""));
  return chain;
}

}  // namespace store_tester
