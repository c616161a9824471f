#include "tessera/base/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/text.h"

namespace tessera {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                        kLocator64 = 0x07064b50;
constexpr std::size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
constexpr std::uint64_t kSaturated = 0xffffffff;
// Deflate packs at most 258 bytes into two bits, "about 1032:1" (zlib's technical note).
constexpr std::uint64_t kLargestRatio = 1032;

std::uint16_t get_u16(const char* data) {
  return internal::get_little_endian<std::uint16_t>(data);
}

struct Member {
  std::string name;
  std::uint16_t flags = 0, method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, unpacked = 0, offset = 0;
};

struct Directory {
  std::uint64_t count = 0, size = 0, offset = 0;
};

class Archive {
 public:
  Archive(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  std::vector<ZipEntry> read() {
    const Directory directory = find_directory();
    std::vector<Member> members = list(directory);
    check_overlap(members, directory.offset);
    std::vector<ZipEntry> entries;
    std::set<std::string_view> seen;
    for (const Member& member : members) {
      if (!seen.insert(member.name).second) fail("{}: has two entries '{}'", source_, printable(member.name));
      if (!member.name.ends_with('/')) entries.push_back({member.name, contents(member)});
    }
    return entries;
  }

 private:
  // `size` bytes at `offset`, or a sentence.
  const char* at(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size)
      fail(
          "{}: the archive has {} bytes, but something stands at byte {} with {} bytes: it is cut off or "
          "damaged",
          source_, bytes_.size(), offset, size);
    return bytes_.data() + offset;
  }

  // From the back: the end record, behind which there may be a comment.
  Directory find_directory() const {
    if (bytes_.size() < kEndSize)
      fail("{}: the file has {} bytes, expected a ZIP archive", source_, bytes_.size());
    const std::size_t last = bytes_.size() - kEndSize;
    const std::size_t first = last > 0xffff ? last - 0xffff : 0;
    for (std::size_t place = last + 1; place-- > first;) {
      const char* end = bytes_.data() + place;
      if (get_u32(end) != kEnd || place + kEndSize + get_u16(end + 20) != bytes_.size()) continue;
      if (get_u16(end + 4) != 0 || get_u16(end + 6) != 0)
        fail("{}: the archive is one of several parts, expected a whole one", source_);
      Directory directory{get_u16(end + 10), get_u32(end + 12), get_u32(end + 16)};
      if (directory.offset == kSaturated || directory.count == 0xffff || directory.size == kSaturated)
        read_directory64(place, directory);
      return directory;
    }
    fail("{}: has no end record of a ZIP archive; it is cut off, or another kind of file", source_);
  }

  void read_directory64(std::size_t end, Directory& directory) const {
    if (end < kLocatorSize || get_u32(bytes_.data() + end - kLocatorSize) != kLocator64) return;
    const char* record = at(get_u64(bytes_.data() + end - kLocatorSize + 8), kEnd64Size);
    if (get_u32(record) != kEnd64) fail("{}: the end record of ZIP64 is not where it should be", source_);
    directory = {get_u64(record + 32), get_u64(record + 40), get_u64(record + 48)};
  }

  std::vector<Member> list(const Directory& directory) const {
    at(directory.offset, directory.size);
    std::vector<Member> members;
    std::uint64_t place = directory.offset;
    for (std::uint64_t i = 0; i < directory.count; ++i) {
      const char* header = at(place, kCentralSize);
      if (get_u32(header) != kCentral)
        fail("{}: entry {} of the directory does not begin as one, at byte {}", source_, i + 1, place);
      const std::uint64_t name = get_u16(header + 28), extra = get_u16(header + 30),
                          comment = get_u16(header + 32);
      at(place, kCentralSize + name + extra + comment);
      Member member{{header + kCentralSize, name}, get_u16(header + 8),  get_u16(header + 10),
                    get_u32(header + 16),          get_u32(header + 20), get_u32(header + 24),
                    get_u32(header + 42)};
      read_sizes64({header + kCentralSize + name, extra}, member);
      members.push_back(std::move(member));
      place += kCentralSize + name + extra + comment;
    }
    return members;
  }

  // The extra field 1 holds what does not fit into 32 bits, in this order.
  void read_sizes64(std::string_view extra, Member& member) const {
    while (extra.size() >= 4) {
      const std::size_t size = std::min<std::size_t>(get_u16(extra.data() + 2), extra.size() - 4);
      std::string_view field = extra.substr(4, size);
      const bool wanted = get_u16(extra.data()) == 1;
      extra.remove_prefix(4 + size);
      if (!wanted) continue;
      for (std::uint64_t* value : {&member.unpacked, &member.packed, &member.offset}) {
        if (*value != kSaturated || field.size() < 8) continue;
        *value = get_u64(field.data());
        field.remove_prefix(8);
      }
    }
  }

  std::string_view packed_bytes(const Member& member) const {
    const char* header = at(member.offset, kLocalSize);
    if (get_u32(header) != kLocal)
      fail("{}: entry '{}' does not begin as one, at byte {}", source_, printable(member.name),
           member.offset);
    const std::uint64_t start = member.offset + kLocalSize + get_u16(header + 26) + get_u16(header + 28);
    return {at(start, member.packed), member.packed};
  }

  void check_overlap(const std::vector<Member>& members, std::uint64_t directory) const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
    for (const Member& member : members) {
      const std::string_view packed = packed_bytes(member);
      places.emplace_back(member.offset,
                          static_cast<std::uint64_t>(packed.data() - bytes_.data()) + packed.size());
    }
    std::sort(places.begin(), places.end());
    std::uint64_t free_from = 0;
    for (const auto& [start, end] : places) {
      if (start < free_from || end > directory) fail("{}: entries of the archive overlap", source_);
      free_from = end;
    }
  }

  std::string contents(const Member& member) const {
    const std::string_view packed = packed_bytes(member);
    const std::string name = printable(member.name);
    if (member.flags & 1) fail("{}: entry '{}' is encrypted, expected it plain", source_, name);
    std::string bytes;
    if (member.method == 0) {
      if (member.packed != member.unpacked)
        fail("{}: entry '{}' is stored in {} bytes, but said to have {}", source_, name, member.packed,
             member.unpacked);
      bytes = packed;
    } else if (member.method == 8) {
      bytes = inflated(packed, member, name);
    } else {
      fail("{}: entry '{}' is packed by method {}, expected 0 (stored) or 8 (deflated)", source_, name,
           member.method);
    }
    if (crc_of(bytes) != member.crc)
      fail("{}: entry '{}' is damaged: its checksum is another one", source_, name);
    return bytes;
  }

  std::string inflated(std::string_view packed, const Member& member, const std::string& name) const {
    if (member.unpacked / kLargestRatio > packed.size() || packed.size() > std::numeric_limits<uInt>::max() ||
        member.unpacked > std::numeric_limits<uInt>::max())
      fail("{}: entry '{}' is said to unpack from {} bytes to {}, which cannot be", source_, name,
           packed.size(), member.unpacked);
    std::string bytes(member.unpacked, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("{}: entry '{}' cannot be unpacked", source_, name);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_out = static_cast<uInt>(bytes.size());
    const int status = inflate(&stream, Z_FINISH);
    const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (!whole)
      fail("{}: entry '{}' does not unpack to the {} bytes that it should have", source_, name,
           member.unpacked);
    return bytes;
  }

 public:
  static std::uint32_t crc_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  }

 private:
  std::string_view bytes_;
  const std::string& source_;
};

void put_u16(std::string& out, std::size_t value) {
  internal::put_little_endian(out, static_cast<std::uint16_t>(value));
}

// What a local header and the directory say alike, from the version to the length of the extra field.
void put_description(std::string& out, const ZipEntry& entry) {
  put_u16(out, 20);  // version 2.0
  put_u16(out, 0);
  put_u16(out, 0);       // stored
  put_u16(out, 0);       // midnight
  put_u16(out, 0x0021);  // 1 January 1980, the first day there is
  put_u32(out, Archive::crc_of(entry.bytes));
  put_u32(out, static_cast<std::uint32_t>(entry.bytes.size()));
  put_u32(out, static_cast<std::uint32_t>(entry.bytes.size()));
  put_u16(out, entry.name.size());
  put_u16(out, 0);
}

}  // namespace

std::vector<ZipEntry> parse_zip(std::string_view bytes, const std::string& source) {
  return Archive(bytes, source).read();
}

std::string zip_bytes(const std::vector<ZipEntry>& entries) {
  std::string out, directory;
  for (const ZipEntry& entry : entries) {
    if (entry.name.size() > 0xffff || entry.bytes.size() > kSaturated - out.size() - 0xfffff ||
        entries.size() >= 0xffff)
      fail("an archive with '{}' would be too large, expected less than 4 GiB", printable(entry.name));
    put_u32(directory, kCentral);
    put_u16(directory, 20);
    put_description(directory, entry);
    put_u16(directory, 0);
    put_u16(directory, 0);
    put_u16(directory, 0);
    put_u32(directory, 0);
    put_u32(directory, static_cast<std::uint32_t>(out.size()));
    directory += entry.name;
    put_u32(out, kLocal);
    put_description(out, entry);
    out += entry.name;
    out += entry.bytes;
  }
  const std::size_t offset = out.size();
  out += directory;
  put_u32(out, kEnd);
  put_u32(out, 0);
  put_u16(out, entries.size());
  put_u16(out, entries.size());
  put_u32(out, static_cast<std::uint32_t>(directory.size()));
  put_u32(out, static_cast<std::uint32_t>(offset));
  put_u16(out, 0);
  return out;
}

}  // namespace tessera
