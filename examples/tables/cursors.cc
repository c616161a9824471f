// Several cursors on one connection, each with its own place among the rows. A cursor keeps the connection open: the chain
// open(...).cursor().dup() in one expression leaves a cursor that is as good as any. And a look-up that may find nothing.
#include <cstdio>

#include "tessera/base/sql_cursor.h"
#include "tessera/data/schema.h"
#include "tessera/tessera.h"

using namespace tessera;

int main() {
  sql::Cursor cursor = sql::open(":memory:").cursor().dup();
  cursor.execute("CREATE TABLE admissions (patient INTEGER, day INTEGER)");
  cursor.execute("INSERT INTO admissions VALUES (1, 3), (1, 90), (2, 5), (2, 11), (2, 40)");

  // Pairs of admissions of one patient within 30 days: two cursors walk through one table at once.
  sql::Cursor first = cursor.dup().execute("SELECT patient, day FROM admissions ORDER BY patient, day");
  while (first.next()) {
    sql::Cursor second =
        first.dup().execute("SELECT day FROM admissions WHERE patient = ? AND day > ? AND day <= ? + 30",
                            {first.value(0), first.value(1), first.value(1)});
    while (second.next())
      std::printf("patient %lld came on day %lld and again on day %lld\n",
                  static_cast<long long>(first.integer(0)), static_cast<long long>(first.integer(1)),
                  static_cast<long long>(second.integer(0)));
  }

  const data::Schema schema = data::Schema::of(data::parse_csv("age,name\n39,Ann\n", "people.csv"));
  for (const char* name : {"age", "height"}) {
    const OptionalRef<const data::SchemaColumn> found =
        schema.find(name);  // of a temporary Schema it would not compile
    std::printf("%s: %s\n", name, found ? data::type_name(found->type).data() : "not in the schema");
  }
}
