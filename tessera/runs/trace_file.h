// A trace: what every operation of some steps computed, as digests that are compared without the data.
//
// A trace is a folder that can be copied and read without Tessera:
//
//     trace.jsonl                 a TraceHeader; for each step its line, a line per event, and a line that ends it; a closing line
//                                 with the SHA-256 of everything before it
//     values-000037.safetensors   with values: the tensors of step 37, named by the number of their event ("12"); not the older ones,
//                                 which are data as often as not, and can be large
//
// An event makes one tensor known: a tensor of the state as it is when the step begins, a tensor made from the program's own memory, a
// tensor that is older than the step, or an operation with its inputs. Events count from 0 in each step in the order in which they happened; an
// input is the number of the event that made it known. So a change in memory between two steps shows as a state tensor that
// differs though the operation that made it agreed.
//
// A tensor's elements, row-major, little endian, NaN canonical, are cut into leaves of 1,024; the root is that of the Merkle tree of
// RFC 6962 (leaf: SHA-256 of byte 0 and the data; node: SHA-256 of byte 1 and both children) over them. Equal dtype, shape and root: equal bits.
//
// Readers are strict and stream one step at a time. Errors: Error that names file and line. Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/tensor/tensor.h"

namespace tessera::runs {

inline constexpr std::string_view kTraceFormat = "tessera/trace/1";
inline constexpr std::string_view kTraceFile = "trace.jsonl";
inline constexpr std::int64_t kTraceLeaf = 1024;  // elements

struct TraceHeader {
  std::string claim;                                    // SHA-256 of the claim, hexadecimal
  std::string name;                                     // of the run
  std::string contract;                                 // of the numerics
  std::uint64_t from = 1, to = 1;                       // steps, both included
  bool values = false;                                  // are there values files?
  std::map<std::string, std::string> environment = {};  // threads, backend, machine, build, program
};

enum class TraceEventKind { kState, kHost, kOlder, kOperation };
std::string_view trace_event_kind_name(TraceEventKind kind);  // "state", "host", "older", "operation"

struct TraceEvent {
  TraceEventKind kind = TraceEventKind::kOperation;
  std::string name;        // of the operation, or of the tensor of the state; empty for kHost and kOlder
  std::string scope;       // "forward/layer 3"
  std::string where;       // "tessera/nn/layers.cc:88"; empty when not known
  std::string attributes;  // canonical text; empty when there are none
  std::vector<std::uint32_t> inputs;
  DType dtype = DType::kFloat32;
  Shape shape;
  Digest root{};
  std::vector<Digest> leaves;  // more than one leaf: each; otherwise, and for kOlder, empty
};

struct TraceStep {
  std::uint64_t step = 0;
  std::vector<TraceEvent> events;
  std::map<std::string, double> scalars;  // as recorded at its end
};

// The Merkle tree of a tensor's elements; an empty tensor has one leaf, of no bytes.
struct TensorLeaves {
  Digest root{};
  std::vector<Digest> leaves;  // all of them, also when there is only one
};
TensorLeaves leaves_of(const Tensor& tensor);
std::vector<TensorLeaves> leaves_of(std::span<const Tensor> tensors);  // on every thread of the pool
Digest merkle_root(std::span<const Digest> leaves);                    // at least one

// The lines of trace.jsonl, with their newlines. Parsers refuse what the writer would not have written.
std::string trace_header_text(const TraceHeader& header);
TraceHeader parse_trace_header(std::string_view text, const std::string& where);
std::string trace_event_text(std::uint32_t number, const TraceEvent& event);
TraceEvent parse_trace_event(std::string_view text, std::uint32_t number, const std::string& where);

class TraceWriter {
 public:
  // Writes into a folder beside `folder`, which must not exist yet; close() gives it its name.
  TraceWriter(const std::string& folder, const TraceHeader& header);
  ~TraceWriter();  // without close() nothing is left
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  // The steps of the header, ascending. `values`: one tensor per event, when the header promises values; otherwise empty.
  void add(const TraceStep& step, std::span<const Tensor> values = {});
  void close();  // throws Error when steps of the header are missing

 private:
  std::string folder_, temporary_;
  TraceHeader header_;
  std::optional<AppendFile> file_;
  Sha256 hash_;
  std::uint64_t next_;
};

class TraceReader {
 public:
  explicit TraceReader(const std::string& folder);
  const TraceHeader& header() const { return header_; }
  const std::string& folder() const { return folder_; }
  // The next step; nothing after the last one, whose closing line has been checked then.
  std::optional<TraceStep> next();
  // The values of one event; nothing when the trace holds none of it. Checked against the digests of `event`.
  std::optional<Tensor> values(std::uint64_t step, std::uint32_t number, const TraceEvent& event) const;

 private:
  std::string read_line();
  std::string here() const;  // "FOLDER/trace.jsonl:12"
  void read_closing(std::string_view line, const std::string& digest);
  std::string folder_;
  TraceHeader header_;
  std::ifstream file_;
  Sha256 hash_;
  std::uint64_t line_ = 0;  // of the last line read
  std::uint64_t next_ = 0;  // step
  bool closed_ = false;
};

bool is_trace(const std::string& folder);  // has a trace.jsonl

}  // namespace tessera::runs
