#include "tessera/data/arrow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <list>

#include "tessera/base/error.h"
#include "tessera/data/csv.h"

namespace tessera::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A record batch made by hand, as the specification's own examples are. `live` counts what was not released.
struct ByHand {
  static inline int live = 0;

  struct Child {
    ArrowSchema schema{};
    ArrowArray array{};
    std::array<const void*, 3> buffers{};
  };

  explicit ByHand(std::int64_t rows) {
    root_schema.format = "+s";
    root_schema.release = [](ArrowSchema* self) {
      --live;
      self->release = nullptr;
    };
    root.length = rows;
    root.n_buffers = 1;
    root.buffers = &no_buffer;
    root.release = [](ArrowArray* self) {
      --live;
      self->release = nullptr;
    };
    live += 2;
  }
  ~ByHand() {  // where no import took them
    if (root_schema.release != nullptr) root_schema.release(&root_schema);
    if (root.release != nullptr) root.release(&root);
  }

  Child& add(const char* name, const char* format, const void* valid, const void* data,
             const void* bytes = nullptr) {
    Child& child = children.emplace_back();
    fill(child, name, format, root.length, valid, data, bytes);
    return child;
  }
  static void fill(Child& child, const char* name, const char* format, std::int64_t length, const void* valid,
                   const void* data, const void* bytes = nullptr) {
    child.schema.format = format;
    child.schema.name = name;
    child.buffers = {valid, data, bytes};
    child.array.length = length;
    child.array.null_count = -1;  // not computed
    const bool text = *format == 'u' || *format == 'U';
    child.array.n_buffers = *format == 'n' ? 0 : text ? 3 : 2;
    child.array.buffers = child.buffers.data();
  }
  Table import() {
    for (Child& child : children) {
      schemas.push_back(&child.schema);
      arrays.push_back(&child.array);
    }
    root_schema.children = schemas.data();
    root.children = arrays.data();
    root_schema.n_children = root.n_children = static_cast<std::int64_t>(children.size());
    return import_arrow(root_schema, root, "arrow");
  }
  std::string refusal() {
    try {
      import();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  ArrowSchema root_schema{};
  ArrowArray root{};
  const void* no_buffer = nullptr;
  std::list<Child> children;
  std::vector<ArrowSchema*> schemas;
  std::vector<ArrowArray*> arrays;
};

TEST(Arrow, ReadsEveryTypeOfNumber) {
  const std::uint8_t valid = 0b101;
  const std::int8_t c[] = {-1, 99, 3};
  const std::uint8_t uc[] = {255, 0, 1};
  const std::int16_t s[] = {-300, 0, 300};
  const std::uint16_t us[] = {65535, 0, 1};
  const std::int32_t i[] = {-70000, 0, 1};
  const std::uint32_t ui[] = {4294967295U, 0, 1};
  const std::int64_t l[] = {-1, 0, 1LL << 60};
  const std::uint64_t ul[] = {18446744073709551615ULL, 0, 1};
  const std::uint16_t e[] = {0x3c00, 0x0001, 0xfc00};  // 1, 2^-24, -inf
  const float f[] = {0.5F, 0, -2};
  const double g[] = {0.1, 0, NAN};
  const std::uint8_t b = 0b001;
  {
    ByHand batch(3);
    for (const auto& [name, data] : std::initializer_list<std::pair<const char*, const void*>>{{"c", c},
                                                                                               {"C", uc},
                                                                                               {"s", s},
                                                                                               {"S", us},
                                                                                               {"i", i},
                                                                                               {"I", ui},
                                                                                               {"l", l},
                                                                                               {"L", ul},
                                                                                               {"e", e},
                                                                                               {"f", f},
                                                                                               {"g", g},
                                                                                               {"b", &b}})
      batch.add(name, name, &valid, data);
    batch.add("n", "n", nullptr, nullptr);
    const Table table = batch.import();
    const auto ends = [&](const char* name) {
      const Column& column = table.column(name);
      EXPECT_TRUE(column.is_missing(1)) << name;
      EXPECT_EQ(column.first_missing_line, 2) << name;
      return std::pair(column.numbers[0], column.numbers[2]);
    };
    EXPECT_EQ(ends("c"), std::pair(-1.0, 3.0));
    EXPECT_EQ(ends("C"), std::pair(255.0, 1.0));
    EXPECT_EQ(ends("s"), std::pair(-300.0, 300.0));
    EXPECT_EQ(ends("S"), std::pair(65535.0, 1.0));
    EXPECT_EQ(ends("i"), std::pair(-70000.0, 1.0));
    EXPECT_EQ(ends("I"), std::pair(4294967295.0, 1.0));
    EXPECT_EQ(ends("l"), std::pair(-1.0, 0x1p60));
    EXPECT_EQ(ends("L"), std::pair(0x1p64, 1.0));
    EXPECT_EQ(ends("e"), std::pair(1.0, -HUGE_VAL));
    EXPECT_EQ(ends("f"), std::pair(0.5, -2.0));
    EXPECT_EQ(ends("b"), std::pair(1.0, 0.0));
    EXPECT_EQ(table.column("g").numbers[0], 0.1);
    EXPECT_TRUE(std::isnan(table.column("g").numbers[2]) && !table.column("g").is_missing(2));
    EXPECT_EQ(table.column("n").missing, 3);
  }
  EXPECT_EQ(ByHand::live, 0);
}

TEST(Arrow, ReadsTextsCategoriesAndOffsets) {
  const std::int32_t offsets[] = {0, 2, 2, 5, 6};
  const std::int64_t large[] = {0, 2, 2, 5, 6};
  const char bytes[] = "oakpin";  // "oa", "", "kpi", "n"
  const std::int8_t indices[] = {1, 0, 1, 0};
  const std::uint8_t valid = 0b1011;
  ByHand batch(2);
  batch.root.offset = 1;  // of the struct: its children have it in front
  batch.add("u", "u", nullptr, offsets, bytes).array.length = 3;
  batch.add("U", "U", nullptr, large, bytes).array.length = 3;
  ByHand::Child& kind = batch.add("kind", "c", &valid, indices);
  kind.array.length = 3;
  kind.array.offset = 1;  // and one of its own
  ByHand::Child dictionary;
  const std::int32_t names[] = {0, 3, 7};
  ByHand::fill(dictionary, "", "u", 2, nullptr, names, "oakpine");
  kind.schema.dictionary = &dictionary.schema;
  kind.array.dictionary = &dictionary.array;
  const Table table = batch.import();
  EXPECT_THAT(table.column("u").texts, ElementsAre("", "kpi"));
  EXPECT_THAT(table.column("U").texts, ElementsAre("", "kpi"));
  EXPECT_THAT(table.column("kind").categories, ElementsAre("oak", "pine"));
  EXPECT_THAT(table.column("kind").codes, ElementsAre(-1, 0));
}

TEST(Arrow, WhatIsNoTableIsASentence) {
  const double numbers[] = {1, 2};
  const auto refusal = [&](const auto& change) {
    ByHand batch(2);
    ByHand::Child& child = batch.add("x", "g", nullptr, numbers);
    change(batch, child);
    const std::string message = batch.refusal();
    EXPECT_EQ(batch.root.release, nullptr);
    return message;
  };
  using Batch = ByHand;
  using Child = ByHand::Child;
  EXPECT_EQ(refusal([](Batch& batch, Child&) { batch.root_schema.format = "g"; }),
            "arrow: found Arrow's format 'g', expected '+s', a struct with a child for each column (a record "
            "batch)");
  EXPECT_EQ(refusal([](Batch&, Child& child) { child.schema.format = "tdD"; }),
            "arrow: column 'x' has Arrow's format 'tdD', expected numbers, texts or categories of texts; "
            "convert it first");
  EXPECT_EQ(refusal([](Batch&, Child& child) { child.array.length = 1; }),
            "arrow: column 'x' has 1 rows, expected 2");
  EXPECT_EQ(refusal([](Batch&, Child& child) { child.array.n_buffers = 1; }),
            "arrow: column 'x' has 1 buffers, expected 2");
  EXPECT_EQ(refusal([](Batch& batch, Child&) { batch.root.null_count = 1; }),
            "arrow: 1 rows are null as a whole, expected none");
  EXPECT_THAT(refusal([&](Batch& batch, Child&) { batch.add("x", "g", nullptr, numbers); }),
              HasSubstr("column 2 is called 'x' as another one before it"));
  EXPECT_EQ(ByHand::live, 0);
  ArrowSchema schema{};
  ArrowArray array{};
  EXPECT_THROW(import_arrow(schema, array, "arrow"), Error);
}

std::shared_ptr<const Table> trees() {
  Table table = parse_csv("length,note,kind,none\n1.5,\"a, b\",oak,\n,,,\nnan,Zoë,pine,\n", "trees.csv");
  make_category(table, "kind");
  return std::make_shared<const Table>(std::move(table));
}

TEST(Arrow, WhatIsHandedOutComesBackTheSame) {
  ArrowSchema schema;
  ArrowArray array;
  export_arrow(trees(), schema, array);
  EXPECT_EQ(digest(import_arrow(schema, array, "arrow")), digest(*trees()));
  EXPECT_EQ(schema.release, nullptr);
  EXPECT_EQ(array.release, nullptr);
}

TEST(Arrow, HandsOutNumbersAndCodesWithoutACopy) {
  std::shared_ptr<const Table> table = trees();
  const double* numbers = table->column("length").numbers.data();
  const std::int32_t* codes = table->column("kind").codes.data();
  ArrowSchema schema;
  ArrowArray array;
  export_arrow(table, schema, array);
  EXPECT_EQ(table.use_count(), 6);  // one for the batch and one for each column
  EXPECT_EQ(array.children[0]->buffers[1], numbers);
  EXPECT_EQ(array.children[2]->buffers[1], codes);
  table.reset();
  // A consumer may take a child away and release it later than its parent.
  ArrowArray child = *array.children[0];
  array.children[0]->release = nullptr;
  array.release(&array);
  schema.release(&schema);
  EXPECT_EQ(static_cast<const double*>(child.buffers[1])[0], 1.5);
  child.release(&child);
}

TEST(Arrow, NumbersAreReadWhereTheyLie) {
  const double numbers[] = {1, 2, 3};
  ByHand batch(2);
  batch.add("x", "g", nullptr, numbers).array.offset = 1;
  ArrowSchema* schemas[] = {&batch.children.front().schema};
  ArrowArray* arrays[] = {&batch.children.front().array};
  batch.root_schema.children = schemas;
  batch.root.children = arrays;
  batch.root_schema.n_children = batch.root.n_children = 1;
  const auto found = arrow_numbers(batch.root_schema, batch.root, 0);
  EXPECT_EQ(found.data(), numbers + 1);
  EXPECT_THAT(found, ElementsAre(2, 3));
}

}  // namespace
}  // namespace tessera::data
