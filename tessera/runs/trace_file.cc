#include "tessera/runs/trace_file.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/base/thread_pool.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/record.h"
#include "tessera/runs/safetensors.h"

namespace tessera::runs {
namespace {

using nlohmann::json;

std::string step_text(std::uint64_t step) {
  return canonical_json({{"step", step}}) + "\n";
}

std::string step_end_text(const TraceStep& step) {
  json value = {{"end", step.step}, {"events", step.events.size()}};
  for (const auto& [name, scalar] : step.scalars) value["scalars"][name] = hex_float(scalar);
  return canonical_json(value) + "\n";
}

std::string closing_text(std::uint64_t steps, const std::string& digest) {
  return canonical_json({{"closing", true}, {"steps", steps}, {"sha256", digest}}) + "\n";
}

void parse_step_end(TraceStep& step, std::string_view text, const std::string& where) {
  const json value = parse_json(text, where);
  JsonFields fields(value, where);
  const std::uint64_t number = fields.integer("end"), events = fields.integer("events");
  if (number != step.step || events != step.events.size())
    fail("{}: the end of step {} after {} events, expected that of step {} after {}", where, number, events,
         step.step, step.events.size());
  if (fields.has("scalars"))
    for (const auto& [name, scalar] : fields.object("scalars").items())
      step.scalars[name] = scalar_value(scalar, name, where);
  fields.done();
  if (text != step_end_text(step)) fail("{}: not in canonical form", where);
}

std::string values_file(std::uint64_t step) {
  return fmt::format("values-{:06}.safetensors", step);
}

// Beside the folder that it will become; the name is known as that of a temporary.
struct Temporary {
  std::string parent, prefix;  // the name without the number of the process
  std::string path() const { return fmt::format("{}{}{}", parent, prefix, getpid()); }
};

Temporary temporary_beside(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return {slash == std::string::npos ? "./" : path.substr(0, slash + 1), fmt::format(".{}.tmp-", name)};
}

// Of writers that were killed: nobody has their number any more, or it is ours now.
void remove_leftovers(const Temporary& temporary) {
  if (!exists(temporary.parent)) return;
  for (const std::string& name : names_in_folder(temporary.parent)) {
    if (!name.starts_with(temporary.prefix)) continue;
    const pid_t writer = std::atoi(name.c_str() + temporary.prefix.size());
    const bool alive = writer <= 0 || ::kill(writer, 0) == 0 || errno != ESRCH;
    if (alive && writer != getpid()) continue;
    try {
      remove_folder(temporary.parent + name);
    } catch (const Error&) {  // somebody else's; ours has another name
    }
  }
}

void refuse_existing(const std::string& folder) {
  if (exists(folder))
    fail_with(ExitCode::kUsage, "{}: exists already; a trace is written to a new folder", folder);
}

}  // namespace

bool is_trace(const std::string& folder) {
  return exists(record_path(folder, kTraceFile));
}

// ---- Writing ----

TraceWriter::TraceWriter(const std::string& folder, const TraceHeader& header)
    : folder_(folder), temporary_(temporary_beside(folder).path()), header_(header), next_(header.from) {
  refuse_existing(folder_);
  remove_leftovers(temporary_beside(folder));
  make_folders(temporary_);
  const std::string text = trace_header_text(header_);
  try {
    file_.emplace(record_path(temporary_, kTraceFile));
    file_->append(text);
  } catch (const Error&) {
    remove_folder(temporary_);
    throw;
  }
  hash_.add(text);
}

TraceWriter::~TraceWriter() {
  if (!file_) return;
  file_.reset();
  try {
    remove_folder(temporary_);
  } catch (const Error&) {  // what could not be written may be what cannot be removed
  }
}

void TraceWriter::add(const TraceStep& step, std::span<const Tensor> values) {
  TESSERA_CHECK(file_.has_value() && step.step == next_ && next_ <= header_.to,
                "trace: step {}, expected step {} of {} to {}", step.step, next_, header_.from, header_.to);
  TESSERA_CHECK(values.size() == (header_.values ? step.events.size() : 0), "trace: {} values for {} events",
                values.size(), step.events.size());
  std::vector<std::string> lines(step.events.size());
  parallel_for(static_cast<std::int64_t>(lines.size()), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    lines[at] = trace_event_text(static_cast<std::uint32_t>(i), step.events[at]);
  });
  std::string text = step_text(step.step);
  for (const std::string& line : lines) text += line;
  text += step_end_text(step);
  if (header_.values) {
    std::vector<NamedTensor> named;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (step.events[i].kind != TraceEventKind::kOlder) named.push_back({std::to_string(i), values[i]});
    save_safetensors(record_path(temporary_, values_file(step.step)), named);
  }
  file_->append(text);
  hash_.add(text);
  ++next_;
}

void TraceWriter::close() {
  TESSERA_CHECK(file_.has_value(), "trace: closed twice");
  if (next_ != header_.to + 1)
    fail("{}: the trace was to hold steps {} to {}; the computation ended before step {}", folder_,
         header_.from, header_.to, next_);
  file_->append(closing_text(next_ - header_.from, to_hex(hash_.finish())));
  file_->sync();
  refuse_existing(folder_);
  if (std::rename(temporary_.c_str(), folder_.c_str()) != 0)
    fail("{}: cannot be given its name: {}", folder_, std::strerror(errno));
  file_.reset();
}

// ---- Reading ----

TraceReader::TraceReader(const std::string& folder) : folder_(folder) {
  const std::string path = record_path(folder, kTraceFile);
  if (!exists(path)) fail_with(ExitCode::kUsage, "{}: not a trace: it holds no {}", folder, kTraceFile);
  ::close(open_regular_file(path));  // refuses what has no end
  file_.open(path, std::ios::binary);
  if (!file_) fail("{}: cannot be read", path);
  const std::string text = read_line();
  header_ = parse_trace_header(text, here());
  hash_.add(text);
  next_ = header_.from;
}

std::string TraceReader::here() const {
  return fmt::format("{}:{}", record_path(folder_, kTraceFile), line_);
}

// With its newline, which a line that was cut off lacks.
std::string TraceReader::read_line() {
  std::string line;
  ++line_;
  if (!std::getline(file_, line))
    fail("{}: the trace ends before its closing line; it was not finished, or cut short", here());
  if (file_.eof()) fail("{}: the line is incomplete: the trace was cut short", here());
  return line + "\n";
}

void TraceReader::read_closing(std::string_view line, const std::string& digest) {
  if (line != closing_text(next_ - header_.from, digest))
    fail("{}: the closing line does not fit what is before it: the trace was changed", here());
  if (next_ != header_.to + 1) fail("{}: steps {} to {} are missing", here(), next_, header_.to);
  if (file_.peek() != std::ifstream::traits_type::eof())
    fail("{}: something follows the closing line", here());
  closed_ = true;
}

std::optional<TraceStep> TraceReader::next() {
  if (closed_) return std::nullopt;
  std::string line = read_line();
  if (next_ > header_.to) {
    read_closing(line, to_hex(hash_.finish()));
    return std::nullopt;
  }
  if (line != step_text(next_)) fail("{}: expected the beginning of step {}", here(), next_);
  TraceStep step;
  step.step = next_;
  for (;;) {
    hash_.add(line);
    line = read_line();
    if (!line.starts_with("{\"attributes\"") && !line.starts_with("{\"dtype\"")) break;
    step.events.push_back(parse_trace_event(line, static_cast<std::uint32_t>(step.events.size()), here()));
  }
  parse_step_end(step, line, here());
  hash_.add(line);
  ++next_;
  return step;
}

std::optional<Tensor> TraceReader::values(std::uint64_t step, std::uint32_t number,
                                          const TraceEvent& event) const {
  if (!header_.values || event.kind == TraceEventKind::kOlder) return std::nullopt;
  const std::string path = record_path(folder_, values_file(step));
  for (const NamedTensor& named : load_safetensors(path).tensors) {
    if (named.name != std::to_string(number)) continue;
    if (named.tensor.dtype() != event.dtype || named.tensor.shape() != event.shape ||
        leaves_of(named.tensor).root != event.root)
      fail("{}: tensor '{}' is not the one of the trace: the file was changed", path, named.name);
    return named.tensor;
  }
  fail("{}: there is no tensor '{}'", path, number);
}

}  // namespace tessera::runs
