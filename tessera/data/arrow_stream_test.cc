#include "tessera/data/arrow_stream.h"

#include <gtest/gtest.h>

#include <vector>

#include "tessera/base/error.h"
#include "tessera/data/csv.h"

namespace tessera::data {
namespace {

// A stream of several tables, which counts what was not released; may end with an error.
struct Pieces {
  explicit Pieces(std::vector<Table> tables) {
    for (Table& table : tables) shared.push_back(std::make_shared<const Table>(std::move(table)));
    stream.private_data = this;
    stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
      ArrowArray unused;
      export_arrow(of(self).shared.front(), *out, unused);
      unused.release(&unused);
      return 0;
    };
    stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
      Pieces& pieces = of(self);
      out->release = nullptr;
      if (pieces.next == pieces.shared.size()) return pieces.status;
      ArrowSchema unused;
      export_arrow(pieces.shared[pieces.next++], unused, *out);
      unused.release(&unused);
      return 0;
    };
    stream.get_last_error = [](ArrowArrayStream*) { return "the disk is gone"; };
    stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  }
  static Pieces& of(ArrowArrayStream* self) { return *static_cast<Pieces*>(self->private_data); }

  std::vector<std::shared_ptr<const Table>> shared;
  std::size_t next = 0;
  int status = 0;
  ArrowArrayStream stream{};
};

Table csv(const char* text, std::initializer_list<const char*> categories = {}) {
  Table table = parse_csv(text, "t.csv");
  for (const char* name : categories) make_category(table, name);
  return table;
}

TEST(ArrowStream, PiecesBecomeOneTable) {
  Pieces pieces({csv("a,b,k\n1,x,oak\n,y,pine\n", {"k"}), csv("a,b,k\n3,,pine\n", {"k"}),
                 csv("a,b,k\n4,z,ash\n,u,pine\n", {"k"})});
  const Table table = import_arrow(pieces.stream, "arrow");
  EXPECT_EQ(pieces.stream.release, nullptr);
  ASSERT_EQ(table.rows, 5);
  EXPECT_EQ(table.lines, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  const Column& numbers = table.column("a");
  EXPECT_EQ(numbers.missing, 2);
  EXPECT_EQ(numbers.first_missing_line, 2);
  EXPECT_EQ(numbers.absent, (std::vector<std::uint8_t>{0, 1, 0, 0, 1}));
  EXPECT_EQ(numbers.numbers[3], 4);
  EXPECT_EQ(table.column("b").texts, (std::vector<std::string>{"x", "y", "", "z", "u"}));
  EXPECT_EQ(table.column("b").first_missing_line, 3);
  EXPECT_EQ(table.column("k").categories, (std::vector<std::string>{"oak", "pine", "ash"}));
  EXPECT_EQ(table.column("k").codes, (std::vector<std::int32_t>{0, 1, 1, 2, 1}));
}

// A piece in which a number is missing in every row is taken as one of texts, which have no type to lose.
TEST(ArrowStream, APieceWithoutValuesTakesTheTypeOfTheOthers) {
  const Table whole = csv("a\n\"\"\n2\n\"\"\n");
  const auto row = [&](std::int64_t position) { return take_rows(whole, std::vector{position}); };
  Pieces pieces({row(0), row(1), row(2)});
  const Table table = import_arrow(pieces.stream, "arrow");
  EXPECT_TRUE(table.column("a").numeric);
  EXPECT_EQ(digest(table), digest(whole));
}

TEST(ArrowStream, AnErrorOfTheStreamIsSaid) {
  Pieces pieces({csv("a\n1\n")});
  pieces.status = 5;
  try {
    import_arrow(pieces.stream, "arrow");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "arrow: the Arrow stream ended with the error 5: the disk is gone");
  }
  EXPECT_EQ(pieces.stream.release, nullptr);
  EXPECT_THROW(import_arrow(pieces.stream, "arrow"), Error);  // released before
}

TEST(ArrowStream, HandedOutATableIsOnePiece) {
  const Table table = csv("a,k\n1.5,oak\n,pine\n", {"k"});
  ArrowArrayStream stream;
  export_arrow(std::make_shared<const Table>(table), stream);
  EXPECT_EQ(digest(import_arrow(stream, "arrow")), digest(table));
  Pieces none({table});
  none.next = 1;
  const Table empty = import_arrow(none.stream, "arrow");
  EXPECT_EQ(empty.rows, 0);
  EXPECT_EQ(empty.names(), (std::vector<std::string>{"a", "k"}));
}

}  // namespace
}  // namespace tessera::data
