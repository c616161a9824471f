// Rows drawn by counter, for what does not look at every row. The same rows for the same number of them, ascending; all of them where there are no more than `most`.
// Thread-safety: pure function.
//
// ```cpp
// assert(analysis::drawn_rows(3, 10) == (std::vector<std::int32_t>{0, 1, 2}));
// assert(analysis::drawn_rows(1000, 10).size() == 10 && analysis::drawn_rows(1000, 10) == analysis::drawn_rows(1000, 10));
// ```
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::analysis {

std::vector<std::int32_t> drawn_rows(std::int64_t rows, std::int64_t most);

}  // namespace tessera::analysis
