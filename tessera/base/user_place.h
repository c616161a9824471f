// Where a user wants something written that takes long to make.
//
// ```cpp
// check_user_place("page.html");  // nothing is written yet
// ```
#pragma once

#include <string>

namespace tessera {

// Says now, as the same Error, what write_user_file (files.h) would say of this place later, as far as that can be known. A place in the
// folder of a run's record is refused by both.
void check_user_place(const std::string& path);

}  // namespace tessera
