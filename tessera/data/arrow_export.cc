#include <vector>

#include "tessera/data/arrow.h"

namespace tessera::data {
namespace {

// What a handed-out structure owns: its buffers, its children and its share of the table. Released children are the receiver's.
struct OwnedSchema {
  std::string format, name;
  std::vector<std::unique_ptr<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
  std::unique_ptr<ArrowSchema> dictionary;
};

struct OwnedArray {
  std::shared_ptr<const Table> table;
  std::vector<std::uint8_t> valid;    // a bit for each row
  std::vector<std::int64_t> offsets;  // of texts
  std::string bytes;
  std::vector<const void*> buffers;
  std::vector<std::unique_ptr<ArrowArray>> children;
  std::vector<ArrowArray*> pointers;
  std::unique_ptr<ArrowArray> dictionary;
};

template <typename Structure, typename Owned>
void release(Structure* structure) {
  auto* owned = static_cast<Owned*>(structure->private_data);
  for (Structure* child : owned->pointers)
    if (child->release != nullptr) child->release(child);
  if (owned->dictionary && owned->dictionary->release != nullptr)
    owned->dictionary->release(owned->dictionary.get());
  delete owned;
  structure->release = nullptr;
}

void hand_out(std::unique_ptr<OwnedSchema> owned, std::int64_t flags, ArrowSchema& schema) {
  for (const auto& child : owned->children) owned->pointers.push_back(child.get());
  schema = {owned->format.c_str(),
            owned->name.c_str(),
            nullptr,
            flags,
            static_cast<std::int64_t>(owned->children.size()),
            owned->pointers.data(),
            owned->dictionary.get(),
            release<ArrowSchema, OwnedSchema>,
            owned.get()};
  (void)owned.release();  // its owner is the structure
}

void hand_out(std::unique_ptr<OwnedArray> owned, std::int64_t length, std::int64_t nulls, ArrowArray& array) {
  for (const auto& child : owned->children) owned->pointers.push_back(child.get());
  array = {length,
           nulls,
           0,
           static_cast<std::int64_t>(owned->buffers.size()),
           static_cast<std::int64_t>(owned->children.size()),
           owned->buffers.data(),
           owned->pointers.data(),
           owned->dictionary.get(),
           release<ArrowArray, OwnedArray>,
           owned.get()};
  (void)owned.release();
}

void add_validity(const Column& column, OwnedArray& owned) {
  if (column.missing > 0) {
    owned.valid.assign(static_cast<std::size_t>((column.size() + 7) / 8), 0);
    for (std::int64_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row))
        owned.valid[static_cast<std::size_t>(row / 8)] |= static_cast<std::uint8_t>(1U << (row % 8));
  }
  owned.buffers.push_back(owned.valid.empty() ? nullptr : owned.valid.data());
}

void add_texts(const std::vector<std::string>& texts, OwnedArray& owned) {
  owned.offsets.push_back(0);
  for (const std::string& text : texts) {
    owned.bytes += text;
    owned.offsets.push_back(static_cast<std::int64_t>(owned.bytes.size()));
  }
  owned.buffers.push_back(owned.offsets.data());
  owned.buffers.push_back(owned.bytes.data());
}

std::unique_ptr<ArrowArray> texts_array(const std::vector<std::string>& texts) {
  auto owned = std::make_unique<OwnedArray>();
  owned->buffers.push_back(nullptr);
  add_texts(texts, *owned);
  auto array = std::make_unique<ArrowArray>();
  hand_out(std::move(owned), static_cast<std::int64_t>(texts.size()), 0, *array);
  return array;
}

std::unique_ptr<ArrowSchema> schema_of(const std::string& format, const std::string& name,
                                       std::unique_ptr<ArrowSchema> dictionary = nullptr) {
  auto owned = std::make_unique<OwnedSchema>();
  owned->format = format;
  owned->name = name;
  owned->dictionary = std::move(dictionary);
  auto schema = std::make_unique<ArrowSchema>();
  hand_out(std::move(owned), ARROW_FLAG_NULLABLE, *schema);
  return schema;
}

std::unique_ptr<ArrowSchema> column_schema(const Column& column) {
  if (column.numeric) return schema_of("g", column.name);
  if (column.categorical) return schema_of("i", column.name, schema_of("U", ""));
  return schema_of("U", column.name);
}

std::unique_ptr<ArrowArray> column_array(const Column& column, const std::shared_ptr<const Table>& table) {
  auto owned = std::make_unique<OwnedArray>();
  owned->table = table;
  add_validity(column, *owned);
  if (column.numeric) {
    owned->buffers.push_back(column.numbers.data());
  } else if (column.categorical) {
    owned->buffers.push_back(column.codes.data());
    owned->dictionary = texts_array(column.categories);
  } else {
    add_texts(column.texts, *owned);
  }
  auto array = std::make_unique<ArrowArray>();
  hand_out(std::move(owned), column.size(), column.missing, *array);
  return array;
}

}  // namespace

void export_arrow(std::shared_ptr<const Table> table, ArrowSchema& schema, ArrowArray& array) {
  auto owned_schema = std::make_unique<OwnedSchema>();
  auto owned_array = std::make_unique<OwnedArray>();
  owned_schema->format = "+s";
  owned_array->buffers.push_back(nullptr);
  for (const Column& column : table->columns) {
    owned_schema->children.push_back(column_schema(column));
    owned_array->children.push_back(column_array(column, table));
  }
  const std::int64_t rows = table->rows;
  owned_array->table = std::move(table);
  hand_out(std::move(owned_schema), 0, schema);
  hand_out(std::move(owned_array), rows, 0, array);
}

}  // namespace tessera::data
