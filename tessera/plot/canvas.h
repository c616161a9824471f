// The marks of a picture: written as SVG with rounded coordinates, while their ink and their lengths are measured.
//
// There is no way to write a gradient, shadow, pattern, image or third dimension: a Canvas has lines, rectangles, polygons,
// points and text. Ink is counted as area: strokes as length times width, fills as their area times their opacity. Text is
// not counted, since its ink depends on the reader's font. Coordinates grow to the right and down.
// Thread-safety: distinct objects may be used from distinct threads.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera::plot {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

enum class Ink { kData, kFrame };  // what a mark is: data, or help to read it
enum class Anchor { kStart, kMiddle, kEnd };

// A number and the length that was drawn for it, after rounding; both signed.
struct EncodedLength {
  double value = 0, length = 0;
  std::string name = {};  // for messages
  bool is_mark = true;    // false: a point of the axis, with which the marks are compared
};

double round_coordinate(double value);      // to the nearest 1/100
std::string coordinate_text(double value);  // "12", "12.5", "-0.25"
std::string escape(std::string_view text);  // for XML text and attributes; control characters become U+FFFD

class Canvas {
 public:
  explicit Canvas(double text_size) : font(text_size) {}

  void line(Point a, Point b, std::string_view style, double width, Ink ink, std::string_view attributes = {},
            std::string_view tooltip = {});
  void polyline(const std::vector<Point>& points, std::string_view style, double width, Ink ink);
  // Closed and filled; `opacity` is what the style gives it, for the ink.
  void polygon(const std::vector<Point>& points, std::string_view style, double opacity, Ink ink);
  // Returns the box as it was written: corners are rounded, not sizes, so that neighbours meet.
  Box rectangle(Box box, std::string_view style, Ink ink, std::string_view tooltip = {},
                std::string_view attributes = {});
  void circle(Point centre, double radius, std::string_view style, Ink ink, std::string_view tooltip = {});
  // `y` is the baseline. When `whole` differs from what is shown (a shortened text), it becomes the tooltip.
  void text(Point at, Anchor anchor, std::string_view shown, std::string_view style = {},
            std::string_view whole = {});
  // Pieces of lines that do not hang together, as one element.
  void segments(const std::vector<std::pair<Point, Point>>& pieces, std::string_view style, double width,
                Ink ink);
  // Another picture, moved; its ink counts here.
  void place(Canvas& picture, Point at);

  std::string take_body() { return std::move(body_); }
  double data_ink() const;  // the share of data in the ink

  const double font;  // size of the text for which the layout is made
  double width = 0, height = 0;
  // Each inner list shares one scale.
  std::vector<std::vector<EncodedLength>> lengths;
  std::vector<std::string> findings;        // what misleads, besides lengths
  bool x_caption = true, y_caption = true;  // panels of small multiples share captions
  bool is_panel = false;                    // one of small multiples: no legend, a quiet title of one line
  std::string description;                  // what the chart shows, in sentences

 private:
  void count(Ink ink, double area);

  std::string body_;
  double data_ink_ = 0, all_ink_ = 0;
};

}  // namespace tessera::plot
