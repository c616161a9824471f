#include "tessera/plot/frame.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/plot/text_layout.h"

namespace tessera::plot {
namespace {

bool is_pure(const std::string& unit) {
  return unit == "1" || unit == "none";
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\n") == std::string::npos;
}

constexpr double kAxisWidth = 1, kTickLength = 5;

}  // namespace

void check_axis(const std::string& chart, const char* which, const Axis& axis) {
  if (is_blank(axis.label)) fail("{}: the {} has no label; say what it measures", chart, which);
  if (is_blank(axis.unit))
    fail("{}: the {} '{}' has no unit; write the unit, or \"1\" for a pure number", chart, which, axis.label);
  for (const auto& end : {axis.from, axis.to})
    if (end && !std::isfinite(*end)) fail("{}: the range of the {} is not finite", chart, which);
  if (axis.from && axis.to && !(*axis.from < *axis.to))
    fail("{}: the {} goes from {} to {}; expected a smaller and a larger number", chart, which, *axis.from,
         *axis.to);
}

void check_title(const std::string& chart, const std::string& title) {
  if (is_blank(title)) fail("{}: there is no title; say what the chart shows", chart);
}

Ticks axis_ticks(const std::string& chart, const char* which, const Axis& axis, double lowest, double highest,
                 int at_most) {
  if (axis.from && lowest < *axis.from)
    fail("{}: the value {} lies below the beginning of the {}, {}; nothing is cut off silently", chart,
         lowest, which, *axis.from);
  if (axis.to && highest > *axis.to)
    fail("{}: the value {} lies beyond the end of the {}, {}; nothing is cut off silently", chart, highest,
         which, *axis.to);
  const double low = axis.from.value_or(lowest), high = axis.to.value_or(highest);
  if (axis.logarithmic) {
    if (!(low > 0)) fail("{}: the {} is logarithmic, but {} is not above 0", chart, which, low);
    return logarithmic_ticks(lowest, highest, axis.from, axis.to, at_most);
  }
  if (!std::isfinite((high - low) * 4) || std::max(std::fabs(low), std::fabs(high)) > 1e300)
    fail("{}: the {} would go from {} to {}, which is too far to be drawn", chart, which, low, high);
  return linear_ticks(lowest, highest, axis.from, axis.to, at_most);
}

std::string caption(const Axis& axis, int exponent) {
  const std::string factor = exponent == 0 ? "" : "× " + superscript(exponent);
  if (is_pure(axis.unit)) return factor.empty() ? axis.label : fmt::format("{} ({})", axis.label, factor);
  return fmt::format("{} ({}{}{})", axis.label, factor, factor.empty() ? "" : " ", axis.unit);
}

std::string with_unit(double value, const Axis& axis) {
  const std::string number = number_for_people(value);
  return is_pure(axis.unit) ? number : number + (axis.unit == "%" ? " %" : " " + axis.unit);
}

double draw_title(Canvas& canvas, const std::string& title, double top) {
  if (canvas.is_panel) {  // one line in every panel, so that the plot areas are equally high
    canvas.text({2, top + canvas.font}, Anchor::kStart, shorten(title, canvas.font, canvas.width - 4), "",
                title);
    return top + canvas.font * 1.5;
  }
  const double size = canvas.font * 1.1;
  for (const std::string& line : wrap(title, size * 1.07, canvas.width - 4, 3)) {  // bold is wider
    top += size * 1.25;
    canvas.text({2, top - size * 0.25}, Anchor::kStart, line, "title", line == title ? "" : title);
  }
  return top + canvas.font * 0.35;
}

double draw_legend(Canvas& canvas, const std::vector<std::string>& names, bool as_lines, double top) {
  const double font = canvas.font, sample = font * 1.6, gap = font * 0.5;
  double left = 2;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string shown = shorten(names[i], font, canvas.width - sample - gap - 4);
    const double width = sample + gap + text_width(shown, font);
    if (left > 2 && left + width > canvas.width - 2) {
      left = 2;
      top += font * 1.4;
    }
    const double middle = top + font * 0.7;
    if (as_lines)
      canvas.line({left, middle}, {left + sample, middle}, series_style(i), 2, Ink::kFrame);
    else
      canvas.rectangle({left, middle - font * 0.4, sample, font * 0.8}, fmt::format("f{}", i + 1),
                       Ink::kFrame);
    canvas.text({left + sample + gap, middle + font * 0.35}, Anchor::kStart, shown, "", names[i]);
    left += width + font;
  }
  return top + font * 1.7;
}

void draw_horizontal_axis(Canvas& canvas, const Box& area, const Ticks& ticks, const Options& options) {
  canvas.line({area.left, area.bottom()}, {area.right(), area.bottom()}, "axis", kAxisWidth, Ink::kFrame);
  for (std::size_t i = 0; i < ticks.values.size(); ++i) {
    const double x = area.left + ticks.share(ticks.values[i]) * area.width;
    if (options.grid) canvas.line({x, area.top}, {x, area.bottom()}, "grid", 0.75, Ink::kFrame);
    canvas.line({x, area.bottom()}, {x, area.bottom() + kTickLength}, "axis", kAxisWidth, Ink::kFrame);
    canvas.text({x, area.bottom() + kTickLength + canvas.font}, Anchor::kMiddle, ticks.labels[i], "quiet");
  }
}

void draw_vertical_axis(Canvas& canvas, const Box& area, const Ticks& ticks, const Options& options) {
  canvas.line({area.left, area.top}, {area.left, area.bottom()}, "axis", kAxisWidth, Ink::kFrame);
  for (std::size_t i = 0; i < ticks.values.size(); ++i) {
    const double y = area.bottom() - ticks.share(ticks.values[i]) * area.height;
    if (options.grid) canvas.line({area.left, y}, {area.right(), y}, "grid", 0.75, Ink::kFrame);
    canvas.line({area.left - kTickLength, y}, {area.left, y}, "axis", kAxisWidth, Ink::kFrame);
    canvas.text({area.left - kTickLength - 3, y + canvas.font * 0.35}, Anchor::kEnd, ticks.labels[i],
                "quiet");
  }
}

int ticks_that_fit(double height, double font) {
  return std::clamp(static_cast<int>(height / font / 2), 3, 7);
}

void draw_vertical_caption(Canvas& canvas, const std::string& text, double top) {
  if (!canvas.y_caption) return;
  const std::string shown = shorten(text, canvas.font, canvas.width - 4);
  canvas.text({2, top + canvas.font}, Anchor::kStart, shown, "quiet", text);
}

double draw_horizontal_caption(Canvas& canvas, const std::string& text, const Box& area, double top) {
  if (!canvas.x_caption) return top;
  const double font = canvas.font;
  const std::string shown = shorten(text, font, canvas.width - 4);
  // In the middle of the axis, moved to the left if it would leave the picture.
  const double middle = std::min(area.left + area.width / 2, canvas.width - 2 - text_width(shown, font) / 2);
  canvas.text({middle, top + font}, Anchor::kMiddle, shown, "quiet", text);
  return top + font * 1.5;
}

double widest(const std::vector<std::string>& texts, double size) {
  double width = 0;
  for (const std::string& text : texts) width = std::max(width, text_width(text, size));
  return width;
}

Ticks fitting_horizontal_ticks(const std::string& chart, const Axis& axis, double lowest, double highest,
                               double width, double font) {
  for (int at_most = 9;; --at_most) {
    Ticks ticks = axis_ticks(chart, "x axis", axis, lowest, highest, at_most);
    bool fits = true;
    for (std::size_t i = 1; i < ticks.values.size(); ++i) {
      const double distance = (ticks.share(ticks.values[i]) - ticks.share(ticks.values[i - 1])) * width;
      const double needed = (text_width(ticks.labels[i], font) + text_width(ticks.labels[i - 1], font)) / 2;
      fits = fits && needed + font * 0.6 <= distance;
    }
    if (fits || at_most == 3) return ticks;
  }
}

std::string series_style(std::size_t index) {
  return fmt::format("s{}", index + 1);
}

}  // namespace tessera::plot
