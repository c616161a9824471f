// The public face of a Run, and how one comes into being. The work is in run_start.cc, run_steps.cc and run_finish.cc.

#include "tessera/runs/run.h"

#include <cstdlib>
#include <exception>
#include <set>
#include <utility>

#include "tessera/runs/index.h"
#include "tessera/runs/keys.h"
#include "tessera/runs/run_state.h"
#include "tessera/tensor/fault.h"

namespace tessera::runs {
namespace {

std::string environment_value(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

// The environment speaks of one run; a program may open more. The first one to be opened is meant.
bool first_use_of(const std::string& folder) {
  static std::set<std::string> used;
  return used.insert(folder).second;
}

std::uint64_t step_of(const char* variable) {
  const std::string text = environment_value(variable);
  if (text.empty()) return 0;
  char* end = nullptr;
  const unsigned long long step = std::strtoull(text.c_str(), &end, 10);
  if (*end != '\0' || text[0] == '-') fail("{}: expected the number of a step, found '{}'", variable, text);
  return step;
}

TraceRequest trace_of_environment(const std::string& folder) {
  const std::string values = environment_value("TESSERA_TRACE_VALUES");
  if (!values.empty() && values != "0" && values != "1")
    fail_with(ExitCode::kUsage, "TESSERA_TRACE_VALUES: expected 0 or 1, found '{}'", values);
  return {folder, step_of("TESSERA_TRACE_FROM"), step_of("TESSERA_TRACE_TO"), values == "1"};
}

// Before a run is begun that could not be traced.
void refuse_unusable_trace(const TraceRequest& trace) {
  if (trace.from == 0 || trace.from > trace.to)
    fail_with(ExitCode::kUsage, "cannot trace steps {} to {}: expected an ascending range from 1", trace.from,
              trace.to);
  if (exists(trace.folder))
    fail_with(ExitCode::kUsage, "{}: exists already; a trace is written to a new folder", trace.folder);
}

// The last step needs no limit: what follows it is the closing line, which is to be compared, too.
std::uint64_t last_to_replay(const ReplayOptions& options, std::uint64_t last_step,
                             const std::string& folder) {
  if (options.to_step == 0) return 0;
  if (options.to_step > last_step)
    fail_with(ExitCode::kUsage, "{}: cannot replay to step {}: the record ends with step {}", folder,
              options.to_step, last_step);
  if (options.to_step <= options.from_step)
    fail_with(ExitCode::kUsage, "{}: nothing is to be replayed after step {} and up to step {}", folder,
              options.from_step, options.to_step);
  return options.to_step == last_step ? 0 : options.to_step;
}

// A changed input has an exit status of its own: the user can put the old file back.
void refuse_other_claim(const Claim& recorded, const Claim& now, const std::string& folder) {
  if (recorded == now) return;
  Claim with_same_inputs = now;
  with_same_inputs.inputs = recorded.inputs;
  const ExitCode code = recorded == with_same_inputs ? ExitCode::kInputChanged : ExitCode::kFailure;
  fail_with(code, "{}: this is another run than the recorded one: {}", folder,
            first_difference(recorded, now));
}

void refuse_sealed(const std::string& folder) {
  if (exists(record_path(folder, kSealFile)))
    fail("{}: the run is complete and sealed: there is nothing to resume", folder);
}

// A write that was cut off leaves a piece of a line at the end, which nobody needs.
void cut_torn_line(AppendFile& file) {
  const std::string text = read_regular_file(file.path());
  const std::size_t newline = text.rfind('\n');
  const std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
  if (whole < text.size()) file.cut_back(whole);
}

// A key that cannot sign has to be known before the work, not after it.
void refuse_unusable_key(const RunOptions& options) {
  if (!options.key_file.empty()) (void)load_private_key(options.key_file);
}

// Whoever signs from the beginning must not end without a signature by forgetting an argument.
void change_signing_key(Circumstances& circumstances, const RunOptions& options, const std::string& folder) {
  const std::string before = circumstances.signing_key, now = signing_key_of(options);
  if (before == now) return;
  if (now.empty() && !options.allow_unsigned)
    fail_with(ExitCode::kUsage,
              "{}: the run was begun with the signing key {}: give it again with --key FILE, or say "
              "--unsigned to seal "
              "without a signature",
              folder, before);
  if (!before.empty())
    circumstances.notes.push_back(
        now.empty() ? fmt::format("resumed without the signing key {}", before)
                    : fmt::format("resumed with the signing key {} instead of {}", now, before));
  circumstances.signing_key = now;
}

}  // namespace

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;

Run::~Run() {
  if (state_ == nullptr || state_->finished || state_->stopped || !state_->started) return;
  try {  // the record is complete without this; it only says more about how the session ended
    if (state_->mode == Mode::kReplay) state_->write_report();
    // The seal may be there although finish() has failed: its folder could not be synced. It covers the circumstances.
    const bool sealed = exists(record_path(state_->folder, kSealFile));
    if (state_->mode != Mode::kReplay && !sealed) state_->end_session("not finished");
  } catch (const std::exception&) {
  }
}

Run Run::open(const RunOptions& given) {
  RunOptions options = given;
  const auto asked_for = [&options](const char* variable) {
    return options.obey_environment ? environment_value(variable) : std::string();
  };
  if (options.obey_environment) plant_fault_from_environment();
  if (const std::string folder = asked_for("TESSERA_TRACE"); !folder.empty() && first_use_of(folder))
    options.trace = trace_of_environment(folder);
  if (options.trace) refuse_unusable_trace(*options.trace);
  const std::string replayed = asked_for("TESSERA_REPLAY");
  if (!replayed.empty()) {
    if (!first_use_of(replayed))
      fail("{}: a replay writes nothing, so this program cannot open a second run", replayed);
    return replay(replayed, options,
                  {.from_step = step_of("TESSERA_REPLAY_FROM"), .to_step = step_of("TESSERA_REPLAY_TO")});
  }
  const std::string resumed = asked_for("TESSERA_RESUME");
  if (!resumed.empty() && first_use_of(resumed)) return resume(resumed, options);

  refuse_unusable_key(options);
  auto state = std::make_unique<State>();
  state->mode = Mode::kRecord;
  state->options = options;
  state->claim = claim_of(options);
  const std::string text = claim_text(state->claim);
  state->claim_hash = sha256(text);
  OwnedFolder owned = make_run_folder(options);
  state->name = owned.name;
  state->folder = owned.path;
  state->lock.emplace(std::move(owned.lock));
  state->circumstances = circumstances_of(options, state->name);
  state->circumstances.sessions.push_back(new_session(options));
  state->write_circumstances();
  AppendFile chain(record_path(state->folder, kChainFile));
  state->timing.emplace(record_path(state->folder, kTimingFile));
  // The claim comes last: where it is, everything else is, and the run has begun.
  write_file_atomically(record_path(state->folder, kClaimFile), text);
  state->chain.emplace(state->claim_hash, std::vector<RecordLine>{}, std::move(chain));
  update_index(options.store, state->name);
  return Run(std::move(state));
}

Run Run::resume(const std::string& folder, const RunOptions& options) {
  refuse_unusable_key(options);
  (void)read_claim(folder);  // before anything is touched: is this a run that was started?
  refuse_sealed(folder);
  OwnedFolder owned = own_run_folder(folder);
  refuse_sealed(folder);  // by the process that had the lock
  Record record = read_record(folder);
  refuse_other_claim(record.claim, claim_of(options), folder);
  Circumstances circumstances = read_circumstances(folder);
  change_signing_key(circumstances, options, folder);
  remove_leftovers(folder);

  auto state = std::make_unique<State>();
  state->mode = Mode::kResume;
  state->options = options;
  state->claim = record.claim;
  state->claim_hash = record.claim_hash;
  state->name = owned.name;
  state->folder = owned.path;
  state->lock.emplace(std::move(owned.lock));
  state->circumstances = std::move(circumstances);
  state->circumstances.sessions.push_back(new_session(options));
  AppendFile chain(record_path(folder, kChainFile));
  if (record.torn_bytes > 0) chain.cut_back(record.chain_bytes);
  state->timing.emplace(record_path(folder, kTimingFile));
  cut_torn_line(*state->timing);
  state->chain.emplace(state->claim_hash, std::move(record.lines), std::move(chain));
  return Run(std::move(state));
}

Run Run::replay(const std::string& folder, const RunOptions& options, const ReplayOptions& replay_options) {
  Record record = read_record(folder);
  if (record.lines.empty())
    fail_with(ExitCode::kUnsealed, "{}: the chain has no line: there is nothing to compare with", folder);
  auto state = std::make_unique<State>();
  state->mode = Mode::kReplay;
  state->options = options;
  state->claim = record.claim;
  state->claim_hash = record.claim_hash;
  state->name = name_of_folder(folder);
  state->folder = folder;
  state->replay = replay_options;
  state->replay.to_step = last_to_replay(replay_options, record.last_step(), folder);
  state->report_path = environment_value("TESSERA_REPLAY_REPORT");
  state->outcome.recorded_steps = record.last_step();
  if (record.seal) state->recorded_seal = to_hex(seal_value(*record.seal));
  state->chain.emplace(state->claim_hash, std::move(record.lines), std::nullopt);
  const Claim now = claim_of(options);
  if (!(now == state->claim)) {
    state->note_mismatch({0, "the claim", to_hex(state->claim_hash), first_difference(state->claim, now)});
    state->write_report();
    refuse_other_claim(state->claim, now, folder);
  }
  return Run(std::move(state));
}

Run::Mode Run::mode() const {
  return state_->mode;
}
const std::string& Run::name() const {
  return state_->name;
}
const std::string& Run::folder() const {
  return state_->folder;
}
const Claim& Run::claim() const {
  return state_->claim;
}
bool Run::complete() const {
  return state_->complete;
}
const ReplayOutcome& Run::replay_outcome() const {
  return state_->outcome;
}

void Run::keep(const std::string& name, Stateful& object) {
  if (state_->started) fail("keep('{}'): objects are to be kept before the first step", name);
  state_->kept.keep(name, object);
}

std::uint64_t Run::start() {
  return state_->start();
}
std::string Run::finish() {
  return state_->finish();
}

bool Run::on_step(const StepReport& report) {
  State& state = *state_;
  if (!state.started) fail("the run '{}' is to be started before its first step", state.name);
  if (!state.go_on()) return false;
  std::map<std::string, double> scalars;
  for (const StepScalar& scalar : report.scalars) {
    if (scalars.emplace(scalar.name, scalar.value).second) continue;
    state.failed = true;  // the computation has moved on, and this step has no line
    fail("step {}: the scalar '{}' is reported twice", report.step, scalar.name);
  }
  state.end_step(scalars, report.step, false);
  if (state.stop_wanted() && state.done != state.claim.steps) state.pause();
  return !state.stopped && state.go_on();
}

StepRange Run::steps(std::uint64_t last) {
  if (state_->claim.steps != 0 && last != state_->claim.steps)
    fail("steps({}): the run was opened with {} steps", last, state_->claim.steps);
  start();
  return {*this, last};
}

// ---- The loop ----

void Step::record(std::string_view name, double value) {
  if (!scalars_.emplace(name, value).second)
    fail("step {}: the scalar '{}' is recorded twice", number_, name);
}

void Step::record(std::string_view name, const Tensor& scalar) {
  record(name, scalar.item_as_double());
}

StepRange::Iterator StepRange::begin() {
  run_->state_->open_step.reset();
  Iterator first(this);
  if (run_->state_->done < last_ && run_->state_->go_on()) {
    run_->state_->open_step.emplace();
    run_->state_->open_step->number_ = run_->state_->done + 1;
  }
  return first;
}

Step& StepRange::Iterator::operator*() const {
  return *range_->run_->state_->open_step;
}

StepRange::Iterator& StepRange::Iterator::operator++() {
  Run::State& state = *range_->run_->state_;
  const Step step = std::move(*state.open_step);
  state.open_step.reset();
  state.end_step(step.scalars_, step.number_, false);
  const bool more = state.done < range_->last_ && state.go_on();
  if (more && state.stop_wanted()) {
    state.pause();
    throw Stopped(state.stop_message());
  }
  if (more) {
    state.open_step.emplace();
    state.open_step->number_ = state.done + 1;
  }
  return *this;
}

bool StepRange::Iterator::operator!=(const Iterator&) const {
  return range_->run_->state_->open_step.has_value();
}

}  // namespace tessera::runs
