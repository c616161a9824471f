// A folder that exists for one test. It is removed, with everything in it, at the end of the scope.
//
// ```cpp
// std::string path;
// {
//   TestFolder folder;
//   path = folder / "a.txt";
//   write_file_atomically(path, "hello");
//   assert(exists(path));
// }
// assert(!exists(path));
// ```
#pragma once

#include <string>

#include "tessera/base/files.h"

namespace tessera {

class TestFolder {
 public:
  TestFolder() : path_(make_temporary_folder("tessera-test")) {}
  ~TestFolder() {
    try {
      remove_folder(path_);
    } catch (...) {  // a folder that stays behind must not end the test program
    }
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace tessera
