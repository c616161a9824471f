// ZIP archives (PKWARE APPNOTE.TXT 6.3.10): the files in one, stored or deflated.
//
// Reads what the central directory lists, with ZIP64 sizes; checks sizes and CRC-32 of every file. Refused, with a sentence: encryption,
// other methods of compression, archives in parts, entries that overlap (which is how small files claim to be huge), names used
// twice, and a size that no deflated data of that length can have. Names of folders are passed over. Writes stored entries without a
// date, so the same files give the same bytes. Thread-safety: pure functions.
//
// ```cpp
// const std::string bytes = zip_bytes({{"a.txt", "hello"}, {"b.txt", ""}});
// const std::vector<ZipEntry> entries = parse_zip(bytes, "x.zip");
// assert(entries.size() == 2 && entries[0].name == "a.txt" && entries[0].bytes == "hello");
// ```
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera {

struct ZipEntry {
  std::string name;
  std::string bytes;  // unpacked
};

std::vector<ZipEntry> parse_zip(std::string_view bytes, const std::string& source);
std::string zip_bytes(const std::vector<ZipEntry>& entries);  // below 4 GiB in all

}  // namespace tessera
