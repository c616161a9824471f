// What the tests of recorded fits share: a folder with a table, quiet runs in it, and runs that stop early.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tessera/backends/backends.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tabular/fit_run.h"

namespace tessera::tabular {

class TabularTest : public testing::Test {
 protected:
  TabularTest(const std::string& file, const std::string& table) {
    use_default_backend();
    write_file_atomically(path(file), table);
  }
  void TearDown() override {
    set_thread_count(threads_);
    use_default_backend();
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  train::TrainOptions options(const std::string& name) const {
    train::TrainOptions options;
    options.store = path("runs");
    options.name = name;
    options.quiet = true;
    return options;
  }
  // A run that ended behind step `last`, as a killed process leaves it.
  void stop_behind(std::uint64_t last, const FitConfig& config, const std::string& name) const {
    FitSetup setup(config);
    runs::RunOptions recorded = setup.run_options();
    recorded.checkpoint_seconds = 0;
    runs::Run run = train::open_run(std::move(recorded), options(name));
    setup.keep_in(run);
    run.start();
    struct Limit : StepObserver {
      StepObserver* run;
      std::uint64_t last;
      bool on_step(const StepReport& report) override { return run->on_step(report) && report.step < last; }
    } limit;
    limit.run = &run;
    limit.last = last;
    setup.run(0, limit, nullptr);
  }

  TestFolder folder_;

 private:
  int threads_ = thread_count();
};

}  // namespace tessera::tabular
