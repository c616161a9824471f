#include <nlohmann/json.hpp>

#include "tessera/base/json.h"
#include "tessera/cli/diff_text.h"

namespace tessera::cli {
namespace {

using nlohmann::json;

json fault_json(const runs::DiffSide& side) {
  return {{"after", side.fault->after}, {"by", side.fault->by}, {"mismatch", side.mismatch->sentence()}};
}

json side_json(const runs::DiffSide& side) {
  json value = {{"folder", side.folder}, {"kind", side.is_trace ? "trace" : "run"},
                {"name", side.name},     {"steps", side.steps},
                {"claim", side.claim},   {"contract", side.contract},
                {"seal", side.seal}};
  if (!side.damage.empty()) value["damage"] = side.damage;
  if (!side.not_executed.empty()) value["not_executed"] = side.not_executed;
  if (side.executed)
    value["executed"] = {
        {"from", side.executed_from}, {"to", side.executed_to}, {"reproduced", side.reproduced()}};
  if (side.fault) value["fault"] = fault_json(side);
  return value;
}

json group_json(const std::vector<runs::RecordDifference>& group) {
  json list = json::array();
  for (const runs::RecordDifference& entry : group) {
    json value = {{"name", entry.name}, {"a", entry.a}, {"b", entry.b}};
    if (!entry.place_a.empty()) value["place_a"] = entry.place_a;
    if (!entry.place_b.empty()) value["place_b"] = entry.place_b;
    list.push_back(std::move(value));
  }
  return list;
}

json chains_json(const runs::ChainComparison& chains) {
  json value = {{"common_steps", chains.common_steps}};
  if (chains.state_agreed) value["state_agreed"] = *chains.state_agreed;
  if (const auto& difference = chains.difference)
    value["difference"] = {{"step", difference->step},
                           {"what", difference->what},
                           {"a", difference->a},
                           {"b", difference->b},
                           {"others", difference->others}};
  return value;
}

json event_json(const runs::TraceEvent& event) {
  return {{"kind", runs::trace_event_kind_name(event.kind)},
          {"name", event.name},
          {"scope", event.scope},
          {"where", event.where},
          {"attributes", event.attributes},
          {"inputs", event.inputs},
          {"dtype", dtype_name(event.dtype)},
          {"shape", std::vector<std::int64_t>(event.shape.begin(), event.shape.end())}};
}

json element_json(const runs::ElementDifference& element) {
  json value = {{"element", element.element},
                {"position", element.position},
                {"a", element.a},
                {"b", element.b},
                {"differing", element.differing}};
  if (element.ulp) value["ulp"] = *element.ulp;
  if (element.bit) value["bit"] = *element.bit;
  return value;
}

json difference_json(const runs::TraceDifference& difference) {
  constexpr std::string_view kPartings[] = {"program", "value", "scalar", "end"};
  json value = {{"parting", kPartings[static_cast<std::size_t>(difference.parting)]},
                {"step", difference.step},
                {"event", difference.event},
                {"event_b", difference.event_b}};
  if (difference.a) value["a"] = event_json(*difference.a);
  if (difference.b) value["b"] = event_json(*difference.b);
  if (difference.parting == runs::TraceParting::kScalar)
    value["scalar"] = {{"name", difference.scalar}, {"a", difference.scalar_a}, {"b", difference.scalar_b}};
  if (difference.parting == runs::TraceParting::kValue)
    value["elements"] = {{"first", difference.leaf_first}, {"last", difference.leaf_last}};
  if (difference.element) value["element"] = element_json(*difference.element);
  if (const auto& origin = difference.origin)
    value["origin"] = {{"step", origin->step},
                       {"event", origin->event},
                       {"made_by", event_json(origin->made_by)},
                       {"changed_in", origin->changed_in_a ? "a" : "b"}};
  return value;
}

}  // namespace

std::string diff_json(const runs::DiffResult& result) {
  json value = {{"identical", result.identical()},
                {"agree", result.agree},
                {"seen_once", result.seen_once},
                {"a", side_json(result.a)},
                {"b", side_json(result.b)}};
  if (result.records)
    value["records"] = {{"configuration", group_json(result.records->configuration)},
                        {"data", group_json(result.records->data)},
                        {"code", group_json(result.records->code)},
                        {"environment", group_json(result.records->environment)}};
  if (result.chains) value["chains"] = chains_json(*result.chains);
  if (result.traces) {
    value["traces"] = {
        {"from", result.traces->from}, {"to", result.traces->to}, {"events", result.traces->events}};
    if (result.traces->difference)
      value["traces"]["difference"] = difference_json(*result.traces->difference);
  }
  return canonical_json(value);
}

}  // namespace tessera::cli
