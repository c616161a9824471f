// Recorded fits and databases: whom a record may have asked, and new rows from elsewhere than the rows that were learned from.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tessera/base/message_test.h"
#include "tessera/base/sqlite.h"
#include "tessera/data/ingest.h"
#include "tessera/tabular/tabular_test.h"
#include "tessera/train/training_setup.h"

namespace tessera::tabular {
namespace {

using testing::AllOf, testing::HasSubstr, testing::StartsWith;

// 60 stays; `first` gives others.
std::string stays(int first = 0) {
  std::string text = "age,kind,gone\n";
  for (int i = first; i < first + 60; ++i)
    text += fmt::format("{},{},{}\n", 20 + i * 7 % 60 + i / 60 * 0.25, "abc"[i * 5 % 3],
                        i * 7 % 60 > 25 ? "yes" : "no");
  return text;
}

// Waits for connections and answers none.
class Listener {
 public:
  Listener() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const place = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, place, size), 0);
    EXPECT_EQ(::listen(socket_, 5), 0);
    EXPECT_EQ(::getsockname(socket_, place, &size), 0);
    uri_ = fmt::format("postgresql://me@127.0.0.1:{}/clinic?connect_timeout=2", ntohs(address.sin_port));
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(socket_); }
  const std::string& uri() const { return uri_; }
  bool was_asked() const {
    const int found = ::accept(socket_, nullptr, nullptr);
    if (found >= 0) ::close(found);
    return found >= 0;
  }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  std::string uri_;
};

class Databases : public TabularTest {
 protected:
  Databases() : TabularTest("stays.csv", stays()) {}
  FitConfig config() const {
    return FitConfig::of("gaussian_nb", path("stays.csv"), "gone", {"evaluate.folds=2"});
  }
  // A sealed run whose record says that its table is rows of that database.
  std::string run_at(const std::string& uri) const {
    FitSetup setup(config());
    runs::RunOptions recorded = setup.run_options();
    recorded.inputs.front().path = uri;
    recorded.configuration.push_back({"data.query", "SELECT * FROM stays ORDER BY id", "--set"});
    runs::Run run = train::open_run(std::move(recorded), options("elsewhere"));
    setup.keep_in(run);
    run.start();
    setup.run(0, run, nullptr);
    run.finish();
    return run.folder();
  }
};

// A record may come from anybody: whoever opens it does not thereby send a password to a server of its choice.
TEST_F(Databases, ThatOnlyTheRecordNamesAreNotAskedByAPageOrAnEvaluation) {
  const Listener server;
  const std::string run = run_at(server.uri());
  EXPECT_THAT(learned_text(run, ""),
              HasSubstr(fmt::format("\nnot evaluated: the rows are in the PostgreSQL database {}, which only "
                                    "the record names: it is asked with --data {}\n",
                                    server.uri(), server.uri())));
  EXPECT_THAT(learned_text(run, path("")), HasSubstr("which only the record names"));
  write_file_atomically(path("new.csv"), stays(60));
  const FittedModel model(run);
  EXPECT_THAT(model.evaluate(path("new.csv")).note,
              HasSubstr(fmt::format("its own are in the PostgreSQL database {}, which only the record names, "
                                    "so it was not asked",
                                    server.uri())));
  EXPECT_THAT(model.evaluate(path("stays.csv")).note,
              HasSubstr("only the 12 that were held out"));  // the same records, in a file
  EXPECT_FALSE(server.was_asked());
}

TEST_F(Databases, ThatAreAskedToVerifyAreNamedBefore) {
  const std::string run = run_at("postgresql://me@127.0.0.1:1/clinic?connect_timeout=2");
  testing::internal::CaptureStderr();
  const std::string message = message_of([&] { verify_fit(run, {.quiet = true}); });
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("asking PostgreSQL at host 127.0.0.1, port 1, database clinic, user me\n"));
  EXPECT_THAT(message, StartsWith("postgresql://me@127.0.0.1:1/clinic?connect_timeout=2: "));
  try {
    verify_fit(run, {.data_folder = path("missing"), .quiet = true});
    FAIL() << "a folder was taken for a database";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("--data"), HasSubstr("expected the address of a database")));
  }
}

TEST_F(Databases, GiveNewRowsToARunThatLearnedFromAFile) {
  const FittedModel model(fit(config(), options("csv")).folder);
  Database database(path("new.sqlite"));
  write_file_atomically(path("new.csv"), stays(60));
  data::ingest_csv(database, "stays", path("new.csv"));
  const std::string query = "SELECT * FROM stays ORDER BY rowid";
  EXPECT_EQ(model.predictions_csv(model.read(path("new.sqlite"), query)),
            model.predictions_csv(model.read(path("new.csv"))));
  EXPECT_EQ(model.evaluate(path("new.sqlite"), query).text, model.evaluate(path("new.csv")).text);
  EXPECT_THAT(model.predictions_csv(model.read(path("new.sqlite"), "SELECT * FROM stays LIMIT 1")),
              StartsWith("row,prediction,probability_no,probability_yes\n1,"));
  EXPECT_THAT(message_of([&] { model.read(path("new.sqlite")); }),
              HasSubstr("a database, and the run has no query of its own; expected one"));
  EXPECT_THAT(message_of([&] { model.evaluate("postgresql://me@127.0.0.1:1/clinic"); }),
              HasSubstr("clinic: a database, and the run has no query of its own; expected one"));
  EXPECT_THAT(message_of([&] { model.read(path("new.csv"), query); }),
              HasSubstr("found the query 'SELECT * FROM stays ORDER BY rowid', but the file is no database"));
}

// The rows that the run learned from are known again, whatever they are asked of.
TEST_F(Databases, ThatHaveTheRunsOwnRowsAreJudgedByWhatWasHeldOut) {
  const FittedModel model(fit(config(), options("csv")).folder);
  Database database(path("own.sqlite"));
  data::ingest_csv(database, "stays", path("stays.csv"));
  const FittedEvaluation found = model.evaluate(path("own.sqlite"), "SELECT * FROM stays ORDER BY rowid");
  EXPECT_THAT(found.note, HasSubstr("only the 12 that were held out are used"));
  EXPECT_EQ(found.text, model.evaluate(path("stays.csv")).text);
}

}  // namespace
}  // namespace tessera::tabular
