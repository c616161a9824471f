// Triangle meshes from OFF files ("Object File Format", Geomview manual, section 4.2.5; the format of ModelNet, Wu et al., CVPR 2015).
//
// A file is the word OFF, a line with the numbers of vertices, faces and edges, a line x y z for each vertex, and a line n i1 ... in for each face
// (positions of its vertices, from 0), with a colour behind it if there is one. '#' begins a comment. COFF and NOFF, whose vertex lines go on
// with a colour or a normal, are read as well; what goes on is left out. Many files of ModelNet have the numbers in the header's line, without a blank in
// between ("OFF490 518 0"): that is read too. A face with more than three corners becomes a fan of triangles around its
// first one. The number of edges is not used. A file that is packed with gzip is unpacked.
//
// Errors name the file, the line, what was found and what was expected: another header, fewer lines than the header announces, text behind the last
// face, a coordinate that is no finite number, a face with fewer than three corners or with a position that no vertex has. Memory: in proportion
// to the file, whatever its header says. Thread-safety: pure functions.
//
// ```cpp
// const data::Mesh square = data::parse_off("OFF4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n", "square.off");
// assert(square.vertices.shape() == (Shape{4, 3}));
// assert(square.triangles.to_vector<std::int64_t>() == (std::vector<std::int64_t>{0, 1, 2, 0, 2, 3}));
// ```
#pragma once

#include <string>
#include <string_view>

#include "tessera/tensor/tensor.h"

namespace tessera::data {

struct Mesh {
  Tensor vertices;   // float64 [vertices, 3]
  Tensor triangles;  // int64 [triangles, 3], positions of vertices
};

Mesh read_off(const std::string& path);
Mesh parse_off(std::string_view text, const std::string& source);

}  // namespace tessera::data
