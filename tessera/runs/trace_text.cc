// The lines of trace.jsonl. As with records, a parser writes what it has read again and compares: one value, one text.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/record.h"
#include "tessera/runs/trace_file.h"

namespace tessera::runs {
namespace {

using nlohmann::json;

constexpr std::string_view kKinds[] = {"state", "host", "older", "operation"};

TraceEventKind parse_kind(const std::string& text, const std::string& where) {
  for (std::size_t i = 0; i < std::size(kKinds); ++i)
    if (text == kKinds[i]) return static_cast<TraceEventKind>(i);
  fail("{}: there is no kind of event '{}'", where, printable(text));
}

DType parse_dtype(const std::string& text, const std::string& where) {
  try {
    return dtype_from_name(text);
  } catch (const Error& error) {
    fail("{}: {}", where, error.what());
  }
}

std::vector<std::uint64_t> integers(const json& list, const std::string& what, const std::string& where) {
  std::vector<std::uint64_t> result;
  for (const json& value : list) {
    if (!value.is_number_unsigned()) fail("{}: '{}' is to be a list of integers from 0", where, what);
    result.push_back(value.get<std::uint64_t>());
  }
  return result;
}

Shape parse_shape(const json& list, const std::string& where) {
  std::vector<std::int64_t> lengths;
  for (const std::uint64_t length : integers(list, "shape", where)) {
    if (length > INT64_MAX) fail("{}: the length {} of an axis is too large", where, length);
    lengths.push_back(static_cast<std::int64_t>(length));
  }
  if (lengths.size() > static_cast<std::size_t>(kMaxRank))
    fail("{}: a shape of {} axes, expected at most {}", where, lengths.size(), kMaxRank);
  std::int64_t elements = 1;
  for (const std::int64_t length : lengths)
    if (__builtin_mul_overflow(elements, length, &elements)) fail("{}: the shape is too large", where);
  return Shape(std::span<const std::int64_t>(lengths));
}

std::int64_t leaf_count(const TraceEvent& event) {
  const std::int64_t elements = event.shape.elements();
  return elements == 0 ? 1 : (elements - 1) / kTraceLeaf + 1;
}

// One text, 64 digits per leaf: a list of a thousand texts would take longer to write than to compute.
void parse_leaves(TraceEvent& event, const std::string& text, const std::string& where) {
  constexpr std::size_t kLeafDigits = 2 * std::tuple_size_v<Digest>;
  // A data set has many leaves and would repeat them in every step.
  const bool listed = leaf_count(event) > 1 && event.kind != TraceEventKind::kOlder;
  const std::size_t expected = listed ? static_cast<std::size_t>(leaf_count(event)) : 0;
  if (text.size() / kLeafDigits != expected || text.size() % kLeafDigits != 0)
    fail("{}: found {} digits of leaves for shape {}, expected {} times {}", where, text.size(),
         event.shape.to_string(), expected, kLeafDigits);
  for (std::size_t leaf = 0; leaf < expected; ++leaf)
    event.leaves.push_back(digest_from_hex(text.substr(leaf * kLeafDigits, kLeafDigits)));
  if (expected > 0 && merkle_root(event.leaves) != event.root)
    fail("{}: the root is not that of the leaves", where);
}

void parse_inputs(TraceEvent& event, const json& list, std::uint32_t number, const std::string& where) {
  for (const std::uint64_t input : integers(list, "inputs", where)) {
    if (input >= number) fail("{}: input {} of event {} comes after it", where, input, number);
    event.inputs.push_back(static_cast<std::uint32_t>(input));
  }
}

// What needs no escape is most of what there is.
std::string json_text(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  return plain ? '"' + text + '"' : canonical_json(text);
}

void refuse_other_text(std::string_view text, const std::string& again, const std::string& where) {
  if (text != again) fail("{}: not in canonical form", where);
}

json parse_trace_line(std::string_view text, const std::string& where) {
  if (!text.ends_with('\n')) fail("{}: the line is incomplete", where);
  text.remove_suffix(1);
  return parse_json(text, where);
}

}  // namespace

std::string_view trace_event_kind_name(TraceEventKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string trace_header_text(const TraceHeader& header) {
  const json value = {
      {"format", kTraceFormat},      {"claim", header.claim},   {"name", header.name},
      {"contract", header.contract}, {"from", header.from},     {"to", header.to},
      {"leaf", kTraceLeaf},          {"values", header.values}, {"environment", header.environment}};
  return canonical_json(value) + "\n";
}

TraceHeader parse_trace_header(std::string_view text, const std::string& where) {
  const json value = parse_trace_line(text, where);
  JsonFields fields(value, where);
  fields.expect_text("format", kTraceFormat);
  TraceHeader header;
  header.claim = fields.digest_text("claim");
  header.name = fields.text("name");
  header.contract = fields.text("contract");
  header.from = fields.integer("from");
  header.to = fields.integer("to");
  if (const std::uint64_t leaf = fields.integer("leaf"); leaf != static_cast<std::uint64_t>(kTraceLeaf))
    fail("{}: leaves of {} elements, expected {}", where, leaf, kTraceLeaf);
  header.values = fields.boolean("values");
  header.environment = fields.texts("environment");
  fields.done();
  if (header.from == 0 || header.from > header.to)
    fail("{}: steps {} to {}, expected an ascending range from 1", where, header.from, header.to);
  refuse_other_text(text, trace_header_text(header), where);
  return header;
}

// As canonical_json writes it, keys in ascending order; by hand, since a step has hundreds of them.
std::string trace_event_text(std::uint32_t number, const TraceEvent& event) {
  std::string text;
  const auto key = [&text](std::string_view name) {
    text += text.empty() ? "{\"" : ",\"";
    text += name;
    text += "\":";
  };
  const auto text_value = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    key(name);
    text += json_text(value);
  };
  const auto list = [&](std::string_view name, const auto& values) {
    key(name);
    fmt::format_to(std::back_inserter(text), "[{}]", fmt::join(values.begin(), values.end(), ","));
  };
  text_value("attributes", event.attributes);
  key("dtype");
  fmt::format_to(std::back_inserter(text), "\"{}\",\"event\":{}", dtype_name(event.dtype), number);
  if (!event.inputs.empty()) list("inputs", event.inputs);
  fmt::format_to(std::back_inserter(text), ",\"kind\":\"{}\"", trace_event_kind_name(event.kind));
  if (!event.leaves.empty()) {  // one after the other, in memory and in the text
    key("leaves");
    text += '"' + to_hex(event.leaves[0].data(), event.leaves.size() * sizeof(Digest)) + '"';
  }
  text_value("name", event.name);
  key("root");
  text += '"' + to_hex(event.root) + '"';
  text_value("scope", event.scope);
  list("shape", event.shape);
  text_value("where", event.where);
  return text + "}\n";
}

TraceEvent parse_trace_event(std::string_view text, std::uint32_t number, const std::string& where) {
  const json value = parse_trace_line(text, where);
  JsonFields fields(value, where);
  if (const std::uint64_t found = fields.integer("event"); found != number)
    fail("{}: event {}, expected event {}", where, found, number);
  TraceEvent event;
  event.kind = parse_kind(fields.text("kind"), where);
  event.dtype = parse_dtype(fields.text("dtype"), where);
  event.shape = parse_shape(fields.array("shape"), where);
  event.root = fields.digest("root");
  for (const auto& [key, text_of] :
       {std::pair{"name", &event.name}, std::pair{"scope", &event.scope}, std::pair{"where", &event.where},
        std::pair{"attributes", &event.attributes}})
    if (fields.has(key)) *text_of = fields.text(key);
  if (fields.has("inputs")) parse_inputs(event, fields.array("inputs"), number, where);
  parse_leaves(event, fields.has("leaves") ? fields.text("leaves") : "", where);
  fields.done();
  refuse_other_text(text, trace_event_text(number, event), where);
  return event;
}

}  // namespace tessera::runs
