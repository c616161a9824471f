#include "tessera/runs/chain_writer.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"

namespace tessera::runs {
namespace {

constexpr const char* kNothing = "nothing";

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
  return printable(fmt::format("step {}: {} is {} in the record and {} now", step, what, recorded, now));
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
  if (!mismatch) mismatch = compare_parts("scalar", recorded.scalars, now.scalars, real_text);
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
    : recorded_(std::move(recorded)), last_{{}, genesis}, file_(std::move(file)) {}

void ChainWriter::pass(RecordLine line) {
  if (!line.line.checkpoint.empty()) checkpoints_.push_back({line.line.checkpoint, line.line.closing});
  last_ = std::move(line);
  ++position_;
}

void ChainWriter::skip(std::size_t lines) {
  TESSERA_CHECK(position_ <= lines && lines <= recorded_.size(), "skip to {} of {} lines", lines,
                recorded_.size());
  while (position_ < lines) pass(std::exchange(recorded_[position_], RecordLine()));
}

std::optional<Mismatch> ChainWriter::add(ChainLine line) {
  line.previous = last_.hash;
  if (!at_recorded_end()) {
    std::optional<Mismatch> mismatch = compare_lines(recorded_[position_].line, line);
    if (!mismatch) pass(std::exchange(recorded_[position_], RecordLine()));
    return mismatch;
  }
  TESSERA_CHECK(file_.has_value(), "a replay went beyond the record");
  const std::string text = chain_line_text(line);
  file_->append(text);
  pass({std::move(line), sha256(text)});
  return std::nullopt;
}

void ChainWriter::sync() {
  if (file_) file_->sync();
}

}  // namespace tessera::runs
