// tessera analyse: a table or a set of images looked at before anything is learned from it.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tessera/analysis/image_analysis.h"
#include "tessera/analysis/input.h"
#include "tessera/analysis/summary_text.h"
#include "tessera/analysis/table_page.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"

namespace tessera::cli {

namespace {
constexpr std::string_view kAnalyseDetails =
    "FILE is a table (CSV, also .gz; NPZ; NPY and IDX with one or two axes; a query of SQLite, or of "
    "PostgreSQL at\n"
    "postgresql://USER@HOST/DATABASE) or images "
    "(NPY and IDX with more axes, "
    "CIFAR).\n"
    "The summary says of each column what it is, what is missing, how it is distributed and what looks odd; "
    "with --target also how much "
    "each\n"
    "column says about that one, and which ones say more than they should. The page has the same with "
    "pictures, and loads nothing.\n\n"
    "Examples:\n"
    "  tessera analyse titanic.csv --target Survived --output titanic.html\n"
    "  tessera analyse adult.csv --no-header --missing '?' --trim --target column_15\n"
    "  tessera analyse train-images.idx --labels train-labels.idx --output digits.html";

char separator_of(const std::string& text) {
  if (text == "detect" || text == "auto") return data::kDetectSeparator;
  if (text == "comma") return ',';
  if (text == "semicolon") return ';';
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "bar") return '|';
  if (text.size() != 1 || text == "\"" || text == "\n")
    fail_with(ExitCode::kUsage,
              "--separator: found '{}', expected one character, comma, semicolon, tab, bar or detect", text);
  return text[0];
}

std::vector<std::string> names_of(const std::string& columns) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  while (!columns.empty() && begin <= columns.size()) {
    const std::size_t comma = std::min(columns.find(',', begin), columns.size());
    names.push_back(columns.substr(begin, comma - begin));
    data::clean_field(names.back(), {.trim = true});
    if (names.back().empty())
      fail_with(ExitCode::kUsage, "--columns {}: name {} is empty", columns, names.size());
    begin = comma + 1;
  }
  return names;
}

analysis::TargetKind kind_of(const std::string& task) {
  if (task == "classes") return analysis::TargetKind::kClasses;
  if (task == "numbers") return analysis::TargetKind::kNumbers;
  if (!task.empty()) fail_with(ExitCode::kUsage, "--task: found '{}', expected classes or numbers", task);
  return analysis::TargetKind::kAutomatic;
}

struct Places {
  std::string page, json;
};

// Said before anything is computed.
void check_places(const Places& places) {
  if (!places.page.empty()) check_user_place(places.page);
  if (!places.json.empty()) check_user_place(places.json);
}

void write(const std::string& place, const std::string& text) {
  if (place.empty()) return;
  write_user_file(place, text);
  if (!place.starts_with("/dev/")) fmt::print(stderr, "wrote {}\n", printable(place));
}

void analyse_table(data::Table table, const analysis::AnalysisOptions& options, const Places& places) {
  if (!options.target.empty()) table.column(options.target);  // a mistyped one gets a suggestion
  const std::string source = table.source;
  const std::vector<analysis::CodedColumn> columns = analysis::code_columns(std::move(table));
  const analysis::TableAnalysis found = analysis::analyse_columns(columns, source, options);
  fmt::print("{}", analysis::summary_text(found));
  if (!places.json.empty()) write(places.json, analysis::summary_json(found));
  if (!places.page.empty()) write(places.page, analysis::table_page(found, columns));
}

void analyse_images(const data::Dataset& images, const std::string& file, const Places& places) {
  const analysis::ImageAnalysis found = analysis::analyse_images(images, file);
  fmt::print("{}", analysis::image_text(found));
  if (!places.json.empty()) write(places.json, analysis::image_json(found));
  if (!places.page.empty()) write(places.page, analysis::image_page(found, images));
}

}  // namespace

ExitCode run_analyse(const Words& words) {
  Arguments arguments("analyse", "Look at a table or at images before learning from them", kAnalyseDetails);
  analysis::InputSource source;
  analysis::AnalysisOptions options;
  Places places;
  Execution execution;
  std::string separator = "comma", task, columns;
  bool no_header = false;
  arguments.positional("FILE", source.file, "A table or images");
  arguments.option("--target COLUMN", options.target, "The column that is to be predicted");
  arguments.option(
      "--task KIND", task,
      "What the target is: classes or numbers (default: texts and up to 20 whole numbers are classes)");
  arguments.option("--output FILE", places.page, "Write a page with pictures (HTML)");
  arguments.option("--json FILE", places.json, "Write every number (JSON)");
  arguments.flag("--no-header", no_header, "The first row is data; the columns are column_1, column_2, ...");
  arguments.option("--columns NAMES", columns,
                   "The first row is data; the names of all columns, separated by commas");
  arguments.option("--separator C", separator,
                   "Between fields: a character, comma, semicolon, tab, bar or detect (default: comma)");
  arguments.option("--missing TEXT", source.csv.missing,
                   "A field that stands for a missing value; may be repeated");
  arguments.flag("--trim", source.csv.trim, "Blanks around fields do not count");
  arguments.option("--text COLUMN", source.csv.text_columns,
                   "A column that is text even if all its fields are numbers; may be repeated");
  arguments.option("--query SQL", source.query, "The table is what this query of the database FILE gives");
  arguments.option("--labels FILE", source.labels, "The labels of images (NPY or IDX)");
  arguments.option("--format NAME", source.format,
                   "csv, npz, npy, idx, cifar10, cifar100 or sqlite (default: by the file's name)");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  source.columns = names_of(columns);
  source.csv.header = !no_header && source.columns.empty();
  source.csv.separator = separator_of(separator);
  options.target_kind = kind_of(task);
  execution.apply();
  check_places(places);
  analysis::Input input = analysis::read_analysis_input(source);
  if (input.table) {
    analyse_table(std::move(*input.table), options, places);
  } else {
    if (!options.target.empty())
      fail_with(ExitCode::kUsage, "{}: images have no column '{}'; --labels FILE names their classes",
                source.file, options.target);
    analyse_images(*input.images, source.file, places);
  }
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
