#include "tessera/base/hash.h"

#include <gtest/gtest.h>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"

namespace tessera {
namespace {

// The examples of NIST FIPS 180-4 ("SHA256.pdf" of the cryptographic standards' examples page).
TEST(Sha256, PublishedExamples) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesAreTheWhole) {
  Sha256 hash;
  hash.add("a").add("").add("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
}

TEST(Sha256, ItemsAreLengthPrefixed) {
  Sha256 first, second, by_hand;
  first.add_item("ab").add_item("c");
  second.add_item("a").add_item("bc");
  by_hand.add(std::string_view("\x02\0\0\0\0\0\0\0ab\x01\0\0\0\0\0\0\0c", 19));
  const Digest digest = first.finish();
  EXPECT_NE(digest, second.finish());
  EXPECT_EQ(digest, by_hand.finish());
}

TEST(Sha256, File) {
  TestFolder folder;
  const std::string bytes(3000000, 'x');
  write_file_atomically(folder / "x", bytes);
  EXPECT_EQ(sha256_of_file(folder / "x"), sha256(bytes));
  EXPECT_THROW(sha256_of_file(folder / "missing"), Error);
  EXPECT_THROW(sha256_of_file(folder.path()), Error);
}

TEST(Sha256, HexadecimalIsStrict) {
  const Digest digest = sha256("abc");
  const std::string text = to_hex(digest);
  EXPECT_EQ(digest_from_hex(text), digest);
  EXPECT_THROW(digest_from_hex(text.substr(1)), Error);
  EXPECT_THROW(digest_from_hex(text + "0"), Error);
  std::string upper = text;
  upper[0] = 'B';
  EXPECT_THROW(digest_from_hex(upper), Error);
}

}  // namespace
}  // namespace tessera
