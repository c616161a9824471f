// CRC-32C (Castagnoli), the check sum of TFRecord files: RFC 3720, appendix B.4. Internal to this room.
#pragma once

#include <cstdint>
#include <string_view>

namespace tessera::interchange {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace tessera::interchange
