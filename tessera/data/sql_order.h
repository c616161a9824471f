// Does a query say in which order its rows come? PostgreSQL gives them in any order otherwise, and another order of the same rows is another table, with
// another digest, another split and another model.
//
// Looked for is ORDER BY outside of quotes, comments and parentheses (but those around the whole query): that of a subquery or a window is not the
// order of the result. Texts and names are read as PostgreSQL reads them. Thread-safety: pure function.
//
// ```cpp
// assert(data::has_order_by("SELECT * FROM stays ORDER BY id"));
// assert(!data::has_order_by("SELECT rank() OVER (ORDER BY age) FROM stays -- ORDER BY id"));
// ```
#pragma once

#include <string_view>

namespace tessera::data {

bool has_order_by(std::string_view query);

}  // namespace tessera::data
