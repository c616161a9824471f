#include "tessera/data/postgresql.h"

#include "tessera/base/error.h"
#include "tessera/base/postgresql_uri.h"
#include "tessera/base/text.h"

#if defined(TESSERA_HAVE_POSTGRESQL)

#include <dlfcn.h>
#include <libpq-fe.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "tessera/data/csv_rows.h"
#include "tessera/data/numbers.h"
#include "tessera/data/table_builder.h"

namespace tessera::data {
namespace {

// The functions of libpq, found when they are first needed.
struct Library {
  decltype(&PQconnectdbParams) connect = nullptr;
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

// A password is handed over by itself, so that no message about the address can have it.
ConnectionPointer connected(const std::string& connection) {
  std::vector<const char*> names, values;
  const LibpqParameters parameters = libpq_parameters(connection);
  for (const auto& [name, value] : parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  ConnectionPointer opened(library().connect(names.data(), values.data(), 1));
  if (opened == nullptr || library().status(opened.get()) != CONNECTION_OK)
    throw ConnectionError(fmt::format("{}: {}", kSource, one_line(library().error_message(opened.get()))));
  library().set_notice_processor(opened.get(), show_notice, nullptr);
  return opened;
}

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
  const ConnectionPointer opened = connected(connection);
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
