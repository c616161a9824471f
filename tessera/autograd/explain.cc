#include "tessera/autograd/explain.h"

#include <algorithm>
#include <map>

#include "tessera/autograd/tape.h"
#include "tessera/base/error.h"
#include "tessera/tensor/op.h"
#include "tessera/tensor/ops.h"

namespace tessera {
namespace {

class Recorder : private OpObserver {
 public:
  explicit Recorder(const std::vector<ExplainedInput>& inputs) : observe_(this) {
    for (const ExplainedInput& input : inputs) add({input.name, input.value}, true);
  }

  std::vector<ExplainedNode> nodes;
  std::vector<bool> depends;  // on an input, with a gradient

 private:
  void on_op(const OpEvent& event) override {
    ExplainedNode node{std::string(op_info(event.op).name), event.output};
    bool leads = false;
    for (const Tensor& input : event.inputs) {
      const auto found = places_.find(input.identity());
      const std::size_t place = found != places_.end() ? found->second : add({"constant", input}, false);
      node.inputs.push_back(place);
      leads = leads || depends[place];
    }
    // As the tape records it: a gradient arrives only through these.
    add(std::move(node), leads && op_info(event.op).differentiable && is_floating(event.output.dtype()));
  }

  std::size_t add(ExplainedNode node, bool leads) {
    places_[node.value.identity()] = nodes.size();
    nodes.push_back(std::move(node));
    depends.push_back(leads);
    return nodes.size() - 1;
  }

  std::map<const void*, std::size_t> places_;  // looked up only; the nodes keep the tensors alive
  ObserveOps observe_;
};

// What does not lead to the result is left out, and the result comes last.
Explanation leading_to(std::vector<ExplainedNode> nodes, std::size_t result) {
  std::vector<bool> wanted(nodes.size());
  wanted[result] = true;
  for (std::size_t i = result + 1; i-- > 0;)
    if (wanted[i])
      for (const std::size_t input : nodes[i].inputs) wanted[input] = true;
  Explanation explanation;
  std::vector<std::size_t> place(nodes.size());
  for (std::size_t i = 0; i <= result; ++i) {
    if (!wanted[i]) continue;
    place[i] = explanation.nodes.size();
    for (std::size_t& input : nodes[i].inputs) input = place[input];
    explanation.nodes.push_back(std::move(nodes[i]));
  }
  return explanation;
}

void append_values(std::string& out, const Tensor& value, const std::vector<double>& values, int axis,
                   std::size_t& next) {
  if (axis == value.rank()) {
    out += fmt::format("{:.4g}", values[next++]);
    return;
  }
  out += "[";
  for (std::int64_t i = 0; i < value.size(axis); ++i) {
    if (i > 0) out += ", ";
    append_values(out, value, values, axis + 1, next);
  }
  out += "]";
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// ---- SVG: columns by distance from the inputs ----

constexpr double kColumn = 190, kRow = 84, kWidth = 110, kHeight = 30, kMargin = 40;

struct Layout {
  std::vector<double> x, y;
  double width = 0, height = 0;
};

// A constant stands beside what uses it first; in a column, nodes stand in the order of their arguments' heights.
Layout layout_of(const std::vector<ExplainedNode>& nodes) {
  std::vector<std::size_t> column(nodes.size(), 0);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const std::size_t input : nodes[i].inputs) column[i] = std::max(column[i], column[input] + 1);
  for (std::size_t i = nodes.size(); i-- > 0;)
    for (const std::size_t input : nodes[i].inputs)
      if (nodes[input].label == "constant") column[input] = column[i] - 1;
  const std::size_t columns = 1 + *std::max_element(column.begin(), column.end());
  Layout layout{std::vector<double>(nodes.size()), std::vector<double>(nodes.size())};
  for (std::size_t c = 0; c < columns; ++c) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (column[i] != c) continue;
      double wish = nodes[i].inputs.empty() ? kRow * static_cast<double>(i) : 0;
      for (const std::size_t input : nodes[i].inputs)
        wish += layout.y[input] / static_cast<double>(nodes[i].inputs.size());
      order.emplace_back(wish, i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    double free = kMargin + kHeight;
    for (const auto& [wish, i] : order) {
      layout.x[i] = kMargin + kColumn * static_cast<double>(c);
      layout.y[i] = nodes[i].inputs.empty() ? free : std::max(free, wish);
      free = layout.y[i] + kRow;
      layout.height = std::max(layout.height, layout.y[i] + kHeight + kMargin);
    }
  }
  layout.width = 2 * kMargin + kColumn * static_cast<double>(columns - 1) + kWidth;
  return layout;
}

std::string svg_edges(const std::vector<ExplainedNode>& nodes, const Layout& layout) {
  std::string out;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const std::size_t input : nodes[i].inputs)
      out += fmt::format(
          "<path d=\"M{:.1f} {:.1f} C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\" fill=\"none\" "
          "stroke=\"#888\"/>\n",
          layout.x[input] + kWidth, layout.y[input], layout.x[input] + kWidth + 40, layout.y[input],
          layout.x[i] - 40, layout.y[i], layout.x[i], layout.y[i]);
  return out;
}

std::string svg_node(const ExplainedNode& node, double x, double y) {
  const char* fill = node.label == "constant" ? "#f2f2f2" : node.inputs.empty() ? "#e3eefb" : "#ffffff";
  std::string out = fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{}\" stroke=\"#444\"/>\n"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" fill=\"#1a7f37\">{}</text>\n",
      x, y - kHeight / 2, kWidth, kHeight, fill, x + kWidth / 2, y + 4, escaped(node.label), x + kWidth / 2,
      y - kHeight / 2 - 5, escaped(short_text(node.value)));
  if (node.gradient.defined())
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" fill=\"#b42318\">{}</text>\n",
                       x + kWidth / 2, y + kHeight / 2 + 14, escaped(short_text(node.gradient)));
  return out;
}

}  // namespace

std::string short_text(const Tensor& value) {
  if (value.elements() > 6) return fmt::format("{}{}", dtype_name(value.dtype()), value.shape().to_string());
  const Tensor wide = value.to(DType::kFloat64);
  const std::vector<double> values = wide.to_vector<double>();
  if (values.size() == 1) return fmt::format("{:.4g}", values[0]);
  std::string out;
  std::size_t next = 0;
  append_values(out, value, values, 0, next);
  return out;
}

const ExplainedNode& Explanation::find(std::string_view label) const {
  for (const ExplainedNode& node : nodes)
    if (node.label == label) return node;
  fail("the explanation has no node '{}'", label);
}

std::string Explanation::text() const {
  std::string out;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::string arguments;
    for (const std::size_t input : nodes[i].inputs)
      arguments += fmt::format("{}%{}", arguments.empty() ? "" : ", ", input);
    out += fmt::format("%{:<3} {:<14} {:<10} value {}", i, nodes[i].label, arguments,
                       short_text(nodes[i].value));
    if (nodes[i].gradient.defined()) out += fmt::format("  gradient {}", short_text(nodes[i].gradient));
    out += "\n";
  }
  return out;
}

std::string Explanation::dot() const {
  std::string out = "digraph expression {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string gradient =
        nodes[i].gradient.defined()
            ? fmt::format("<br/><font color=\"#b42318\">{}</font>", escaped(short_text(nodes[i].gradient)))
            : "";
    out += fmt::format("  n{} [label=<<font color=\"#1a7f37\">{}</font><br/>{}{}>];\n", i,
                       escaped(short_text(nodes[i].value)), escaped(nodes[i].label), gradient);
    for (const std::size_t input : nodes[i].inputs) out += fmt::format("  n{} -> n{};\n", input, i);
  }
  return out + "}\n";
}

std::string Explanation::svg() const {
  const Layout layout = layout_of(nodes);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" "
      "height=\"{:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"Graph of an expression: values "
      "above, "
      "gradients below\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      layout.width, layout.height, layout.width, layout.height);
  out += svg_edges(nodes, layout);
  for (std::size_t i = 0; i < nodes.size(); ++i) out += svg_node(nodes[i], layout.x[i], layout.y[i]);
  return out + "</svg>\n";
}

Explanation explain(const std::function<Tensor(const std::vector<Tensor>&)>& expression,
                    const std::vector<ExplainedInput>& inputs) {
  std::vector<Tensor> values;
  for (const ExplainedInput& input : inputs) values.push_back(input.value);
  Tape tape;
  tape.watch(values);
  std::vector<ExplainedNode> nodes;
  std::vector<bool> depends;
  Tensor result;
  {
    Recorder recorder(inputs);
    result = expression(values);
    nodes = std::move(recorder.nodes);
    depends = std::move(recorder.depends);
  }
  tape.stop();
  std::size_t last = nodes.size();
  std::vector<Tensor> wanted;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].value.identity() == result.identity()) last = i;
    if (depends[i] && is_floating(nodes[i].value.dtype())) wanted.push_back(nodes[i].value);
  }
  if (last == nodes.size()) fail("explain: the result is none of the expression's operations or inputs");
  const std::vector<Tensor> gradients = tape.gradient(result, wanted);
  for (std::size_t i = 0, next = 0; i < nodes.size(); ++i)
    if (depends[i] && is_floating(nodes[i].value.dtype())) nodes[i].gradient = gradients[next++];
  return leading_to(std::move(nodes), last);
}

}  // namespace tessera
