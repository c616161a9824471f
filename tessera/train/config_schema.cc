#include "tessera/train/config_schema.h"

#include "tessera/base/error.h"

namespace tessera::train {
namespace {

using enum ValueType;
using enum RecordPlace;

constexpr double kMany = 1e12;  // larger than any count that makes sense, exact in fp64

constexpr KeySpec text(std::string_view section, std::string_view name, std::string_view default_text,
                       std::string_view documentation, std::string_view condition = "",
                       RecordPlace place = kConfiguration, ValueType type = kText) {
  return {section, name, type, 0, 0, false, "", default_text, condition, place, documentation};
}
constexpr KeySpec choice(std::string_view section, std::string_view name, std::string_view choices,
                         std::string_view default_text, std::string_view documentation,
                         std::string_view condition = "") {
  return {section,   name,           kChoice,      0, 0, false, choices, default_text,
          condition, kConfiguration, documentation};
}
constexpr KeySpec integer(std::string_view section, std::string_view name, double lowest, double highest,
                          std::string_view default_text, std::string_view documentation,
                          std::string_view condition = "", RecordPlace place = kConfiguration) {
  return {section, name, kInteger, lowest, highest, false, "", default_text, condition, place, documentation};
}
constexpr KeySpec real(std::string_view section, std::string_view name, double lowest, double highest,
                       bool open_below, std::string_view default_text, std::string_view documentation,
                       std::string_view condition = "") {
  return {section, name,         kReal,     lowest,         highest,      open_below,
          "",      default_text, condition, kConfiguration, documentation};
}
constexpr KeySpec boolean(std::string_view section, std::string_view name, std::string_view default_text,
                          std::string_view documentation, std::string_view condition = "") {
  return {section, name, kBoolean, 0, 0, false, "", default_text, condition, kConfiguration, documentation};
}
constexpr KeySpec integers(std::string_view section, std::string_view name, double lowest, double highest,
                           std::string_view documentation) {
  return {section, name, kIntegers, lowest, highest, false, "", "[]", "", kConfiguration, documentation};
}

constexpr std::string_view kLayers =
    "linear conv2d relu tanh sigmoid max_pool2d average_pool2d flatten dropout";

constexpr KeySpec kKeys[] = {
    text("", "name", "run", "Runs are called NAME-0001, NAME-0002, ...: a-z, 0-9, '.', '_' and '-'.", "",
         kCircumstances, kName),
    integer("", "seed", 0, 9007199254740992, "1",
            "Every random number comes from it: initial weights, split, order of the samples, dropout.", "",
            kClaimField),

    choice("data", "format", "csv idx npy", kRequired,
           "Kind of the data files; each may be packed with gzip."),
    text("data", "path", kRequired,
         "The CSV file: a header, then one sample per row; commas, numbers only, no empty fields, apart from "
         "the "
         "label. Relative paths start at the configuration's "
         "folder; "
         "`${TESSERA_DATA}` stands for that environment variable.",
         "format=csv", kCircumstances, kPath),
    text("data", "features", kRequired,
         "The file of the samples; its first axis counts them. Paths as for `path`.", "format=idx,npy",
         kCircumstances, kPath),
    text("data", "labels", kRequired,
         "The file of the labels: integers, one per sample. Paths as for `path`.", "format=idx,npy",
         kCircumstances, kPath),
    text("data", "label_column", kRequired, "The column that holds the class; all others are features.",
         "format=csv"),
    integers("data", "shape", 1, kMany,
             "Shape of one sample, for example `[1, 8, 8]` (channels, rows, columns); left out: as it is in "
             "the file."),
    real("data", "scale", 0, 1e30, true, "1", "Every feature is divided by it."),
    real("data", "held_out", 0, 0.99, false, "0.2",
         "The share of the samples that is not trained on but used to evaluate; 0: none."),
    boolean("data", "stratified", "true", "Hold out the same share of every class."),
    {"data", "columns", kTexts, 0, 0, false, "", "[]", "format=csv", kConfiguration,
     "Names of the feature columns, in order; left out: all but the label column, as they stand in the "
     "file."},
    {"data", "classes", kTexts, 0, 0, false, "", "[]", "", kConfiguration,
     "The labels as they stand in the data, in the order of the outputs; left out: the labels found, "
     "sorted."},

    choice("network", "layer", kLayers, kRequired,
           "Kind of the layer. Layers follow one another; sizes of inputs are worked out."),
    integer("network", "units", 1, 1e9, kRequired, "Number of outputs.", "layer=linear"),
    integer("network", "channels", 1, 1e6, kRequired, "Number of filters, which is that of output channels.",
            "layer=conv2d"),
    integer("network", "kernel", 1, 1e4, kRequired, "Rows and columns of the filter or window.",
            "layer=conv2d,max_pool2d,average_pool2d"),
    integer("network", "stride", 1, 1e4, kNone,
            "Step from window to window; left out: 1 for conv2d, the kernel's size for pooling.",
            "layer=conv2d,max_pool2d,average_pool2d"),
    integer("network", "padding", 0, 1e4, "0",
            "Rows and columns of zeros (pooling: of nothing) around the image.",
            "layer=conv2d,max_pool2d,average_pool2d"),
    boolean("network", "bias", "true", "Add a learned number to each output (channel).",
            "layer=linear,conv2d"),
    real("network", "drop", 0, 0.999, false, "0.5",
         "Probability that a value is set to 0 in training; the others are divided by 1 - drop.",
         "layer=dropout"),

    integer("training", "epochs", 1, 1e9, kNone, "Passes over the training samples. Give this or `steps`."),
    integer("training", "steps", 1, kMany, kNone, "Number of batches to train on. Give this or `epochs`."),
    integer("training", "batch", 1, 1e9, "32",
            "Samples per step; the last batch of an epoch may be smaller."),
    boolean("training", "drop_last", "false", "Leave out the last batch of an epoch when it is smaller."),
    integer(
        "training", "shards", 1, 65536, "1",
        "Parts into which each batch is cut; losses and gradients are added over them by a fixed tree. More "
        "shards let more processes work on one batch; the number is part of what is computed."),
    choice("training", "optimizer", "sgd adam", "sgd", "Rule by which the weights are changed."),
    real("training", "learning_rate", 0, 1000, true, kRequired, "Size of the changes, before the schedule."),
    real("training", "momentum", 0, 0.9999, false, "0", "Share of the previous change that is kept.",
         "optimizer=sgd"),
    boolean("training", "nesterov", "false", "Nesterov's form of momentum, which must then be above 0.",
            "optimizer=sgd"),
    real("training", "beta1", 0, 0.9999, false, "0.9", "Decay of the mean of gradients.", "optimizer=adam"),
    real("training", "beta2", 0, 0.999999, false, "0.999", "Decay of the mean of squared gradients.",
         "optimizer=adam"),
    real("training", "epsilon", 0, 1, true, "1e-08", "Added to the denominator.", "optimizer=adam"),
    real("training", "weight_decay", 0, 10, false, "0", "This times the weight is added to each gradient."),
    choice("training", "schedule", "constant step cosine", "constant",
           "How the learning rate changes: not, by a factor every so many epochs, or down a half cosine."),
    integer("training", "warm_up_steps", 0, kMany, "0",
            "Steps over which the learning rate rises to its value; the schedule begins after them."),
    integer("training", "decay_every", 1, 1e9, kRequired,
            "Epochs after which the learning rate is multiplied again.", "schedule=step"),
    real("training", "decay_factor", 0, 1, true, "0.1", "What it is multiplied by.", "schedule=step"),
    real("training", "final_learning_rate", 0, 1000, false, "0", "Where the cosine ends, at the last step.",
         "schedule=cosine"),

    integer("record", "digest_every", 1, kMany, "50",
            "Steps between two digests of every tensor of the state.", "", kClaimField),
    integer("record", "checkpoint_every", 0, kMany, "500",
            "Steps between two checkpoints; 0: only at the end.", "", kClaimField),
    integer("record", "kept_checkpoints", 0, 1e9, "3",
            "How many checkpoints stay in the folder, the newest, beside the final one; 0: all of them, for "
            "`tessera verify --spot`. Not part of what is claimed.",
            "", kCircumstances),
    integer("record", "evaluate_every", 0, 1e9, "1",
            "Epochs between two evaluations on the held-out samples; 0: only at the end."),
};

std::string number(double value) {
  return value == static_cast<double>(static_cast<std::int64_t>(value))
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{}", value);
}

std::string joined(std::string_view list, char separator, std::string_view quote) {
  std::string out;
  for (const std::string& word : words(list, separator))
    out += fmt::format("{}{}{}{}", out.empty() ? "" : ", ", quote, word, quote);
  return out;
}

std::string range(const KeySpec& spec) {
  if (spec.open_below)
    return fmt::format("above {} and at most {}", number(spec.lowest), number(spec.highest));
  return fmt::format("from {} to {}", number(spec.lowest), number(spec.highest));
}

std::string default_cell(const KeySpec& spec) {
  if (spec.default_text == kRequired) return "required";
  if (spec.default_text == kNone || spec.default_text == "[]") return "";
  const bool quoted = spec.type == kChoice || spec.type == kText || spec.type == kName;
  return quoted ? fmt::format("`\"{}\"`", spec.default_text) : fmt::format("`{}`", spec.default_text);
}

std::string condition_sentence(const KeySpec& spec) {
  if (spec.condition.empty()) return "";
  const std::size_t equals = spec.condition.find('=');
  return fmt::format(" Only with {} = {}.", spec.condition.substr(0, equals),
                     joined(spec.condition.substr(equals + 1), ',', "\""));
}

constexpr std::string_view kIntroduction = R"(# Configuration

One TOML file describes a training run: `tessera train FILE`. Each value can be replaced on the command line, for example
`--set training.batch=64` or `--set network.1.channels=8` (layers are counted from 1), and `--set training.momentum=` takes the file's
value away. A key that nothing reads is an error. Where each value came from (file and line, `--set`, or a default) is shown by
`tessera show RUN`.

This page is made from the table of keys in `tessera/train/config_schema.cc`.
)";

}  // namespace

std::span<const KeySpec> config_keys() {
  return kKeys;
}

std::string full_name(const KeySpec& spec) {
  if (spec.section.empty()) return std::string(spec.name);
  return fmt::format("{}.{}{}", spec.section, spec.section == "network" ? "N." : "", spec.name);
}

std::string expectation(const KeySpec& spec) {
  switch (spec.type) {
    case kText:
      return "a text";
    case kName:
      return "a name of a-z, 0-9, '.', '_' and '-'";
    case kPath:
      return "the path of a file";
    case kChoice:
      return "one of " + joined(spec.choices, ' ', "\"");
    case kInteger:
      return "a whole number " + range(spec);
    case kReal:
      return "a number " + range(spec);
    case kBoolean:
      return "true or false";
    case kIntegers:
      return "a list of whole numbers " + range(spec);
    case kTexts:
      return "a list of texts";
  }
  return "";
}

std::vector<std::string> words(std::string_view list, char separator) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

std::string config_reference() {
  std::string out(kIntroduction);
  std::string_view section = "?";
  for (const KeySpec& spec : kKeys) {
    if (spec.section != section) {
      section = spec.section;
      const std::string title = section.empty()        ? "At the top"
                                : section == "network" ? "`[[network]]`, one per layer"
                                                       : fmt::format("`[{}]`", section);
      out += fmt::format("\n## {}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", title);
    }
    out += fmt::format("| `{}` | {} | {} | {}{} |\n", spec.name, expectation(spec), default_cell(spec),
                       spec.documentation, condition_sentence(spec));
  }
  return out;
}

}  // namespace tessera::train
