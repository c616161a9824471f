#include "tessera/runs/chain_writer.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"

namespace tessera::runs {
namespace {

constexpr const char* kNothing = "nothing";

std::string number_text(double value) {
  return fmt::format("{} ({})", value, hex_float(value));
}

template <typename Value, typename ToText>
std::optional<Mismatch> compare_parts(const char* what, const std::map<std::string, Value>& recorded,
                                      const std::map<std::string, Value>& now, ToText to_text) {
  for (const auto& [name, value] : recorded) {
    const auto found = now.find(name);
    if (found != now.end() && to_text(found->second) == to_text(value)) continue;
    return Mismatch{0, fmt::format("{} '{}'", what, name), to_text(value),
                    found == now.end() ? kNothing : to_text(found->second)};
  }
  for (const auto& [name, value] : now)
    if (!recorded.contains(name))
      return Mismatch{0, fmt::format("{} '{}'", what, name), kNothing, to_text(value)};
  return std::nullopt;
}

}  // namespace

std::string Mismatch::sentence() const {
  return fmt::format("step {}: {} is {} in the record and {} now", step, what, recorded, now);
}

std::optional<Mismatch> compare_lines(const ChainLine& recorded, const ChainLine& now) {
  std::optional<Mismatch> mismatch;
  const auto same_text = [](const std::string& text) { return text; };
  if (recorded.step != now.step || recorded.closing != now.closing) {
    const auto place = [](const ChainLine& line) {
      return fmt::format("step {}{}", line.step, line.closing ? " as the last" : "");
    };
    mismatch = Mismatch{0, "the end of the run", place(recorded), place(now)};
  }
  if (!mismatch) mismatch = compare_parts("scalar", recorded.scalars, now.scalars, number_text);
  if (!mismatch) mismatch = compare_parts("tensor", recorded.state, now.state, same_text);
  if (!mismatch && recorded.checkpoint != now.checkpoint) {
    const auto name = [](const ChainLine& line) {
      return line.checkpoint.empty() ? std::string(kNothing) : line.checkpoint;
    };
    mismatch = Mismatch{0, "the checkpoint", name(recorded), name(now)};
  }
  if (mismatch) mismatch->step = now.step;
  return mismatch;
}

ChainWriter::ChainWriter(Digest genesis, std::vector<RecordLine> recorded, std::optional<AppendFile> file)
    : genesis_(genesis), lines_(std::move(recorded)), recorded_(lines_.size()), file_(std::move(file)) {}

const Digest& ChainWriter::hash_before(std::size_t position) const {
  return position == 0 ? genesis_ : lines_[position - 1].hash;
}

std::optional<Mismatch> ChainWriter::add(ChainLine line) {
  line.previous = hash_before(position_);
  if (!at_recorded_end()) {
    std::optional<Mismatch> mismatch = compare_lines(lines_[position_].line, line);
    if (!mismatch) ++position_;
    return mismatch;
  }
  TESSERA_CHECK(file_.has_value(), "a replay went beyond the record");
  std::string text = chain_line_text(line);
  file_->append(text);
  const Digest hash = sha256(text);
  lines_.push_back({std::move(line), hash, std::move(text)});
  ++position_;
  return std::nullopt;
}

void ChainWriter::sync() {
  if (file_) file_->sync();
}

}  // namespace tessera::runs
