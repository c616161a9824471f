#include "tessera/plot/canvas.h"

#include <fmt/format.h>

#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera::plot {

double round_coordinate(double value) {
  TESSERA_CHECK(value > -1e7 && value < 1e7, "a coordinate of {}", value);
  return std::floor(value * 100 + 0.5) / 100;
}

std::string coordinate_text(double value) {
  TESSERA_CHECK(value > -1e7 && value < 1e7, "a coordinate of {}", value);
  const auto hundredths = static_cast<long long>(std::floor(value * 100 + 0.5));
  const long long size = hundredths < 0 ? -hundredths : hundredths;
  std::string text = fmt::format("{}{}", hundredths < 0 ? "-" : "", size / 100);
  if (size % 100 != 0) text += fmt::format(".{:02}", size % 100);
  if (size % 100 != 0 && text.back() == '0') text.pop_back();
  return text;
}

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {  // no control characters and no broken UTF-8, which XML forbids
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

namespace {

std::string pairs(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) {
    if (!text.empty()) text += ' ';
    text += coordinate_text(point.x) + "," + coordinate_text(point.y);
  }
  return text;
}

std::string closed(std::string_view element, std::string_view tooltip) {
  return tooltip.empty() ? std::string("/>\n")
                         : fmt::format("><title>{}</title></{}>\n", escape(tooltip), element);
}

double distance(Point a, Point b) {
  return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

}  // namespace

void Canvas::count(Ink ink, double area) {
  all_ink_ += area;
  if (ink == Ink::kData) data_ink_ += area;
}

double Canvas::data_ink() const {
  return all_ink_ > 0 ? data_ink_ / all_ink_ : 0;
}

void Canvas::line(Point a, Point b, std::string_view style, double width_of_line, Ink ink,
                  std::string_view attributes, std::string_view tooltip) {
  count(ink, distance(a, b) * width_of_line);
  body_ +=
      fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke-width=\"{}\"{}{}", style,
                  coordinate_text(a.x), coordinate_text(a.y), coordinate_text(b.x), coordinate_text(b.y),
                  coordinate_text(width_of_line), attributes, closed("line", tooltip));
}

void Canvas::polyline(const std::vector<Point>& points, std::string_view style, double width_of_line,
                      Ink ink) {
  for (std::size_t i = 1; i < points.size(); ++i)
    count(ink, distance(points[i - 1], points[i]) * width_of_line);
  body_ += fmt::format("<polyline class=\"{}\" stroke-width=\"{}\" points=\"{}\"/>\n", style,
                       coordinate_text(width_of_line), pairs(points));
}

void Canvas::polygon(const std::vector<Point>& points, std::string_view style, double opacity, Ink ink) {
  double doubled = 0;  // the shoelace formula
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point &a = points[i], &b = points[(i + 1) % points.size()];
    doubled += a.x * b.y - b.x * a.y;
  }
  count(ink, std::fabs(doubled) / 2 * opacity);
  body_ += fmt::format("<polygon class=\"{}\" points=\"{}\"/>\n", style, pairs(points));
}

Box Canvas::rectangle(Box box, std::string_view style, Ink ink, std::string_view tooltip,
                      std::string_view attributes) {
  const double left = round_coordinate(box.left), top = round_coordinate(box.top);
  const Box drawn{left, top, round_coordinate(box.right()) - left, round_coordinate(box.bottom()) - top};
  count(ink, drawn.width * drawn.height);
  body_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}{}", style,
                       coordinate_text(drawn.left), coordinate_text(drawn.top), coordinate_text(drawn.width),
                       coordinate_text(drawn.height), attributes, closed("rect", tooltip));
  return drawn;
}

void Canvas::circle(Point centre, double radius, std::string_view style, Ink ink, std::string_view tooltip) {
  count(ink, 3.14159265358979 * radius * radius);
  body_ +=
      fmt::format("<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"{}", style, coordinate_text(centre.x),
                  coordinate_text(centre.y), coordinate_text(radius), closed("circle", tooltip));
}

void Canvas::text(Point at, Anchor anchor, std::string_view shown, std::string_view style,
                  std::string_view whole) {
  const std::string_view place = anchor == Anchor::kMiddle ? " text-anchor=\"middle\""
                                 : anchor == Anchor::kEnd  ? " text-anchor=\"end\""
                                                           : "";
  body_ +=
      fmt::format("<text{} x=\"{}\" y=\"{}\"{}>", style.empty() ? "" : fmt::format(" class=\"{}\"", style),
                  coordinate_text(at.x), coordinate_text(at.y), place);
  body_ += escape(shown);
  if (!whole.empty() && whole != shown) body_ += fmt::format("<title>{}</title>", escape(whole));
  body_ += "</text>\n";
}

void Canvas::segments(const std::vector<std::pair<Point, Point>>& pieces, std::string_view style,
                      double width_of_line, Ink ink) {
  std::string path;
  Point end{-1e9, -1e9};
  for (const auto& [a, b] : pieces) {
    count(ink, distance(a, b) * width_of_line);
    if (distance(a, end) > 0.005) path += fmt::format("M{} {}", coordinate_text(a.x), coordinate_text(a.y));
    path += fmt::format("L{} {}", coordinate_text(b.x), coordinate_text(b.y));
    end = b;
  }
  body_ += fmt::format("<path class=\"{}\" stroke-width=\"{}\" d=\"{}\"/>\n", style,
                       coordinate_text(width_of_line), path);
}

void Canvas::place(Canvas& picture, Point at) {
  body_ += fmt::format("<g transform=\"translate({} {})\">\n", coordinate_text(at.x), coordinate_text(at.y));
  body_ += picture.take_body() + "</g>\n";
  data_ink_ += picture.data_ink_;
  all_ink_ += picture.all_ink_;
}

}  // namespace tessera::plot
