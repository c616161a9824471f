#include "tests/store_tester/session.h"

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tessera/runs/check.h"
#include "tessera/runs/index.h"
#include "tessera/runs/record.h"

namespace store_tester {
namespace {

using tessera::runs::Run;
using tessera::runs::RunOptions;

void give_differently(RunOptions& options, const std::string& other) {
  if (other == "seed") ++options.seed;
  if (other == "steps") ++options.steps;
  if (other == "digest") ++options.digest_every;
  if (other == "configuration") options.configuration[0].value = "0.2";
}

Run start_run(const SessionStart& start) {
  RunOptions options = options_of(start.recipe, start.settings, start.keys);
  if (!broken("claim")) give_differently(options, start.other);
  if (start.what == "resume") return Run::resume(start.folder, options);
  options.store = start.store;
  options.name = start.name;
  return Run::open(options);
}

// The program that the commands drive.
class Session {
 public:
  Session(Channel& channel, const SessionStart& start)
      : channel_(channel), start_(start), computation_(start.recipe.seed) {}

  void work() {
    (void)channel_.next_command();
    run_.emplace(start_run(start_));
    if (start_.recipe.kept) run_->keep("state", computation_);
    try {
      done_ = run_->start();
      tell({{"done", std::to_string(done_)}, {"name", run_->name()}});
      if (start_.settings.observer)
        work_as_observer();
      else
        work_in_loop();
    } catch (const tessera::runs::Stopped&) {
      throw;
    } catch (const tessera::Error&) {
      finish_nevertheless();
      throw;
    }
  }

 private:
  void tell(const std::map<std::string, std::string>& values) {
    Answer answer;
    answer.values = values;
    answer_due_ = false;
    channel_.answer(answer);
  }
  void tell_done() { tell({{"done", std::to_string(done_)}}); }

  // Waits for the next command. Returns how many steps are to be made; 0 for everything but steps and a stop.
  std::uint64_t next() {
    std::istringstream words(channel_.next_command());
    std::uint64_t count = 0;
    words >> command_ >> count;
    answer_due_ = true;
    return command_ == "stop" ? 1 : count;
  }

  void work_in_loop() {
    const std::uint64_t last = last_step(start_.recipe);
    std::uint64_t wanted = 0;
    for (auto& step : run_->steps(last)) {
      done_ = step.number() - 1;
      if (wanted == 0) {
        if (answer_due_) tell_done();
        wanted = next();
        if (command_ == "stop") std::raise(SIGTERM);
      }
      if (command_ == "abandon") return leave();
      for (const tessera::StepScalar& scalar : computation_.step(step.number()))
        step.record(scalar.name, scalar.value);
      if (command_ == "finish") return finish();  // in place of a `break`
      --wanted;
    }
    if (answer_due_) {
      done_ = last;
      tell_done();
    }
    wait_for_the_end();
  }

  // The loop is over, or the record was complete when it began.
  void wait_for_the_end() {
    for (;;) {
      (void)next();
      if (command_ == "finish") return finish();
      if (command_ == "abandon") return leave();
      tell_done();
    }
  }

  void work_as_observer() {
    for (;;) {
      std::uint64_t wanted = next();
      if (command_ == "finish") return finish();
      if (command_ == "abandon") return leave();
      if (command_ == "stop" && !over()) std::raise(SIGTERM);
      for (; wanted > 0 && !over(); --wanted) {
        const std::vector<tessera::StepScalar> scalars = computation_.step(done_ + 1);
        const bool go_on = run_->on_step({done_ + 1, scalars});
        ++done_;
        if (!go_on && command_ == "stop") (void)run_->finish();  // throws Stopped
      }
      tell_done();
    }
  }

  bool over() const { return run_->complete() || done_ >= last_step(start_.recipe); }

  void finish() {
    const std::string seal = run_->finish();
    run_.reset();
    tell({{"seal", seal}});
  }

  // A program that passes over the failure of a write: it must not get a seal, and must not do the record any harm.
  void finish_nevertheless() {
    if (!run_) return;
    std::string seal;
    try {
      seal = run_->finish();
    } catch (const tessera::Error&) {
      return;
    }
    throw std::logic_error("finish() gave the seal " + seal + " after an Error");
  }

  void leave() {
    run_.reset();
    tell_done();
  }

  Channel& channel_;
  const SessionStart& start_;
  Computation computation_;
  std::optional<Run> run_;
  std::string command_;
  std::uint64_t done_ = 0;
  bool answer_due_ = false;  // to the last command
};

std::string joined_problems(const tessera::runs::CheckResult& result) {
  std::string text;
  for (const auto& problem : result.problems) text += fmt::format("{}: {}; ", problem.place, problem.message);
  return text;
}

}  // namespace

void run_session(Channel& channel, const SessionStart& start) {
  Session(channel, start).work();
}

void check_once(Channel& channel, const std::string& folder, const std::string& trusted_key) {
  (void)channel.next_command();
  tessera::runs::CheckResult result = tessera::runs::check_record(folder, {.trusted_key_file = trusted_key});
  if (broken("check"))
    std::erase_if(result.problems, [](const auto& problem) { return problem.place.starts_with("timing"); });
  Answer answer;
  answer.values = {{"intact", result.intact() ? "yes" : "no"},
                   {"code", std::to_string(static_cast<int>(result.code()))},
                   {"seal", result.seal},
                   {"lines", std::to_string(result.lines)},
                   {"trusted", result.trusted ? "yes" : "no"},
                   {"problems", joined_problems(result)}};
  channel.answer(answer);
}

void read_once(Channel& channel, const std::string& folder) {
  (void)channel.next_command();
  const tessera::runs::Record record = tessera::runs::read_record(folder);
  Answer answer;
  answer.values = {{"lines", std::to_string(record.lines.size())},
                   {"torn", std::to_string(record.torn_bytes)}};
  channel.answer(answer);
}

void list_once(Channel& channel, const std::string& store, const std::string& where) {
  (void)channel.next_command();
  nlohmann::json list = nlohmann::json::object();
  for (const auto& run : tessera::runs::list_runs(store, where)) {
    const std::uint64_t wrong = broken("index") && run.status == "sealed" ? 1 : 0;
    list[run.name] = {{"status", run.status},
                      {"steps", run.steps + wrong},
                      {"seal", run.seal},
                      {"seed", run.seed},
                      {"planned", run.planned}};
  }
  Answer answer;
  answer.values = {{"runs", list.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)}};
  channel.answer(answer);
}

void replay_once(Channel& channel, const ReplayRequest& request) {
  (void)channel.next_command();
  RunOptions options = options_of(request.recipe, request.settings, request.keys);
  give_differently(options, request.other);
  Computation computation(request.recipe.seed);
  Run run = Run::replay(request.folder, options, {.from_step = request.from, .to_step = request.to});
  if (request.recipe.kept) run.keep("state", computation);
  const std::uint64_t planned = last_step(request.recipe);
  if (!request.ends_in_loop && (request.settings.observer || request.last < planned)) {
    for (std::uint64_t step = run.start() + 1; step <= request.last; ++step) {
      const auto scalars = computation.step(step);
      if (!run.on_step({step, scalars})) break;
    }
  } else {
    for (auto& step : run.steps(planned)) {
      for (const auto& scalar : computation.step(step.number())) step.record(scalar.name, scalar.value);
      if (request.ends_in_loop && step.number() == request.last) break;
    }
  }
  const std::string seal = run.finish();
  const auto& outcome = run.replay_outcome();
  Answer answer;
  answer.values = {{"identical", outcome.identical() || broken("replay") ? "yes" : "no"},
                   {"mismatch", outcome.mismatch ? outcome.mismatch->sentence() : ""},
                   {"seal", seal}};
  channel.answer(answer);
}

}  // namespace store_tester
