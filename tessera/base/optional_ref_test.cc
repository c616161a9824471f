#include "tessera/base/optional_ref.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tessera {
namespace {

struct Base {
  int value = 1;
};
struct Derived : Base {};

// What a temporary would leave dangling is no conversion at all.
template <typename T, typename From>
constexpr bool kBorrows = std::is_constructible_v<OptionalRef<T>, From>;

static_assert(kBorrows<const std::string, std::string&> && kBorrows<const std::string, const std::string&>);
static_assert(kBorrows<std::string, std::string&> && !kBorrows<std::string, const std::string&>);
static_assert(!kBorrows<const std::string, std::string> && !kBorrows<std::string, std::string>);
static_assert(!kBorrows<const std::string, const std::string>);
static_assert(kBorrows<const int, const std::optional<int>&> && kBorrows<int, std::optional<int>&>);
static_assert(!kBorrows<const int, std::optional<int>> && !kBorrows<int, const std::optional<int>&>);
static_assert(kBorrows<Base, const std::unique_ptr<Derived>&> && !kBorrows<Base, std::unique_ptr<Derived>>);
static_assert(kBorrows<const Base, const std::shared_ptr<Derived>&> &&
              !kBorrows<const Base, std::shared_ptr<Derived>>);
static_assert(kBorrows<const int, const int*> && !std::is_convertible_v<const int*, OptionalRef<const int>>);

TEST(OptionalRef, SeesTheObjectAndNotACopy) {
  std::vector<int> values = {1, 2};
  OptionalRef<int> found(values[1]);
  ASSERT_TRUE(found);
  *found = 5;
  EXPECT_EQ(values[1], 5);
  EXPECT_EQ(found.get(), &values[1]);
}

TEST(OptionalRef, MayBeAbsent) {
  const std::optional<int> nothing;
  const std::unique_ptr<Base> null;
  EXPECT_FALSE(OptionalRef<const int>());
  EXPECT_FALSE(OptionalRef<const int>(nothing));
  EXPECT_FALSE(OptionalRef<Base>(null));
  EXPECT_FALSE(OptionalRef<const int>(static_cast<const int*>(nullptr)));
  EXPECT_EQ(OptionalRef<const int>(nothing).value_or(3), 3);
}

TEST(OptionalRef, LooksThroughOptionalAndSmartPointers) {
  std::optional<int> seven = 7;
  OptionalRef<int> number(seven);
  *number = 8;
  EXPECT_EQ(*seven, 8);
  const auto derived = std::make_unique<Derived>();
  EXPECT_EQ(OptionalRef<const Base>(derived)->value, 1);
}

TEST(OptionalRefDeathTest, AnAbsentOneMustNotBeUsed) {
  EXPECT_DEATH(*OptionalRef<const int>(), "an absent reference was used");
}

}  // namespace
}  // namespace tessera
