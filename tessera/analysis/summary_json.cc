#include <cmath>
#include <nlohmann/json.hpp>

#include "tessera/analysis/summary_text.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/text.h"

namespace tessera::analysis {
namespace {

using Json = nlohmann::json;

Json number(double value) {
  return std::isfinite(value) ? Json(value == 0 ? 0.0 : value) : Json(nullptr);
}

Json values_json(const std::vector<ValueCount>& values) {
  Json list = Json::array();
  for (const ValueCount& each : values) list.push_back({{"value", each.text}, {"rows", each.count}});
  return list;
}

Json numbers_json(const NumberFacts& n) {
  return {{"mean", number(n.mean)},
          {"deviation", number(n.deviation)},
          {"least", number(n.least)},
          {"percentile_1", number(n.percentile_1)},
          {"lower_quartile", number(n.lower_quartile)},
          {"median", number(n.median)},
          {"upper_quartile", number(n.upper_quartile)},
          {"percentile_99", number(n.percentile_99)},
          {"most", number(n.most)},
          {"skewness", number(n.skewness)},
          {"kurtosis", number(n.kurtosis)},
          {"lower_fence", number(n.lower_fence)},
          {"upper_fence", number(n.upper_fence)},
          {"outliers_below", n.outliers_below},
          {"outliers_above", n.outliers_above}};
}

Json column_json(const ColumnSummary& column) {
  Json json = {{"name", column.name},
               {"kind", kind_name(column.kind)},
               {"rows", column.rows},
               {"present", column.present},
               {"missing", column.missing},
               {"not_a_number", column.not_a_number},
               {"infinite", column.infinite},
               {"distinct", column.distinct},
               {"constant", column.constant},
               {"identifier", column.identifier},
               {"frequent", values_json(column.frequent)},
               {"rare_values", column.rare_values},
               {"rare_rows", column.rare_rows},
               {"hints", column.hints}};
  if (column.numbers) json["numbers"] = numbers_json(*column.numbers);
  if (!column.first_date.empty()) json["dates"] = {{"first", column.first_date}, {"last", column.last_date}};
  return json;
}

std::string_view method_name(InformationMethod method) {
  return method == InformationMethod::kCounted      ? "counted"
         : method == InformationMethod::kNeighbours ? "neighbours"
                                                    : "none";
}

Json link_json(const TableAnalysis& analysis, const TargetLink& link) {
  return {{"column", analysis.columns[link.column].name},
          {"method", method_name(link.method)},
          {"mutual_information", number(link.information)},
          {"share_of_entropy", number(link.share)},
          {"plug_in", number(link.plug_in)},
          {"by_chance", number(link.by_chance)},
          {"pearson", number(link.pearson)},
          {"spearman", number(link.spearman)},
          {"cramers_v", number(link.cramers_v)},
          {"eta", number(link.eta)},
          {"auc", number(link.auc)}};
}

Json target_json(const TableAnalysis& analysis) {
  const TargetSummary& target = *analysis.target;
  Json ranking = Json::array();
  for (const std::size_t i : target.ranking) ranking.push_back(link_json(analysis, target.links[i]));
  return {{"column", analysis.columns[target.column].name},
          {"kind", target.classes ? "classes" : "numbers"},
          {"rows", target.rows},
          {"entropy", target.classes ? number(target.entropy) : Json(nullptr)},
          {"classes", values_json(target.balance)},
          {"neighbour_rows", target.neighbour_rows},
          {"ranking", ranking}};
}

Json associations_json(const TableAnalysis& analysis) {
  Json list = Json::array();
  for (const Association& each : analysis.associations) {
    Json json = {{"columns", {analysis.columns[each.first].name, analysis.columns[each.second].name}}};
    if (each.kind == AssociationKind::kCorrelation) {
      json["pearson"] = number(each.value);
      json["spearman"] = number(each.spearman);
    } else {
      json[each.kind == AssociationKind::kEta ? "eta" : "cramers_v"] = number(each.value);
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json findings_json(const TableAnalysis& analysis) {
  Json list = Json::array();
  for (const Finding& finding : analysis.findings) {
    Json columns = Json::array();
    for (const std::size_t i : finding.columns) columns.push_back(analysis.columns[i].name);
    list.push_back({{"kind", finding_name(finding.kind)},
                    {"leak", finding.leak()},
                    {"columns", columns},
                    {"sentence", finding.sentence}});
  }
  return list;
}

}  // namespace

std::string summary_json(const TableAnalysis& analysis) {
  const FloatEnvironment contract;
  Json columns = Json::array();
  for (const ColumnSummary& column : analysis.columns) columns.push_back(column_json(column));
  Json json = {{"source", analysis.source},
               {"rows", analysis.rows},
               {"missing", analysis.missing},
               {"repeated_rows", analysis.repeats.repeated},
               {"conflicting_rows", analysis.repeats.conflicting},
               {"columns", columns},
               {"all_associated", analysis.all_associated},
               {"associations", associations_json(analysis)},
               {"findings", findings_json(analysis)}};
  if (analysis.target) json["target"] = target_json(analysis);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tessera::analysis
