#include "tessera/data/openings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TestPart, EveryOpeningIsInTheLedger) {
  const TestFolder folder;
  const std::string ledger = folder / "openings.jsonl";
  TestPart part({3, 5, 8}, "data", ledger);
  EXPECT_EQ(part.openings(), 0);
  EXPECT_FALSE(exists(ledger));
  EXPECT_THAT(part.open("final model"), ElementsAre(3, 5, 8));
  {
    TestPart again({3, 5, 8}, "data", ledger);  // as another program would
    EXPECT_EQ(again.openings(), 1);
    again.open("a second look");
  }
  EXPECT_THAT(part.reasons(), ElementsAre("final model", "a second look"));
  EXPECT_EQ(read_file(ledger),
            "{\"opening\":1,\"part\":\"" + part.digest() +
                "\",\"reason\":\"final model\",\"samples\":3}\n{\"opening\":2,\"part\":\"" + part.digest() +
                "\",\"reason\":\"a second look\",\"samples\":3}\n");
}

TEST(TestPart, OtherPartsHaveOpeningsOfTheirOwn) {
  const TestFolder folder;
  const std::string ledger = folder / "openings.jsonl";
  TestPart part({1, 2}, "data", ledger);
  part.open("first");
  EXPECT_EQ(TestPart({1, 2}, "other data", ledger).openings(), 0);
  EXPECT_EQ(TestPart({1, 3}, "data", ledger).openings(), 0);
}

template <typename Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TestPart, AStrictOneOpensOnce) {
  const TestFolder folder;
  TestPart part({1}, "data", folder / "l", /*strict=*/true);
  part.open("final model");
  EXPECT_THAT(message_of([&] { part.open("once more"); }),
              HasSubstr("the test part was opened before (\"final model\"), expected one opening only"));
  EXPECT_EQ(part.openings(), 1);
}

TEST(TestPart, StaysClosedWithoutALedger) {
  const TestFolder folder;
  EXPECT_THAT(message_of([&] { TestPart({1}, "data", folder / "no-folder/l").open("x"); }),
              HasSubstr("no-folder"));
  EXPECT_THAT(message_of([&] { TestPart({1}, "data", folder / "l").open(""); }), HasSubstr("for a reason"));
  TestPart part({1}, "data", folder / "l");
  part.open("first");
  std::string text = read_file(folder / "l");
  write_file_atomically(folder / "l", text.substr(0, text.size() - 4));
  EXPECT_THAT(message_of([&] { part.open("second"); }), HasSubstr("the last line is cut off"));
  text.replace(text.find(":1,"), 3, ":7,");
  write_file_atomically(folder / "l", text);
  EXPECT_THAT(message_of([&] { part.openings(); }), HasSubstr("found opening 7, expected 1"));
}

}  // namespace
}  // namespace tessera::data
