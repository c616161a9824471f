// Kills at any moment, full disks and several processes: the run goes on to the seal of the uninterrupted one.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "tessera/base/folder_test.h"
#include "tessera/runs/check.h"
#include "tessera/runs/fake_state_test.h"

namespace tessera::runs {
namespace {

class Crash : public testing::Test {
 protected:
  void SetUp() override { seal_ = record_fake_run(store_.path(), "whole"); }
  TestFolder store_;
  std::string seal_;
};

int status_of_child(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

// Opens the run, or goes on with it, whatever the state of its folder.
void work_on(const std::string& store, const std::string& name) {
  const std::string folder = store + "/" + name;
  if (run_status(folder) == RunStatus::kNotStarted)
    record_fake_run(store, name);
  else if (run_status(folder) == RunStatus::kInterrupted)
    resume_fake_run(folder);
}

// How long a process needs for a whole run here, in microseconds: kills are to fall into it, on fast machines too.
std::uint64_t time_of_a_run(const std::string& store) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    record_fake_run(store, "timed");
    _exit(0);
  }
  status_of_child(child);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
}

TEST_F(Crash, AfterKillsAtRandomMoments) {
  const std::uint64_t whole = time_of_a_run(store_.path());
  std::uint64_t random = 12345;
  int kills = 0, rounds = 0;
  for (; kills < 20 && rounds < 60; ++rounds) {
    const std::string name = fmt::format("killed-{}", rounds / 4);
    const pid_t child = fork();
    if (child == 0) {
      try {
        work_on(store_.path(), name);
      } catch (...) {
        _exit(1);
      }
      _exit(0);
    }
    random = random * 6364136223846793005U + 1442695040888963407U;
    usleep(static_cast<useconds_t>((random >> 33) % whole));
    kill(child, SIGKILL);
    const int status = status_of_child(child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    kills += WIFSIGNALED(status) ? 1 : 0;
    if (rounds % 4 != 3) continue;
    work_on(store_.path(), name);
    const auto seal = read_seal(store_ / name);
    ASSERT_TRUE(seal.has_value()) << name;
    EXPECT_EQ(to_hex(seal_value(*seal)), seal_) << name;
    EXPECT_TRUE(check_record(store_ / name).intact()) << name;
  }
  EXPECT_GE(kills, 5);
}

// A limit on the size of files stands for a full disk: checkpoints fail first, then the chain.
TEST_F(Crash, AfterAFullDisk) {
  for (const rlim_t limit : {300, 900, 2500, 5000}) {
    const std::string name = fmt::format("full-{}", limit);
    const pid_t child = fork();
    if (child == 0) {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limits{limit, RLIM_INFINITY};
      std::string message;
      try {
        FakeModel model;
        auto run = Run::open(fake_options(store_.path(), name));
        run.keep("model", model);
        for (auto& step : run.steps(20)) {
          step.record("average", model.step(step.number()));
          if (step.number() % 3 == 0) step.record("third", static_cast<double>(step.number()));
          if (step.number() == 3) setrlimit(RLIMIT_FSIZE, &limits);
        }
        run.finish();
      } catch (const Error& error) {
        message = error.what();
      }
      _exit(message.find("cannot be") != std::string::npos ? 0 : 1);
    }
    EXPECT_EQ(status_of_child(child), 0) << limit;
    for (const std::string& file : names_in_folder(store_ / name))
      EXPECT_FALSE(is_temporary_name(file)) << file;
    for (const std::string& file : names_in_folder(store_ / name + "/checkpoints"))
      EXPECT_FALSE(is_temporary_name(file)) << file;
    EXPECT_EQ(read_record(store_ / name).torn_bytes, 0U) << limit;
    EXPECT_EQ(resume_fake_run(store_ / name), seal_) << limit;
    EXPECT_TRUE(check_record(store_ / name).intact()) << limit;
  }
}

TEST_F(Crash, SeveralProcessesShareAStore) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    try {
      _exit(record_fake_run(store_.path(), "") == seal_ ? 0 : 1);
    } catch (...) {
      _exit(2);
    }
  }
  for (const pid_t child : children) EXPECT_EQ(status_of_child(child), 0);
  for (int number = 1; number <= 4; ++number)
    EXPECT_TRUE(check_record(store_ / fmt::format("run-{:04}", number)).intact()) << number;
}

}  // namespace
}  // namespace tessera::runs
