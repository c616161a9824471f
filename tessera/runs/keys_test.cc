#include "tessera/runs/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/message_test.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

// RFC 8032, section 7.1, test 2.
TEST(Keys, PublishedSignature) {
  TestFolder folder;
  // The seed 4ccd089b... in the PKCS#8 form of RFC 8410.
  const unsigned char der[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
                               0x04, 0x22, 0x04, 0x20, 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda,
                               0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f,
                               0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64;
  for (std::size_t i = 0; i < sizeof der; i += 3) {
    const unsigned group = static_cast<unsigned>(der[i] << 16 | der[i + 1] << 8 | der[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) base64 += kAlphabet[group >> shift & 63];
  }
  write_file_atomically(folder / "key",
                        "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
  const PrivateKey key = load_private_key(folder / "key");
  EXPECT_EQ(key.public_key(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(sign(key, "\x72"),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Keys, SignAndVerify) {
  TestFolder folder;
  const std::string public_key = create_key_files(folder / "key");
  const PrivateKey key = load_private_key(folder / "key");
  EXPECT_EQ(key.public_key(), public_key);
  EXPECT_EQ(load_public_key(folder / "key.pub"), public_key);
  const std::string signature = sign(key, "a message");
  EXPECT_TRUE(signature_valid(public_key, "a message", signature));
  EXPECT_FALSE(signature_valid(public_key, "a massage", signature));
  std::string other = signature;
  other[5] = other[5] == '0' ? '1' : '0';
  EXPECT_FALSE(signature_valid(public_key, "a message", other));
  EXPECT_FALSE(signature_valid(public_key, "a message", ""));
  EXPECT_FALSE(signature_valid("xyz", "a message", signature));
  EXPECT_FALSE(signature_valid(create_key_files(folder / "second"), "a message", signature));
}

TEST(Keys, ThePrivateFileIsTheOwnersOnly) {
  TestFolder folder;
  create_key_files(folder / "key");
  struct stat information {};
  ASSERT_EQ(stat((folder / "key").c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0600U);
  const std::string before = read_file(folder / "key");
  EXPECT_THAT(message_of([&] { create_key_files(folder / "key"); }),
              HasSubstr("exists already; a key is never replaced"));
  remove_file(folder / "key.pub");
  EXPECT_THAT(message_of([&] { create_key_files(folder / "key"); }),
              HasSubstr("exists already; a key is never replaced"));
  EXPECT_EQ(read_file(folder / "key"), before);
  EXPECT_THAT(message_of([&] { create_key_files(folder / "none/key"); }), HasSubstr("No such file"));
}

TEST(Keys, BadFilesGetASentence) {
  TestFolder folder;
  create_key_files(folder / "key");
  EXPECT_THAT(message_of([&] { load_private_key(folder / "none"); }), HasSubstr("cannot be read"));
  EXPECT_THAT(message_of([&] { load_private_key(folder / "key.pub"); }),
              HasSubstr("expected a private key, found a public one"));
  EXPECT_THAT(message_of([&] { load_public_key(folder / "key"); }),
              HasSubstr("expected a public key, found a private one"));
  for (const std::string& text : {std::string(), std::string("x"), read_file(folder / "key").substr(0, 60)}) {
    write_file_atomically(folder / "bad", text);
    EXPECT_THAT(message_of([&] { load_private_key(folder / "bad"); }), HasSubstr("bad: not a private key"));
  }
  write_file_atomically(folder / "bad", read_file(folder / "key.pub").substr(0, 60));
  EXPECT_THAT(message_of([&] { load_public_key(folder / "bad"); }), HasSubstr("bad: not a public key"));
}

}  // namespace
}  // namespace tessera::runs
