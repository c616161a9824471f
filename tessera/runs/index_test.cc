#include "tessera/runs/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tessera/base/folder_test.h"
#include "tessera/base/sqlite.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/runs/where.h"

namespace tessera::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names_of(const std::vector<RunSummary>& runs) {
  std::vector<std::string> names;
  for (const RunSummary& run : runs) names.push_back(run.name);
  return names;
}

class Index : public testing::Test {
 protected:
  void SetUp() override {
    record("small", "0.01", "adam", 3);
    record("middle", "0.1", "sgd", 6);
    record("large", "0x1p+1", "sgd", 9);
  }

  void record(const std::string& name, const std::string& lr, const std::string& optimizer,
              std::uint64_t steps) {
    FakeModel model;
    RunOptions options = fake_options(store_.path(), name, steps);
    options.configuration = {
        {"training.lr", lr, ""}, {"training.optimizer", optimizer, ""}, {"net.lr", "5", ""}};
    if (name != "small") options.configuration.pop_back();
    auto run = Run::open(options);
    run_fake_loop(run, model, steps);
  }

  std::vector<std::string> where(const std::string& condition) {
    return names_of(list_runs(store_.path(), condition));
  }
  std::string message(const std::string& condition) {
    try {
      list_runs(store_.path(), condition);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      return error.what();
    }
    return "(no error)";
  }

  TestFolder store_;
};

TEST_F(Index, ListsWhatIsThere) {
  const std::vector<RunSummary> runs = list_runs(store_.path());
  ASSERT_EQ(names_of(runs), (std::vector<std::string>{"large", "middle", "small"}));
  const RunSummary& large = runs[0];
  EXPECT_EQ(large.status, "sealed");
  EXPECT_EQ(large.kind, "program");
  EXPECT_EQ(large.seed, 42U);
  EXPECT_EQ(large.steps, 9U);
  EXPECT_EQ(large.planned, 9U);
  EXPECT_EQ(large.seal, to_hex(seal_value(*read_seal(large.folder))));
  EXPECT_EQ(large.scalars.at("third"), 9.0);
  EXPECT_EQ(large.configuration.at("training.lr"), "0x1p+1");
  EXPECT_EQ(large.started.size(), 20U);
}

TEST_F(Index, Conditions) {
  EXPECT_THAT(where("steps < 9"), ElementsAre("middle", "small"));
  EXPECT_THAT(where("training.lr < 0.1"), ElementsAre("small"));
  EXPECT_THAT(where("training.lr <= 0.1"), ElementsAre("middle", "small"));
  EXPECT_THAT(where("training.lr = 2"), ElementsAre("large"));  // written as a hexadecimal number
  EXPECT_THAT(where("2 == training.lr"), ElementsAre("large"));
  EXPECT_THAT(where("1 < training.lr"), ElementsAre("large"));
  EXPECT_THAT(where("optimizer = sgd"), ElementsAre("large", "middle"));
  EXPECT_THAT(where("optimizer = 'sgd' and steps > 6"), ElementsAre("large"));
  EXPECT_THAT(where("optimizer != \"sgd\""), ElementsAre("small"));
  EXPECT_THAT(where("not optimizer = sgd or name = large"), ElementsAre("large", "small"));
  EXPECT_THAT(where("steps = 3 or steps = 6 and seed = 1"),
              ElementsAre("small"));  // `and` binds more strongly
  EXPECT_THAT(where("(steps = 3 or steps = 6) and seed = 1"), IsEmpty());
  EXPECT_THAT(where("net.lr = 5"), ElementsAre("small"));
  EXPECT_THAT(where("net.lr != 4"), ElementsAre("small"));  // the others do not have the key
  EXPECT_THAT(where("third >= 6 and third<9"), ElementsAre("middle"));
  EXPECT_THAT(where("third > -1e-3 and average > -1000"), ElementsAre("large", "middle", "small"));
  EXPECT_THAT(where("status = sealed and kind = program and planned = 3"), ElementsAre("small"));
  EXPECT_THAT(where("  "), ElementsAre("large", "middle", "small"));
  EXPECT_THAT(where("name = \"x' or '1'='1\""), IsEmpty());  // a text is never a part of the query
}

TEST_F(Index, MistakesAreShown) {
  EXPECT_EQ(message("stepps < 3"), "--where: no run has the key 'stepps' (did you mean 'steps'?)");
  EXPECT_EQ(message("optimiser = sgd"),
            "--where: no run has the key 'optimiser' (did you mean 'optimizer'?)");
  EXPECT_EQ(message("zzz = 1"), "--where: no run has the key 'zzz'");
  EXPECT_EQ(message("lr < 1"), "--where: 'lr' may mean net.lr or training.lr: write the whole key");
  EXPECT_EQ(message("steps <"), "--where: column 8: expected a number or a text, found the end in: steps <");
  EXPECT_EQ(message("steps 3"), "--where: column 7: expected one of = != < <= > >=, found '3' in: steps 3");
  EXPECT_THAT(message("steps =< 3"), HasSubstr("column 7: expected one of = != < <= > >=, found '=<'"));
  EXPECT_THAT(message("(steps < 3"), HasSubstr("column 11: expected ')', found the end"));
  EXPECT_THAT(message("steps < 3 steps"),
              HasSubstr("column 11: expected 'and', 'or' or the end, found 'steps'"));
  EXPECT_THAT(message("and"), HasSubstr("column 1: expected a comparison such as"));
  EXPECT_THAT(message("steps = 'x"), HasSubstr("column 9: the text has no closing '"));
  EXPECT_THAT(message("steps; DROP"), HasSubstr("column 6: unexpected character ';'"));
  EXPECT_THAT(message("1 = 1"), HasSubstr("a comparison needs a key on one side"));
  EXPECT_THAT(message(std::string(1000, '(')), HasSubstr("nested more than 10 levels deep"));
}

TEST_F(Index, AConditionIsNeverTakenForDamage) {
  const auto with_terms = [](int count) {
    std::string condition = "steps = 3";
    for (int i = 1; i < count; ++i) condition += fmt::format(" or steps = {}", 1000 + i);
    return condition;
  };
  EXPECT_THAT(where(with_terms(200)), ElementsAre("small"));
  EXPECT_THAT(message(with_terms(201)), HasSubstr("more than 200 comparisons"));
  EXPECT_THAT(message(with_terms(2000)), HasSubstr("more than 200 comparisons"));

  // As deep as it may be, with all that a level can hold.
  std::string deep = "steps = 3";
  for (int level = 0; level < 9; ++level) deep = fmt::format("steps = 1 or steps > 0 and ({})", deep);
  EXPECT_THAT(where(deep), ElementsAre("small"));
  for (int level = 0; level < 9; ++level) deep = level == 0 ? "not steps = 3" : "not " + deep;
  EXPECT_THAT(where(deep), ElementsAre("large", "middle"));

  Database database(":memory:");
  const auto damaged = [&](bool own_sql) {
    try {
      Statement statement(database, "SELECT x FROM nowhere", own_sql);
    } catch (const DatabaseError& error) {
      return error.damaged;
    }
    ADD_FAILURE();
    return false;
  };
  EXPECT_TRUE(damaged(true));
  EXPECT_FALSE(damaged(false));
}

TEST_F(Index, FollowsTheFolders) {
  EXPECT_EQ(list_runs(store_.path()).size(), 3U);
  remove_folder(store_ / "small");
  record("new", "1", "adam", 2);
  EXPECT_THAT(where(""), ElementsAre("large", "middle", "new"));
  {
    FakeModel model;
    auto run = Run::open(fake_options(store_.path(), "live"));
    run.keep("model", model);
    run.start();
    EXPECT_THAT(where("status = running"), ElementsAre("live"));
    EXPECT_EQ(run.on_step({1, {}}), true);
    EXPECT_THAT(where("name = live and steps = 1"), ElementsAre("live"));
  }
  EXPECT_THAT(where("status = interrupted"), ElementsAre("live"));
  std::ofstream(store_ / "middle/claim.json") << "{";
  EXPECT_THAT(where("status = damaged"), ElementsAre("middle"));
}

TEST_F(Index, IsMadeAnewWhenItIsMissingOrDamaged) {
  const std::string path = store_ / "index.sqlite";
  EXPECT_EQ(list_runs(store_.path()).size(), 3U);
  EXPECT_TRUE(exists(path));
  remove_file(path);
  EXPECT_EQ(list_runs(store_.path()).size(), 3U);
  std::ofstream(path) << "this is not a database, but it is long enough to be looked at as if it were one";
  EXPECT_EQ(list_runs(store_.path()).size(), 3U);
  const std::string good = read_file(path);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << good.substr(0, good.size() / 2);
  EXPECT_EQ(list_runs(store_.path()).size(), 3U);
  rebuild_index(store_.path());
  EXPECT_THAT(where("steps = 3"), ElementsAre("small"));
  EXPECT_THROW(list_runs(store_ / "none"), Error);
}

TEST_F(Index, SeveralProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    bool good = true;
    try {
      for (int round = 0; round < 3; ++round) {
        record(fmt::format("p{}-{}", i, round), "1", "adam", 2);
        good = good && list_runs(store_.path(), fmt::format("name = p{}-{}", i, round)).size() == 1;
      }
    } catch (...) {
      good = false;
    }
    _exit(good ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(list_runs(store_.path()).size(), 12U);
}

TEST_F(Index, RunsAreFoundByNameOrPath) {
  EXPECT_EQ(find_run(store_.path(), "small"), store_ / "small");
  EXPECT_EQ(find_run("elsewhere", store_ / "small"), store_ / "small");
  const auto message_for = [&](const std::string& name) {
    try {
      return find_run(store_.path(), name);
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(message_for("smal"), HasSubstr("there is no run 'smal' in the store"));
  EXPECT_THAT(message_for("smal"), HasSubstr("(did you mean 'small'?)"));
  EXPECT_THAT(message_for("./none"), HasSubstr("there is no such run folder"));
}

}  // namespace
}  // namespace tessera::runs
