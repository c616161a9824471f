#include "tessera/data/postgresql.h"

#include "tessera/base/error.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/text.h"

#if defined(TESSERA_HAVE_POSTGRESQL)

#include <dlfcn.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tessera/base/interrupt.h"
#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"
#include "tessera/data/table_builder.h"

namespace tessera::data {
namespace {

// The functions of libpq, found when they are first needed.
struct Library {
  decltype(&PQconnectdbParams) connect = nullptr;
  decltype(&PQconnectStartParams) start = nullptr;
  decltype(&PQconnectPoll) poll = nullptr;
  decltype(&PQsocket) socket = nullptr;
  decltype(&PQconninfo) options = nullptr;
  decltype(&PQconninfoFree) free_options = nullptr;
  decltype(&PQstatus) status = nullptr;
  decltype(&PQerrorMessage) error_message = nullptr;
  decltype(&PQfinish) finish = nullptr;
  decltype(&PQexec) execute = nullptr;
  decltype(&PQserverVersion) server_version = nullptr;
  decltype(&PQsetNoticeProcessor) set_notice_processor = nullptr;
  decltype(&PQprepare) prepare = nullptr;
  decltype(&PQdescribePrepared) describe_prepared = nullptr;
  decltype(&PQsendQueryPrepared) send_prepared = nullptr;
  decltype(&PQsetSingleRowMode) single_row_mode = nullptr;
  decltype(&PQgetResult) result = nullptr;
  decltype(&PQresultStatus) result_status = nullptr;
  decltype(&PQclear) clear = nullptr;
  decltype(&PQntuples) rows = nullptr;
  decltype(&PQnfields) columns = nullptr;
  decltype(&PQfname) name = nullptr;
  decltype(&PQftype) type = nullptr;
  decltype(&PQgetisnull) is_null = nullptr;
  decltype(&PQgetvalue) value = nullptr;
  decltype(&PQgetlength) length = nullptr;
  std::string problem;  // "" if all of them were found

  template <typename Function>
  void find(void* library, const char* symbol, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
    if (function == nullptr) problem = fmt::format("libpq.so.5 has no {}", symbol);
  }

  Library() {
    void* library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      problem = "libpq.so.5 is not installed (Debian's package libpq5)";
      return;
    }
    find(library, "PQconnectdbParams", connect);
    find(library, "PQconnectStartParams", start);
    find(library, "PQconnectPoll", poll);
    find(library, "PQsocket", socket);
    find(library, "PQconninfo", options);
    find(library, "PQconninfoFree", free_options);
    find(library, "PQstatus", status);
    find(library, "PQerrorMessage", error_message);
    find(library, "PQfinish", finish);
    find(library, "PQexec", execute);
    find(library, "PQserverVersion", server_version);
    find(library, "PQsetNoticeProcessor", set_notice_processor);
    find(library, "PQprepare", prepare);
    find(library, "PQdescribePrepared", describe_prepared);
    find(library, "PQsendQueryPrepared", send_prepared);
    find(library, "PQsetSingleRowMode", single_row_mode);
    find(library, "PQgetResult", result);
    find(library, "PQresultStatus", result_status);
    find(library, "PQclear", clear);
    find(library, "PQntuples", rows);
    find(library, "PQnfields", columns);
    find(library, "PQfname", name);
    find(library, "PQftype", type);
    find(library, "PQgetisnull", is_null);
    find(library, "PQgetvalue", value);
    find(library, "PQgetlength", length);
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

struct Finish {
  void operator()(PGconn* connection) const { library().finish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { library().clear(result); }
};
using ConnectionPointer = std::unique_ptr<PGconn, Finish>;
using ResultPointer = std::unique_ptr<PGresult, Clear>;

// Types by the numbers of PostgreSQL's catalogue (pg_type.dat).
enum class Kind : std::uint8_t { kNumber, kText, kBytes };
Kind kind_of(Oid type) {
  constexpr Oid kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kOid = 26, kFloat4 = 700, kFloat8 = 701,
                kNumeric = 1700;
  for (const Oid number : {kInt8, kInt2, kInt4, kOid, kFloat4, kFloat8, kNumeric})
    if (type == number) return Kind::kNumber;
  return type == kBytea ? Kind::kBytes : Kind::kText;
}

constexpr const char* kSource = "PostgreSQL";

// Its messages end with a line end, and may have several lines.
std::string one_line(std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  std::erase(message, '\t');  // in front of a hint on a line of its own
  for (char& c : message)
    if (c == '\n') c = ' ';
  return message;
}

[[noreturn]] void fail_with_message(PGconn* connection) {
  fail("{}: {}", kSource, one_line(library().error_message(connection)));
}

// What the server notes goes to people, too.
void show_notice(void*, const char* message) {
  fmt::print(stderr, "{}: {}\n", kSource, printable(one_line(message)));
}

// What PQconnectdbParams does, but so that the server's notices go to show_notice from the first one on. A password is handed over by
// itself, so that no message about the address can have it.
class Connecting {
 public:
  explicit Connecting(const std::string& connection) : parameters_(libpq_parameters(connection)) {
    for (const auto& [name, value] : parameters_) {
      names_.push_back(name.c_str());
      values_.push_back(value.c_str());
    }
    names_.push_back(nullptr);
    values_.push_back(nullptr);
    opened_.reset(library().start(names_.data(), values_.data(), 1));
  }

  ConnectionPointer finish() {
    if (library().status(handle()) != CONNECTION_BAD) {
      library().set_notice_processor(handle(), show_notice, nullptr);
      wait();
    }
    if (library().status(handle()) != CONNECTION_OK)
      throw ConnectionError(fmt::format("{}: {}", kSource, problem()));
    return std::move(opened_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::string_view kExpired = "timeout expired";

  PGconn* handle() const { return opened_.get(); }

  std::string problem() const {
    std::string message = one_line(library().error_message(handle()));
    if (!expired_) return message;
    const std::string reset = std::strerror(ECONNRESET);  // by the shutdown of wait()
    for (std::size_t at = message.find(reset); at != std::string::npos; at = message.find(reset, at))
      message.replace(at, reset.size(), kExpired);
    if (message.find(kExpired) != std::string::npos) return message;
    while (message.ends_with(' ') || message.ends_with(':')) message.pop_back();
    return fmt::format("{}{}{}", message, message.empty() ? "" : ": ", kExpired);
  }

  // As libpq found it, in the address, the environment or a service file.
  std::string option(std::string_view name) const {
    const std::unique_ptr<PQconninfoOption, decltype(library().free_options)> options(
        library().options(handle()), library().free_options);
    for (const PQconninfoOption* one = options.get(); one != nullptr && one->keyword != nullptr; ++one)
      if (one->keyword == name && one->val != nullptr) return one->val;
    return "";
  }

  // For each address that is tried, by libpq's rules: nothing, 0 and less are no limit, and 1 is 2.
  std::optional<std::chrono::seconds> limit() const {
    const std::string text = option("connect_timeout");
    if (text.empty()) return std::nullopt;
    int seconds = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (problem != std::errc() || rest != text.data() + text.size())
      throw ConnectionError(fmt::format("{}: connect_timeout is '{}', expected a whole number of seconds",
                                        kSource, shown_field(text)));
    if (seconds <= 0) return std::nullopt;
    return std::chrono::seconds(std::max(seconds, 2));
  }

  void wait() {
    const auto limit = this->limit();
    const auto end_of_wait = [&] { return limit ? Clock::now() + *limit : Clock::time_point::max(); };
    auto end = end_of_wait();
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING;
         next == PGRES_POLLING_WRITING || next == PGRES_POLLING_READING; next = library().poll(handle())) {
      const int socket = library().socket(handle());
      if (is_ready(socket, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, end)) continue;
      expired_ = true;
      // PQconnectPoll has no word for a limit, but goes on to the next address where one could not be connected to.
      if (library().status(handle()) != CONNECTION_STARTED) return give_up();
      ::shutdown(socket, SHUT_RDWR);
      end = end_of_wait();
    }
  }

  // Of a server that took the connection and is silent. PQconnectPoll would not try the next of several hosts; PQconnectdbParams does.
  void give_up() {
    if ((option("host") + option("hostaddr")).find(',') != std::string::npos)
      opened_.reset(library().connect(names_.data(), values_.data(), 1));
  }

  // False when the time is over.
  static bool is_ready(int socket, short event, Clock::time_point end) {
    constexpr auto kLongestWait = std::chrono::milliseconds(std::chrono::hours(1));
    for (;;) {
      const auto now = Clock::now();
      if (now >= end) return false;
      const auto wait =
          end - now < kLongestWait ? std::chrono::ceil<std::chrono::milliseconds>(end - now) : kLongestWait;
      pollfd waiting = {.fd = socket, .events = event, .revents = 0};
      if (::poll(&waiting, 1, static_cast<int>(wait.count())) > 0) return true;
      if (interrupted()) fail("{}: interrupted before there was a connection", kSource);
    }
  }

  LibpqParameters parameters_;
  std::vector<const char*> names_, values_;
  ConnectionPointer opened_;
  bool expired_ = false;
};

void require(PGconn* connection, const ResultPointer& result) {
  if (library().result_status(result.get()) != PGRES_COMMAND_OK) fail_with_message(connection);
}

// A transaction that cannot write, in which the session's settings do not change what numbers, dates and amounts look like.
void begin(PGconn* connection) {
  // The server looks whether this program is still there while it computes, if it can (on some systems it cannot).
  constexpr int kFirstVersionThatLooks = 140000;
  if (library().server_version(connection) >= kFirstVersionThatLooks)
    ResultPointer(library().execute(connection, "SET client_connection_check_interval = '2s'"));
  require(connection,
          ResultPointer(library().execute(
              connection,
              "BEGIN READ ONLY; SET LOCAL client_encoding = 'UTF8'; SET LOCAL extra_float_digits = 1;"
              "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';"
              "SET LOCAL timezone = 'UTC'; SET LOCAL lc_monetary = 'C'; SET LOCAL lc_numeric = 'C';"
              "SET LOCAL lc_time = 'C'")));
}

// One statement: PostgreSQL prepares no more than one. Nothing is executed that gives no columns, such as COMMIT or COPY.
void send(PGconn* connection, const std::string& query) {
  require(connection, ResultPointer(library().prepare(connection, "", query.c_str(), 0, nullptr)));
  const ResultPointer described(library().describe_prepared(connection, ""));
  require(connection, described);
  if (library().columns(described.get()) == 0)
    fail("{}: the query gives no columns, expected a SELECT", kSource);
  if (library().send_prepared(connection, "", 0, nullptr, nullptr, nullptr, 0) != 1)
    fail_with_message(connection);
  library().single_row_mode(connection);  // so that the rows need not all be in memory twice
}

class Rows {
 public:
  void add(const PGresult* result) {
    if (builder_ == nullptr) begin(result);
    for (int row = 0; row < library().rows(result); ++row) {
      for (std::size_t column = 0; column < kinds_.size(); ++column) add_value(result, row, column);
      builder_->end_row();
    }
  }
  bool any() const { return builder_ != nullptr; }
  Table finish() { return builder_->finish(); }

 private:
  void begin(const PGresult* result) {
    for (int column = 0; column < library().columns(result); ++column) {
      names_.emplace_back(library().name(result, column));
      kinds_.push_back(kind_of(library().type(result, column)));
      if (kinds_.back() == Kind::kBytes)
        fail("{}: column '{}' holds bytes (bytea), expected numbers or texts", kSource,
             shown_field(names_.back()));
    }
    builder_ = std::make_unique<TableBuilder>(kSource, names_);
  }

  void add_value(const PGresult* result, int row, std::size_t column) {
    const int place = static_cast<int>(column);
    if (library().is_null(result, row, place) != 0) return builder_->add_missing(column);
    const std::string_view text(library().value(result, row, place),
                                static_cast<std::size_t>(library().length(result, row, place)));
    if (kinds_[column] == Kind::kText) return builder_->add_text(column, text);
    const auto number = parse_real(text);
    if (!number)
      fail("{}: row {}: column '{}': found {}, which float64 cannot hold", kSource, builder_->rows() + 1,
           shown_field(names_[column]), shown_field(text));
    builder_->add_number(column, *number);
  }

  std::vector<std::string> names_;
  std::vector<Kind> kinds_;
  std::unique_ptr<TableBuilder> builder_;
};

}  // namespace

bool has_postgresql() {
  return library().problem.empty();
}

Table read_postgresql(const std::string& connection, const std::string& query) {
  if (!has_postgresql()) fail("{}: {}", kSource, library().problem);
  const ConnectionPointer opened = Connecting(connection).finish();
  PGconn* handle = opened.get();
  begin(handle);
  send(handle, query);
  Rows rows;
  while (const ResultPointer result{library().result(handle)}) {
    const ExecStatusType status = library().result_status(result.get());
    if (status == PGRES_FATAL_ERROR) fail_with_message(handle);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) break;
    rows.add(result.get());
  }
  if (!rows.any()) fail("{}: the server gave no rows and no columns, expected those of a SELECT", kSource);
  return rows.finish();
}

}  // namespace tessera::data

#else

namespace tessera::data {

bool has_postgresql() {
  return false;
}

Table read_postgresql(const std::string&, const std::string&) {
  fail("PostgreSQL: this program was built without it; build it where libpq-dev is installed");
}

}  // namespace tessera::data

#endif
