// The tensors inside a model's messages: shared by the two files that read and write ONNX. Internal to this room.
#pragma once

#include "tessera/interchange/onnx_graph.h"
#include "tessera/interchange/wire.h"

namespace tessera::onnx {

TensorEntry read_tensor(const interchange::WireReader& reader);  // of a message TensorProto
void put_tensor(interchange::WireWriter& writer, const TensorEntry& entry);

}  // namespace tessera::onnx
