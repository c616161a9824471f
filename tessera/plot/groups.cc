#include "tessera/plot/groups.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/plot/frame.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {

void check_groups(const std::string& chart, const std::string& title, const std::string& group_label,
                  const Axis& value, const std::vector<std::string>& names) {
  check_title(chart, title);
  check_axis(chart, "value axis", value);
  if (group_label.find_first_not_of(" \t\n") == std::string::npos)
    fail("{}: the groups have no label; say what they are", chart);
  if (names.empty()) fail("{}: there is no group to draw", chart);
  if (names.size() > kMostGroups)
    fail("{}: {} groups are too many, at most {} are drawn", chart, names.size(), kMostGroups);
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (names[i] == names[j]) fail("{}: two groups are called '{}'", chart, names[i]);
}

GroupScale draw_group_frame(const std::string& chart, const std::string& title,
                            const std::string& group_label, const Axis& value,
                            const std::vector<std::string>& names, const Range& range, const Options& options,
                            Canvas& canvas) {
  const double font = canvas.font, height = options.height > 0 ? options.height : canvas.width * 0.5;
  const double top = draw_title(canvas, title, 0);
  GroupScale scale;
  scale.ticks =
      axis_ticks(chart, "value axis", value, range.lowest, range.highest, ticks_that_fit(height, font));
  const double left = widest(scale.ticks.labels, font) + 10;
  scale.area = {left, top + font * 1.8, canvas.width - left - 2, height};
  scale.slot = scale.area.width / static_cast<double>(names.size());
  draw_vertical_caption(canvas, caption(value, scale.ticks.exponent), top);
  draw_vertical_axis(canvas, scale.area, scale.ticks, options);
  canvas.line({scale.area.left, scale.area.bottom()}, {scale.area.right(), scale.area.bottom()}, "axis", 1,
              Ink::kFrame);
  std::size_t lines = 1;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<std::string> shown = wrap(names[i], font, scale.slot - font * 0.4, 2);
    lines = std::max(lines, shown.size());
    for (std::size_t k = 0; k < shown.size(); ++k)
      canvas.text({scale.middle(i), scale.area.bottom() + font * (1.2 + 1.15 * static_cast<double>(k))},
                  Anchor::kMiddle, shown[k], "", shown[k] == names[i] ? "" : names[i]);
  }
  const double below = scale.area.bottom() + font * (0.5 + 1.15 * static_cast<double>(lines));
  canvas.height = draw_horizontal_caption(canvas, group_label, scale.area, below);
  return scale;
}

}  // namespace tessera::plot
