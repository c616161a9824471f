// The charts of an analysis's page, each a figure with a caption; where one cannot be drawn, a sentence says why. Internal to this room.
// One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "tessera/analysis/table_analysis.h"
#include "tessera/plot/draw.h"
#include "tessera/report/html.h"

namespace tessera::analysis {

inline constexpr std::int64_t kViolinRows = 10'000, kSwarmRows = 600, kScatterRows = 1'000;
inline constexpr std::size_t kPictureClasses = 8;

class PageCharts {
 public:
  PageCharts(const TableAnalysis& analysis, const std::vector<CodedColumn>& columns);

  report::Html distribution(std::size_t column);  // histogram, or bars of the most frequent values
  report::Html balance();
  report::Html ranking();  // mutual information as bars
  // A column beside the target: violins per class, a scatter of numbers, or the share of a class by value; nothing where there is no such picture.
  report::Html beside_target(const TargetLink& link);
  report::Html swarm(const TargetLink& link);
  // More than half of the rows that have a value have the same one: violins and swarms would be a spike, and are not drawn.
  bool mostly_one_value(std::size_t column) const;
  report::Html correlations();  // of numbers; nothing where there are fewer than three
  report::Html associations();  // of all kinds
  report::Html missing_map();

 private:
  report::Html figure(const plot::Chart& chart, const std::string& caption, plot::Options options = {});
  std::string name(std::size_t column) const;
  std::vector<std::size_t> picture_classes() const;
  std::vector<double> values_of_class(const CodedColumn& column, std::size_t label,
                                      const std::vector<std::int32_t>& rows) const;
  report::Html violins(const TargetLink& link);
  report::Html scatter(const TargetLink& link);
  report::Html shares(const TargetLink& link);
  report::Html numbers_by_value(const TargetLink& link);
  std::string sampled(const std::vector<std::int32_t>& rows) const;

  const TableAnalysis& analysis_;
  const std::vector<CodedColumn>& columns_;
  int next_ = 1;
};

}  // namespace tessera::analysis
