#include "tests/store_tester/jobs.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/progress.h"
#include "tests/store_tester/generator.h"
#include "tests/store_tester/shrink.h"

namespace store_tester {
namespace {

using nlohmann::json;

// Shared by the workers: one of them has a finding, the others end.
class SharedFlag {
 public:
  SharedFlag() {
    void* memory =
        ::mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) tessera::fail("shared memory: there is no more of it");
    flag_ = new (memory) std::atomic<bool>(false);
  }
  ~SharedFlag() { ::munmap(flag_, sizeof(std::atomic<bool>)); }
  SharedFlag(const SharedFlag&) = delete;
  SharedFlag& operator=(const SharedFlag&) = delete;
  bool is_set() const { return flag_->load(); }
  bool set() { return !flag_->exchange(true); }  // was it this call that did?

 private:
  std::atomic<bool>* flag_;
};

struct Worker {
  pid_t process = -1;
  int pipe = -1;
  std::string unread;
};

json counts_value(const Counts& counts) {
  return {{"executed", counts.executed},
          {"passed_over", counts.passed_over},
          {"faults", counts.faults},
          {"refusals", counts.refusals},
          {"seals", counts.seals}};
}

void add_counts(Counts& sum, const json& value) {
  for (const auto& [kind, count] : value.at("executed").items())
    sum.executed[kind] += count.get<std::uint64_t>();
  sum.passed_over += value.at("passed_over").get<std::uint64_t>();
  sum.faults += value.at("faults").get<std::uint64_t>();
  sum.refusals += value.at("refusals").get<std::uint64_t>();
  sum.seals += value.at("seals").get<std::uint64_t>();
}

void write_line(int pipe, const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = ::write(pipe, text.data() + sent, text.size() - sent);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

json short_finding(Runner& runner, const Script& script, std::uint64_t number, const Finding& finding) {
  Counts ignored;
  std::string sentence = finding.sentence;
  const Script made_short = shrink(script, [&](const Script& candidate) {
    const auto again = runner.run(candidate, ignored);
    if (again) sentence = again->sentence;
    return again.has_value();
  });
  return {{"sequence", number}, {"sentence", sentence}, {"script", script_text(made_short)}};
}

// Every `jobs`-th sequence. Tells of each one, and at its end what it did.
void work(const Task& task, std::uint64_t job, SharedFlag& found, int pipe) {
  const std::string folder = make_working_folder();
  Counts counts;
  {
    Runner runner(folder);
    for (std::uint64_t i = job; i < task.sequences && !found.is_set(); i += task.jobs) {
      const Script script = random_script(task.seed, task.first + i, task.length);
      const auto finding = runner.run(script, counts);
      write_line(pipe, {{"done", 1}});
      if (!finding || !found.set()) continue;
      write_line(pipe, {{"finding", short_finding(runner, script, task.first + i, *finding)}});
    }
  }
  write_line(pipe, {{"counts", counts_value(counts)}});
  tessera::remove_folder(folder);
}

Worker start_worker(const Task& task, std::uint64_t job, SharedFlag& found) {
  int ends[2];
  if (::pipe(ends) != 0) tessera::fail("pipe: no more of them");
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) tessera::fail("fork: no more processes");
  if (process > 0) {
    ::close(ends[1]);
    return {process, ends[0], {}};
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::close(ends[0]);
  try {
    work(task, job, found, ends[1]);
  } catch (const std::exception& error) {
    write_line(ends[1], {{"failed", error.what()}});
  }
  ::_exit(0);
}

void take_line(Outcome& outcome, const std::string& line) {
  const json value = json::parse(line);
  if (value.contains("done")) ++outcome.sequences;
  if (value.contains("counts")) add_counts(outcome.counts, value["counts"]);
  if (value.contains("failed"))
    tessera::fail("the tester itself failed: {}", value["failed"].get<std::string>());
  if (!value.contains("finding") || outcome.finding) return;
  const json& found = value["finding"];
  outcome.finding = ShortFinding{found.at("sequence"), found.at("sentence"),
                                 parse_script(found.at("script").get<std::string>(), "finding")};
}

// False when the worker has ended.
bool read_from(Worker& worker, Outcome& outcome) {
  char bytes[4096];
  const ssize_t got = ::read(worker.pipe, bytes, sizeof bytes);
  if (got <= 0) return false;
  worker.unread.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t newline; (newline = worker.unread.find('\n')) != std::string::npos;) {
    take_line(outcome, worker.unread.substr(0, newline));
    worker.unread.erase(0, newline + 1);
  }
  return true;
}

void end_worker(const Worker& worker) {
  ::close(worker.pipe);
  int status = 0;
  ::waitpid(worker.process, &status, 0);
  if (WIFSIGNALED(status)) tessera::fail("a process of the tester ended by signal {}", WTERMSIG(status));
}

}  // namespace

std::string make_working_folder() {
  if (std::getenv("TMPDIR") == nullptr && tessera::is_folder("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
  return tessera::make_temporary_folder("store_tester");
}

std::optional<Finding> run_script(const Script& script, Counts& counts) {
  const std::string folder = make_working_folder();
  std::optional<Finding> finding;
  {
    Runner runner(folder);
    finding = runner.run(script, counts);
  }
  tessera::remove_folder(folder);
  return finding;
}

Outcome run_task(const Task& task) {
  Outcome outcome;
  SharedFlag found;
  std::vector<Worker> workers;
  workers.reserve(task.jobs);
  for (std::uint64_t job = 0; job < task.jobs; ++job) workers.push_back(start_worker(task, job, found));
  tessera::Progress progress("sequences", task.sequences, 0, {.quiet = task.quiet, .terminal = {}});
  while (!workers.empty()) {
    std::vector<pollfd> waiting;
    waiting.reserve(workers.size());
    for (const Worker& worker : workers) waiting.push_back({worker.pipe, POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), -1);
    for (std::size_t i = workers.size(); i-- > 0;) {
      if (waiting[i].revents == 0 || read_from(workers[i], outcome)) continue;
      end_worker(workers[i]);
      workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
    }
    progress.update(outcome.sequences, outcome.finding ? "a finding" : "");
  }
  progress.finish();
  return outcome;
}

}  // namespace store_tester
