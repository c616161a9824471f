// A table handed to another library and back through Arrow's C data interface: numbers and codes of categories are not copied, the
// table lives until the receiver releases it, and a missing value is a null on the other side.
#include "tessera/data/arrow.h"

#include <cstdio>

#include "tessera/data/csv.h"
#include "tessera/tessera.h"

using namespace tessera;

int main() {
  data::Table made = data::parse_csv("length,kind\n1.5,oak\n,pine\n2.25,oak\n", "trees.csv");
  data::make_category(made, "kind");
  auto table = std::make_shared<const data::Table>(std::move(made));
  const std::string digest = data::digest(*table);
  const double* numbers = table->column("length").numbers.data();

  ArrowSchema schema;
  ArrowArray batch;
  data::export_arrow(table, schema, batch);
  table.reset();  // the receiver holds it now
  for (std::int64_t i = 0; i < schema.n_children; ++i)
    std::printf("%s: format '%s'%s, %lld nulls\n", schema.children[i]->name, schema.children[i]->format,
                schema.children[i]->dictionary != nullptr ? " with a dictionary" : "",
                static_cast<long long>(batch.children[i]->null_count));
  std::printf("the numbers are the table's own: %s\n",
              batch.children[0]->buffers[1] == numbers ? "yes" : "no");

  const data::Table back = data::import_arrow(schema, batch, "arrow");
  std::printf("the same digest when it comes back: %s, released: %s\n",
              data::digest(back) == digest ? "yes" : "no",
              schema.release == nullptr && batch.release == nullptr ? "yes" : "no");
}
