// The messages ModelProto, GraphProto, NodeProto, AttributeProto and ValueInfoProto. Field numbers: onnx.proto.
#include "tessera/interchange/onnx_graph.h"

#include "tessera/base/error.h"
#include "tessera/interchange/onnx_messages.h"
#include "tessera/interchange/wire.h"

namespace tessera::onnx {

using interchange::WireReader;
using interchange::WireWriter;

namespace {

// ---- Reading ----

void read_attribute_field(const WireReader& reader, Attribute& attribute) {
  switch (reader.field()) {
    case 1:
      attribute.name = reader.text();
      return;
    case 2:
      attribute.real = reader.real32();
      return;
    case 3:
      attribute.integer = reader.integer();
      return;
    case 4:
      attribute.text = reader.text();
      return;
    case 5:
      attribute.tensor = read_tensor(reader.message());
      return;
    case 7:
      return reader.append_to(attribute.reals);
    case 8:
      return reader.append_to(attribute.integers);
    case 9:
      attribute.texts.emplace_back(reader.text());
      return;
    case 20:
      attribute.type = static_cast<Attribute::Type>(reader.integer());
      return;
    default:
      return;
  }
}

// Old writers left the type out: the field that is there says it.
Attribute::Type type_of_field(std::uint32_t field) {
  switch (field) {
    case 2:
      return Attribute::Type::kFloat;
    case 3:
      return Attribute::Type::kInt;
    case 4:
      return Attribute::Type::kString;
    case 5:
      return Attribute::Type::kTensor;
    case 6:
      return Attribute::Type::kGraph;
    case 7:
      return Attribute::Type::kFloats;
    case 8:
      return Attribute::Type::kInts;
    case 9:
      return Attribute::Type::kStrings;
    default:
      return Attribute::Type::kUndefined;
  }
}

Attribute read_attribute(WireReader reader) {
  Attribute attribute;
  Attribute::Type seen = Attribute::Type::kUndefined;
  while (reader.next()) {
    if (seen == Attribute::Type::kUndefined) seen = type_of_field(reader.field());
    read_attribute_field(reader, attribute);
  }
  if (attribute.type == Attribute::Type::kUndefined) attribute.type = seen;
  return attribute;
}

Node read_node(WireReader reader) {
  Node node;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        node.inputs.emplace_back(reader.text());
        break;
      case 2:
        node.outputs.emplace_back(reader.text());
        break;
      case 3:
        node.name = reader.text();
        break;
      case 4:
        node.op_type = reader.text();
        break;
      case 5:
        node.attributes.push_back(read_attribute(reader.message()));
        break;
      case 7:
        node.domain = reader.text();
        break;
      default:
        break;
    }
  }
  if (node.domain == "ai.onnx") node.domain.clear();
  return node;
}

Dimension read_dimension(WireReader reader) {
  Dimension dimension;
  while (reader.next()) {
    if (reader.field() == 1) dimension.length = reader.integer();
    if (reader.field() == 2) dimension.name = reader.text();
  }
  return dimension;
}

void read_tensor_type(WireReader reader, ValueInfo& info) {
  while (reader.next()) {
    if (reader.field() == 1) info.element_type = static_cast<ElementType>(reader.integer());
    if (reader.field() != 2) continue;
    info.has_shape = true;
    for (WireReader shape = reader.message(); shape.next();)
      if (shape.field() == 1) info.dimensions.push_back(read_dimension(shape.message()));
  }
}

ValueInfo read_value_info(WireReader reader) {
  ValueInfo info;
  info.has_shape = false;
  while (reader.next()) {
    if (reader.field() == 1) info.name = reader.text();
    if (reader.field() != 2) continue;
    for (WireReader type = reader.message(); type.next();)
      if (type.field() == 1) read_tensor_type(type.message(), info);
  }
  return info;
}

Graph read_graph(WireReader reader) {
  Graph graph;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        graph.nodes.push_back(read_node(reader.message()));
        break;
      case 2:
        graph.name = reader.text();
        break;
      case 5:
        graph.initializers.push_back(read_tensor(reader.message()));
        break;
      case 11:
        graph.inputs.push_back(read_value_info(reader.message()));
        break;
      case 12:
        graph.outputs.push_back(read_value_info(reader.message()));
        break;
      case 15:
        reader.refuse("a sparse tensor, which is not supported");
      default:
        break;
    }
  }
  return graph;
}

// Two texts, or a text and a number, of the fields 1 and 2.
std::pair<std::string, std::string> read_texts(WireReader reader) {
  std::pair<std::string, std::string> texts;
  while (reader.next()) {
    if (reader.field() == 1) texts.first = reader.text();
    if (reader.field() == 2) texts.second = reader.text();
  }
  return texts;
}

void read_opset(WireReader reader, std::map<std::string, std::int64_t>& opsets) {
  std::string domain;
  std::int64_t version = 0;
  while (reader.next()) {
    if (reader.field() == 1) domain = reader.text();
    if (reader.field() == 2) version = reader.integer();
  }
  opsets[domain == "ai.onnx" ? "" : domain] = version;
}

void read_model_field(const WireReader& reader, ModelFile& model) {
  switch (reader.field()) {
    case 1:
      model.ir_version = reader.integer();
      return;
    case 2:
      model.producer = reader.text();
      return;
    case 3:
      model.producer_version = reader.text();
      return;
    case 6:
      model.documentation = reader.text();
      return;
    case 7:
      model.graph = read_graph(reader.message());
      return;
    case 8:
      return read_opset(reader.message(), model.opsets);
    case 14:
      model.metadata.insert(read_texts(reader.message()));
      return;
    default:
      return;
  }
}

// ---- Writing ----

WireWriter attribute_message(const Attribute& attribute) {
  WireWriter writer;
  writer.text(1, attribute.name);
  switch (attribute.type) {
    case Attribute::Type::kFloat:
      writer.real32(2, attribute.real);
      break;
    case Attribute::Type::kInt:
      writer.integer(3, attribute.integer);
      break;
    case Attribute::Type::kString:
      writer.text(4, attribute.text);
      break;
    case Attribute::Type::kTensor: {
      WireWriter tensor;
      put_tensor(tensor, attribute.tensor);
      writer.message(5, tensor);
      break;
    }
    case Attribute::Type::kFloats:
      writer.packed(7, attribute.reals);
      break;
    case Attribute::Type::kInts:
      writer.packed(8, attribute.integers);
      break;
    case Attribute::Type::kStrings:
      for (const std::string& text : attribute.texts) writer.text(9, text);
      break;
    default:
      fail("the attribute '{}' is of a type that cannot be written", attribute.name);
  }
  writer.integer(20, static_cast<std::int64_t>(attribute.type));
  return writer;
}

WireWriter node_message(const Node& node) {
  WireWriter writer;
  for (const std::string& input : node.inputs) writer.text(1, input);
  for (const std::string& output : node.outputs) writer.text(2, output);
  if (!node.name.empty()) writer.text(3, node.name);
  writer.text(4, node.op_type);
  for (const Attribute& attribute : node.attributes) writer.message(5, attribute_message(attribute));
  if (!node.domain.empty()) writer.text(7, node.domain);
  return writer;
}

WireWriter value_info_message(const ValueInfo& info) {
  WireWriter writer, type, tensor, shape;
  writer.text(1, info.name);
  if (info.element_type == ElementType::kUndefined) return writer;
  for (const Dimension& dimension : info.dimensions) {
    WireWriter one;
    if (dimension.length) one.integer(1, *dimension.length);
    if (!dimension.length && !dimension.name.empty()) one.text(2, dimension.name);
    shape.message(1, one);
  }
  tensor.integer(1, static_cast<std::int64_t>(info.element_type));
  if (info.has_shape) tensor.message(2, shape);
  type.message(1, tensor);
  writer.message(2, type);
  return writer;
}

WireWriter graph_message(const Graph& graph) {
  WireWriter writer;
  for (const Node& node : graph.nodes) writer.message(1, node_message(node));
  writer.text(2, graph.name);
  for (const TensorEntry& entry : graph.initializers) {
    WireWriter tensor;
    put_tensor(tensor, entry);
    writer.message(5, tensor);
  }
  for (const ValueInfo& info : graph.inputs) writer.message(11, value_info_message(info));
  for (const ValueInfo& info : graph.outputs) writer.message(12, value_info_message(info));
  return writer;
}

}  // namespace

ModelFile parse_model(std::string_view bytes, const std::string& where) {
  ModelFile model;
  WireReader reader(bytes, where);
  bool has_graph = false;
  while (reader.next()) {
    has_graph = has_graph || reader.field() == 7;
    read_model_field(reader, model);
  }
  if (!has_graph) fail("{}: not an ONNX model: there is no graph in it", where);
  if (model.opsets.empty() && model.ir_version < 3) model.opsets[""] = 1;  // before there was a list of them
  return model;
}

std::string write_model(const ModelFile& model) {
  WireWriter writer;
  writer.integer(1, model.ir_version);
  if (!model.producer.empty()) writer.text(2, model.producer);
  if (!model.producer_version.empty()) writer.text(3, model.producer_version);
  if (!model.documentation.empty()) writer.text(6, model.documentation);
  writer.message(7, graph_message(model.graph));
  for (const auto& [domain, version] : model.opsets) {
    WireWriter opset;
    if (!domain.empty()) opset.text(1, domain);
    opset.integer(2, version);
    writer.message(8, opset);
  }
  for (const auto& [key, value] : model.metadata) {
    WireWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    writer.message(14, entry);
  }
  return writer.bytes();
}

}  // namespace tessera::onnx
