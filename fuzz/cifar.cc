#include "tessera/data/cifar.h"

#include "fuzz/fuzz.h"
#include "tessera/base/files.h"

namespace tessera::fuzz {

void fuzz_one(std::string_view bytes) {
  const std::string unpacked = unpack_maybe_gzip(std::string(bytes), "x.bin");
  for (const auto parse : {data::parse_cifar10, data::parse_cifar100}) {
    try {
      const data::CifarImages read = parse(unpacked, "x.bin");
      TESSERA_CHECK(read.images.size(0) == read.labels.size(0), "{} labels for {} images",
                    read.labels.size(0), read.images.size(0));
    } catch (const Error& error) {  // as one that is of the other kind
      TESSERA_CHECK(*error.what() != '\0', "an Error without a sentence");
    }
  }
}

}  // namespace tessera::fuzz
