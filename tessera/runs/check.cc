#include "tessera/runs/check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/keys.h"
#include "tessera/runs/record.h"
#include "tessera/runs/verifications.h"

namespace tessera::runs {
namespace {

struct RawLine {
  std::string text;
  Digest hash{};
  std::optional<ChainLine> line;
};

// Messages of the readers begin with the place, which a problem holds beside its message.
std::string without_place(std::string message, std::string_view place) {
  if (!message.starts_with(place)) return message;
  message.erase(0, place.size());
  const std::size_t begin = message.find_first_not_of(":, ");
  return begin == std::string::npos ? message : message.substr(begin);
}

class Checker {
 public:
  Checker(std::string folder, const CheckOptions& options) : folder_(std::move(folder)), options_(options) {}

  CheckResult run() {
    check_seal_itself();
    check_claim();
    check_chain();
    check_length();
    check_checkpoints();
    check_sealed_files();
    check_signature();
    note_other_files();
    // A changed byte is told before an incomplete record.
    std::stable_partition(result_.problems.begin(), result_.problems.end(),
                          [](const CheckProblem& problem) { return problem.code != ExitCode::kUnsealed; });
    return std::move(result_);
  }

 private:
  std::string path(std::string_view file) const { return record_path(folder_, file); }
  void problem(const std::string& place, const std::string& message, ExitCode code = ExitCode::kFailure) {
    result_.problems.push_back({printable(place), printable(message), code});
  }
  void note(const std::string& message) { result_.notes.push_back(printable(message)); }

  // Reads and parses; a problem, and nothing, if that fails.
  template <typename Parser>
  auto parsed(std::string_view file, Parser parser)
      -> std::optional<decltype(parser(std::string(), std::string()))> {
    try {
      return parser(read_regular_file(path(file)), std::string(file));
    } catch (const Error& error) {
      problem(std::string(file), without_place(without_place(error.what(), path(file)), file));
      return std::nullopt;
    }
  }

  void check_seal_itself() {
    if (!exists(path(kSealFile))) {
      problem(std::string(kSealFile),
              "missing: the run is unsealed; 'tessera resume' finishes a run that was interrupted",
              ExitCode::kUnsealed);
      return;
    }
    seal_ = parsed(kSealFile, parse_seal);
    if (seal_) result_.seal = to_hex(seal_value(*seal_));
  }

  void check_claim() {
    claim_ = parsed(kClaimFile, [this](const std::string& text, const std::string& where) {
      claim_hash_ = sha256(text);
      return parse_claim(text, where);
    });
  }

  // ---- chain.jsonl ----

  std::string line_place(std::size_t index) const {
    const auto& line = lines_[index].line;
    return line ? fmt::format("{}:{} (step {})", kChainFile, index + 1, line->step)
                : fmt::format("{}:{}", kChainFile, index + 1);
  }

  void read_lines() {
    std::string text;
    try {
      text = read_regular_file(path(kChainFile));
    } catch (const Error& error) {
      problem(std::string(kChainFile), without_place(error.what(), path(kChainFile)));
      return;
    }
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      RawLine raw{text.substr(begin, end + 1 - begin), {}, std::nullopt};
      raw.hash = sha256(raw.text);
      lines_.push_back(std::move(raw));
    }
    torn_bytes_ = text.size() - begin;
  }

  void check_chain() {
    read_lines();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      try {
        lines_[i].line = parse_chain_line(lines_[i].text, fmt::format("{}:{}", kChainFile, i + 1));
      } catch (const Error& error) {
        problem(line_place(i), without_place(error.what(), fmt::format("{}:{}", kChainFile, i + 1)));
        return;
      }
    }
    result_.lines = lines_.size();
    if (!lines_.empty()) {
      result_.steps = lines_.back().line->step;
      result_.tensors = lines_.back().line->state.size();
    }
    if (claim_) check_links();
    check_order();
  }

  // Does what stands before line i (the claim before the first) have the hash that the line holds? i may be one past
  // the last line: then the seal holds it.
  bool linked(std::size_t i) const {
    const Digest& before = i == 0 ? claim_hash_ : lines_[i - 1].hash;
    if (i < lines_.size()) return lines_[i].line->previous == before;
    return !seal_ || seal_->lines != lines_.size() || seal_->chain == before;
  }

  // One changed line breaks the link after it; if it is the stored hash that was changed, also the one before.
  void check_links() {
    for (std::size_t i = 0; i <= lines_.size(); ++i) {
      if (linked(i)) continue;
      const bool itself = i < lines_.size() && !linked(i + 1);
      if (itself) {
        problem(line_place(i), "the line was changed: neither its neighbours nor its own hash fit");
      } else if (i == 0) {
        problem(std::string(kClaimFile), "it was changed: it is not the claim that the chain begins with");
      } else {
        problem(line_place(i - 1),
                fmt::format("the line was changed: it has the SHA-256 {}, {} says otherwise",
                            to_hex(lines_[i - 1].hash), i < lines_.size() ? "the next line" : kSealFile));
      }
      return;
    }
    if (seal_ && seal_->claim != claim_hash_)
      problem(std::string(kSealFile), fmt::format("it seals another claim, {}", to_hex(seal_->claim)));
  }

  void check_order() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const ChainLine& line = *lines_[i].line;
      const bool last = i + 1 == lines_.size();
      const std::uint64_t before = i == 0 ? 0 : lines_[i - 1].line->step;
      const bool in_order =
          i == 0 ? line.step == 0 : line.step == before + 1 || (line.closing && line.step == before);
      if (!in_order) return problem(line_place(i), fmt::format("step {} after step {}", line.step, before));
      if (line.closing && !last) return problem(line_place(i + 1), "a line after the closing one");
    }
  }

  void check_length() {
    const std::string chain(kChainFile);
    if (!seal_) {
      if (torn_bytes_ > 0)
        problem(chain, fmt::format("the last {} bytes are not a whole line", torn_bytes_),
                ExitCode::kUnsealed);
      return;
    }
    if (lines_.size() < seal_->lines)
      problem(
          fmt::format("{}:{}", chain, lines_.size() + 1),
          fmt::format("the chain was cut short: {} whole lines, sealed were {}", lines_.size(), seal_->lines),
          ExitCode::kUnsealed);
    else if (lines_.size() > seal_->lines || torn_bytes_ > 0)
      problem(fmt::format("{}:{}", chain, seal_->lines + 1),
              fmt::format("something was added after the {} sealed lines", seal_->lines));
    else if (lines_.empty())
      problem(chain, "sealed, but has no closing line");
    else if (lines_.back().line && !lines_.back().line->closing)
      problem(line_place(lines_.size() - 1), "sealed, but has no closing line");
  }

  // ---- checkpoints ----

  static std::string checkpoint_place(const std::string& digest) {
    return fmt::format("{}/{}.safetensors", kCheckpointFolder, digest);
  }

  const ChainLine* line_naming(const std::string& checkpoint) const {
    for (auto raw = lines_.rbegin(); raw != lines_.rend(); ++raw)
      if (raw->line && raw->line->checkpoint == checkpoint) return &*raw->line;
    return nullptr;
  }

  std::string paused_checkpoint() {
    if (seal_ || !exists(path(kPauseFile))) return "";
    const auto pause = parsed(kPauseFile, parse_pause);
    return pause ? pause->checkpoint : "";
  }

  // A checkpoint is written before the line that names it, so a run that was killed between the two has one without a line;
  // so has a run whose chain was cut short, which is told elsewhere.
  void tell_unnamed(const std::string& digest) {
    const char* message = "no line of the chain names this checkpoint";
    if (!seal_)
      note(fmt::format("{}: {}", checkpoint_place(digest), message));
    else if (lines_.size() >= seal_->lines)
      problem(checkpoint_place(digest), message);
  }

  void check_checkpoints() {
    const std::string paused = paused_checkpoint();
    if (exists(path(kCheckpointFolder)) && !is_folder(path(kCheckpointFolder)))
      return problem(std::string(kCheckpointFolder), "expected a folder, found something else");
    const std::vector<std::string> present = checkpoints_in(folder_);
    for (const std::string& digest : present) {
      const ChainLine* line = line_naming(digest);
      if (line == nullptr && digest != paused) tell_unnamed(digest);
      check_checkpoint(digest, line);
    }
    if (!seal_) return;
    const bool whole_chain = lines_.size() >= seal_->lines;
    if (whole_chain && !seal_->checkpoint.empty() && line_naming(seal_->checkpoint) == nullptr)
      problem(std::string(kSealFile),
              fmt::format("no line names the final checkpoint {}", seal_->checkpoint));
    for (const std::string& digest : seal_->checkpoints)
      if (!std::binary_search(present.begin(), present.end(), digest))
        problem(checkpoint_place(digest), "missing: it was there when the run was sealed");
    for (const std::string& digest : present)
      if (!std::binary_search(seal_->checkpoints.begin(), seal_->checkpoints.end(), digest))
        problem(checkpoint_place(digest), "it was not there when the run was sealed");
    if (!seal_->checkpoint.empty() && !exists(checkpoint_path(folder_, seal_->checkpoint)))
      problem(checkpoint_place(seal_->checkpoint), "the final checkpoint is missing");
  }

  void check_checkpoint(const std::string& digest, const ChainLine* line) {
    std::string bytes;
    try {
      bytes = read_regular_file(checkpoint_path(folder_, digest));
    } catch (const Error& error) {
      return problem(checkpoint_place(digest), without_place(error.what(), checkpoint_path(folder_, digest)));
    }
    const bool changed = to_hex(sha256(bytes)) != digest;
    if (changed || line != nullptr) compare_tensors(digest, bytes, line, changed);
  }

  // Names the tensor that differs from the chain, if the file can be read at all.
  void compare_tensors(const std::string& digest, const std::string& bytes, const ChainLine* line,
                       bool changed) {
    const std::string place = checkpoint_place(digest);
    try {
      const auto found = state_digests(parse_safetensors(bytes, place).tensors);
      for (const auto& [name, value] : line == nullptr ? std::map<std::string, std::string>() : line->state) {
        const auto tensor = found.find(name);
        if (tensor == found.end()) return problem(place, fmt::format("the tensor '{}' is missing", name));
        if (tensor->second != value)
          return problem(fmt::format("{}, tensor '{}'", place, name),
                         fmt::format("it has the digest {}, step {} of the chain says {}", tensor->second,
                                     line->step, value));
      }
      if (changed) problem(place, "its bytes do not have the SHA-256 that it is named by");
    } catch (const Error& error) {
      problem(place, fmt::format("damaged: {}", without_place(error.what(), place)));
    }
  }

  // ---- the rest ----

  void check_sealed_files() {
    // Unsealed, these files are still growing; only their form can be looked at.
    if (!seal_) {
      parsed(kCircumstancesFile, parse_circumstances);
      return;
    }
    check_sealed_file(kCircumstancesFile, seal_->circumstances);
    check_sealed_file(kTimingFile, seal_->timing);
  }

  void check_sealed_file(std::string_view file, const Digest& expected) {
    const auto found = parsed(file, [](const std::string& text, const std::string&) { return sha256(text); });
    if (found && *found != expected)
      problem(std::string(file), fmt::format("it was changed: it has the SHA-256 {}, sealed was {}",
                                             to_hex(*found), to_hex(expected)));
  }

  void check_signature() {
    const std::string place(kSealFile);
    const bool is_signed = seal_ && !seal_->signature.empty();
    if (is_signed) {
      result_.signed_by = seal_->public_key;
      if (!signature_valid(seal_->public_key, signed_message(*seal_), seal_->signature))
        problem(place, "the signature does not belong to this seal and its circumstances");
    }
    if (seal_ && !is_signed) note("unsigned");
    if (options_.trusted_key_file.empty()) return;
    const std::string trusted = load_public_key(options_.trusted_key_file);
    if (!seal_) return;  // told already
    if (!is_signed)
      problem(place, fmt::format("not signed, but expected to be signed by the key in {}",
                                 options_.trusted_key_file));
    else if (seal_->public_key != trusted)
      problem(place, fmt::format("signed by {}, not by the key in {} ({})", seal_->public_key,
                                 options_.trusted_key_file, trusted));
    else
      result_.trusted = result_.problems.empty();
  }

  void note_other_files() {
    std::set<std::string_view> known = {kClaimFile,  kChainFile, kCheckpointFolder, kCircumstancesFile,
                                        kTimingFile, kSealFile,  kLockFile,         kVerificationsFile};
    if (!seal_) known.insert(kPauseFile);
    for (const std::string& name : names_in_folder(folder_))
      if (!known.contains(name)) note(fmt::format("{}: not a part of the record", name));
    if (!is_folder(path(kCheckpointFolder))) return;
    for (const std::string& name : names_in_folder(path(kCheckpointFolder)))
      if (!name.ends_with(".safetensors"))
        note(fmt::format("{}/{}: not a part of the record", kCheckpointFolder, name));
  }

  std::string folder_;
  const CheckOptions& options_;
  CheckResult result_;
  std::optional<Seal> seal_;
  std::optional<Claim> claim_;
  Digest claim_hash_{};
  std::vector<RawLine> lines_;
  std::size_t torn_bytes_ = 0;
};

}  // namespace

ExitCode CheckResult::code() const {
  return problems.empty() ? ExitCode::kSuccess : problems.front().code;
}

CheckResult check_record(const std::string& folder, const CheckOptions& options) {
  if (!is_folder(folder)) fail_with(ExitCode::kCannotRerun, "{}: there is no such run folder", folder);
  if (!exists(record_path(folder, kClaimFile)) && !exists(record_path(folder, kSealFile)) &&
      !exists(record_path(folder, kChainFile)))
    fail_with(ExitCode::kCannotRerun, "{}: not a run, or one that was not started: it has no {}", folder,
              kClaimFile);
  return Checker(folder, options).run();
}

SealedState sealed_state(const std::string& folder) {
  const CheckResult check = check_record(folder);
  if (!check.intact())
    fail_with(check.code(), "{}: {}: {}", folder, check.problems.front().place,
              check.problems.front().message);
  const std::string checkpoint = read_seal(folder)->checkpoint;
  return {load_checkpoint(folder, checkpoint), checkpoint_path(folder, checkpoint)};
}

}  // namespace tessera::runs
