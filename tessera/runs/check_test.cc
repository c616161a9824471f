#include "tessera/runs/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tessera/base/folder_test.h"
#include "tessera/base/text.h"
#include "tessera/runs/checkpoint.h"
#include "tessera/runs/fake_state_test.h"
#include "tessera/runs/keys.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// In place, since rewriting whole files makes some file systems wait for the disk.
void set_byte(const std::string& path, std::size_t position, char value) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(position));
  file.put(value);
}

std::string place_of(const CheckResult& result) {
  return result.problems.empty() ? "(intact)" : result.problems.front().place;
}

class Check : public testing::Test {
 protected:
  void SetUp() override {
    create_key_files(store_ / "key");
    FakeModel model;
    RunOptions options = fake_options(store_.path(), "a", 3);
    options.key_file = store_ / "key";
    options.digest_every = 2;
    options.checkpoint_every = 3;
    auto run = Run::open(options);
    run_fake_loop(run, model, 3);
    folder_ = store_ / "a";
  }

  // Changes every byte of the file in turn, and expects `place` to be named.
  template <typename PlaceOfByte>
  void change_every_byte(const std::string& file, PlaceOfByte place) {
    const std::string path = record_path(folder_, file);
    const std::string bytes = read_file(path);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const char changed : {static_cast<char>(bytes[i] ^ 1), '\n'}) {
        if (changed == bytes[i] || (changed == '\n' && i % 5 != 0)) continue;
        set_byte(path, i, changed);
        const CheckResult result = check_record(folder_);
        ASSERT_FALSE(result.intact()) << file << " byte " << i;
        ASSERT_NE(result.code(), ExitCode::kSuccess);
        ASSERT_THAT(place_of(result), StartsWith(place(bytes, i)))
            << file << " byte " << i << ": " << result.problems.front().message;
      }
      set_byte(path, i, bytes[i]);
    }
    ASSERT_TRUE(check_record(folder_).intact());
  }

  TestFolder store_;
  std::string folder_;
};

TEST_F(Check, AnIntactRecord) {
  const CheckResult result = check_record(folder_, {.trusted_key_file = store_ / "key.pub"});
  EXPECT_TRUE(result.intact()) << place_of(result);
  EXPECT_EQ(result.code(), ExitCode::kSuccess);
  EXPECT_EQ(result.steps, 3U);
  EXPECT_EQ(result.lines, 5U);
  EXPECT_EQ(result.tensors, 5U);
  EXPECT_EQ(result.seal, to_hex(seal_value(*read_seal(folder_))));
  EXPECT_EQ(result.signed_by, load_public_key(store_ / "key.pub"));
  EXPECT_TRUE(result.trusted);
  EXPECT_TRUE(result.notes.empty());
}

TEST_F(Check, EveryByteOfTheClaim) {
  change_every_byte("claim.json", [](const std::string&, std::size_t) { return "claim.json"; });
}

TEST_F(Check, EveryByteOfTheChain) {
  change_every_byte("chain.jsonl", [](const std::string& bytes, std::size_t i) {
    return fmt::format("chain.jsonl:{}",
                       std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i), '\n') + 1);
  });
}

TEST_F(Check, EveryByteOfTheSeal) {
  change_every_byte("seal.json", [](const std::string&, std::size_t) { return "seal.json"; });
}

TEST_F(Check, EveryByteOfCircumstancesAndDurations) {
  change_every_byte("circumstances.json",
                    [](const std::string&, std::size_t) { return "circumstances.json"; });
  change_every_byte("timing.jsonl", [](const std::string&, std::size_t) { return "timing.jsonl"; });
}

TEST_F(Check, EveryByteOfTheCheckpoints) {
  for (const std::string& digest : checkpoints_in(folder_)) {
    const std::string file = fmt::format("checkpoints/{}.safetensors", digest);
    change_every_byte(file, [&](const std::string&, std::size_t) { return file; });
  }
}

TEST_F(Check, ADamagedTensorIsNamed) {
  const std::string path = checkpoint_path(folder_, read_seal(folder_)->checkpoint);
  std::string bytes = read_file(path);
  // Order of the data: 8-byte types by name (average, count, moment), then weights, then the mask.
  const std::size_t mask = bytes.size() - 1, weights = bytes.size() - 4;
  for (const auto& [byte, name] : {std::pair{mask, "mask"}, std::pair{weights, "weights"}}) {
    std::string damaged = bytes;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 1);
    overwrite(path, damaged);
    EXPECT_THAT(place_of(check_record(folder_)), HasSubstr(fmt::format(", tensor 'model.{}'", name)));
  }
}

TEST_F(Check, WithoutASealItIsUnsealed) {
  remove_file(folder_ + "/seal.json");
  const CheckResult result = check_record(folder_);
  EXPECT_EQ(result.code(), ExitCode::kUnsealed);
  EXPECT_EQ(place_of(result), "seal.json");
  EXPECT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.seal, "");
}

TEST_F(Check, AShortenedChainIsUnsealed) {
  const std::string path = folder_ + "/chain.jsonl";
  const std::string bytes = read_file(path);
  for (std::size_t length = 0; length < bytes.size(); length += 11) {
    overwrite(path, bytes.substr(0, length));
    const CheckResult result = check_record(folder_);
    ASSERT_FALSE(result.intact());
    const bool cut_short =
        std::any_of(result.problems.begin(), result.problems.end(), [](const CheckProblem& problem) {
          return problem.code == ExitCode::kUnsealed &&
                 problem.message.find("cut short") != std::string::npos;
        });
    ASSERT_TRUE(cut_short) << length;
    ASSERT_EQ(result.code(), ExitCode::kUnsealed) << length << place_of(result);
  }
}

TEST_F(Check, ALongerChainIsRefused) {
  const std::string path = folder_ + "/chain.jsonl";
  overwrite(path, read_file(path) + "{");
  EXPECT_EQ(place_of(check_record(folder_)), "chain.jsonl:6");
  EXPECT_EQ(check_record(folder_).code(), ExitCode::kFailure);
}

TEST_F(Check, MissingFilesAreNamed) {
  for (const char* file : {"claim.json", "chain.jsonl", "circumstances.json", "timing.jsonl"}) {
    const std::string path = record_path(folder_, file);
    const std::string bytes = read_file(path);
    remove_file(path);
    EXPECT_THAT(place_of(check_record(folder_)), StartsWith(file));
    overwrite(path, bytes);
  }
  const std::string digest = read_seal(folder_)->checkpoints[0];
  remove_file(checkpoint_path(folder_, digest));
  EXPECT_THAT(place_of(check_record(folder_)), HasSubstr(digest));
}

TEST_F(Check, StrangeFilesAreNoted) {
  overwrite(folder_ + "/notes.txt", "x");
  const CheckResult result = check_record(folder_);
  EXPECT_TRUE(result.intact());
  EXPECT_THAT(result.notes, testing::ElementsAre("notes.txt: not a part of the record"));
  overwrite(checkpoint_path(folder_, std::string(64, 'a')), "x");
  EXPECT_THAT(place_of(check_record(folder_)), HasSubstr("aaaa"));
}

TEST_F(Check, TrustIsInAKeyFileOnly) {
  create_key_files(store_ / "other");
  const CheckResult other = check_record(folder_, {.trusted_key_file = store_ / "other.pub"});
  EXPECT_EQ(other.code(), ExitCode::kFailure);
  EXPECT_THAT(other.problems.front().message, HasSubstr("not by the key in"));
  EXPECT_FALSE(other.trusted);

  record_fake_run(store_.path(), "unsigned");
  const CheckResult unsigned_one =
      check_record(store_ / "unsigned", {.trusted_key_file = store_ / "key.pub"});
  EXPECT_THAT(unsigned_one.problems.front().message, HasSubstr("not signed"));
  EXPECT_TRUE(check_record(store_ / "unsigned").intact());

  // A seal that somebody changed and made consistent again: only the signature shows it.
  Seal seal = *read_seal(folder_);
  overwrite(folder_ + "/timing.jsonl", "");
  seal.timing = sha256("");
  overwrite(folder_ + "/seal.json", seal_text(seal));
  EXPECT_TRUE(check_record(folder_).intact());  // durations are not signed
  Circumstances circumstances = read_circumstances(folder_);
  circumstances.command = {"another"};
  overwrite(folder_ + "/circumstances.json", circumstances_text(circumstances));
  seal.circumstances = sha256(circumstances_text(circumstances));
  overwrite(folder_ + "/seal.json", seal_text(seal));
  EXPECT_THAT(check_record(folder_).problems.front().message, HasSubstr("the signature does not belong"));
}

TEST_F(Check, AnUnsignedSealIsNoted) {
  record_fake_run(store_.path(), "unsigned");
  EXPECT_THAT(check_record(store_ / "unsigned").notes, testing::ElementsAre("unsigned"));
}

TEST_F(Check, ASealedChainNeedsAClosingLine) {
  Seal seal = *read_seal(folder_);
  seal.signature = seal.public_key = seal.checkpoint = "";
  seal.checkpoints = {};
  for (const std::string& digest : checkpoints_in(folder_)) remove_file(checkpoint_path(folder_, digest));
  const std::string text = read_file(folder_ + "/chain.jsonl");
  const std::size_t closing = text.rfind('\n', text.size() - 2) + 1;
  const std::size_t last_line = text.rfind('\n', closing - 2) + 1;
  overwrite(folder_ + "/chain.jsonl", text.substr(0, closing));
  seal.lines = 4;
  seal.chain = sha256(text.substr(last_line, closing - last_line));
  overwrite(folder_ + "/seal.json", seal_text(seal));
  ASSERT_EQ(check_record(folder_).problems.size(), 1U);
  EXPECT_EQ(place_of(check_record(folder_)), "chain.jsonl:4 (step 3)");
  EXPECT_EQ(check_record(folder_).problems[0].message, "sealed, but has no closing line");

  overwrite(folder_ + "/chain.jsonl", "");
  seal.lines = 0;
  seal.chain = seal.claim;
  overwrite(folder_ + "/seal.json", seal_text(seal));
  ASSERT_EQ(check_record(folder_).problems.size(), 1U);
  EXPECT_EQ(place_of(check_record(folder_)), "chain.jsonl");
  EXPECT_EQ(check_record(folder_).problems[0].message, "sealed, but has no closing line");
}

// A record comes from somebody else: whatever stands in the place of a file must neither hang nor throw.
TEST_F(Check, WhatIsNoFileIsAProblem) {
  const std::string digest = read_seal(folder_)->checkpoint;
  for (const std::string& file :
       {std::string("claim.json"), std::string("chain.jsonl"), std::string("circumstances.json"),
        std::string("timing.jsonl"), std::string("seal.json"),
        fmt::format("checkpoints/{}.safetensors", digest)}) {
    const std::string path = record_path(folder_, file), bytes = read_file(path);
    for (const char* found : {"a folder", "a pipe", "a device"}) {
      remove_file(path);
      const std::string kind = found;
      if (kind == "a folder") make_folders(path);
      const int made = kind == "a pipe"     ? mkfifo(path.c_str(), 0600)
                       : kind == "a device" ? symlink("/dev/zero", path.c_str())
                                            : 0;
      ASSERT_EQ(made, 0);
      const CheckResult result = check_record(folder_);
      EXPECT_THAT(place_of(result), StartsWith(file)) << found;
      EXPECT_EQ(result.problems[0].message, fmt::format("expected a regular file, found {}", found)) << file;
      remove_folder(path);
    }
    overwrite(path, bytes);
  }
  make_folders(folder_ + "/checkpoints/x.safetensors");
  EXPECT_EQ(place_of(check_record(folder_)), "checkpoints/x.safetensors");
  remove_folder(folder_ + "/checkpoints");
  overwrite(folder_ + "/checkpoints", "");
  EXPECT_EQ(place_of(check_record(folder_)), "checkpoints");
}

TEST_F(Check, MessagesHoldNoControlCharacters) {
  overwrite(folder_ + "/claim.json", "{\"a\x1b[2J\xff\x7f\":1}\n");
  overwrite(folder_ + "/circumstances.json", "{\"\\u001b]0;x\\u0007\":1,\"name\":1}");
  overwrite(folder_ + "/\x1b[31m", "");
  remove_file(folder_ + "/seal.json");
  const CheckResult result = check_record(folder_);
  std::string shown;
  for (const CheckProblem& problem : result.problems) shown += problem.place + problem.message;
  for (const std::string& note : result.notes) shown += note;
  EXPECT_GE(result.problems.size(), 3U);
  EXPECT_THAT(shown, HasSubstr("\\x1b[31m"));
  EXPECT_EQ(shown, printable(shown));
}

TEST_F(Check, WhatIsNoRecordIsSaidSo) {
  EXPECT_THROW(check_record(store_ / "none"), Error);
  EXPECT_THROW(check_record(store_.path()), Error);
}

}  // namespace
}  // namespace tessera::runs
