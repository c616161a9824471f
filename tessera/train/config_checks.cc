#include "tessera/train/config_checks.h"

#include "tessera/base/error.h"
#include "tessera/train/config_reader.h"
#include "tessera/train/training_loss.h"

namespace tessera::train {
namespace {

[[noreturn]] void reject(const Config& config, const std::string& key, const std::string& expected) {
  reject_setting(config.origin(key), key, config.text(key), expected);
}

// What looks at the held-out samples needs some, and needs to be shown them.
void check_selection(const Config& config) {
  if (config.has("training.average_decay") &&
      (!config.has("training.average") || config.text("training.average") != "exponential"))
    reject(config, "training.average_decay", "training.average = \"exponential\" beside it");
  for (const auto& [key, text] :
       {std::pair("training.keep", "best"), std::pair("training.early_stopping", ""),
        std::pair("training.schedule", "plateau")}) {
    if (!config.has(key) || (*text && config.text(key) != text)) continue;
    if (config.real("data.held_out") == 0) reject(config, key, "data.held_out above 0 beside it");
    if (config.integer("record.evaluate_every") == 0)
      reject(config, key, "record.evaluate_every above 0 beside it");
  }
}

void check_loss(const Config& config) {
  const std::string loss = config.has("training.loss") ? config.text("training.loss") : "cross_entropy";
  const std::string beside = fmt::format("with training.loss = \"{}\"", loss);
  if (config.has("training.label_smoothing") && loss != "cross_entropy")
    reject(config, "training.label_smoothing", "none " + beside);
  if (config.has("training.huber_delta") && loss != "huber")
    reject(config, "training.huber_delta", "training.loss = \"huber\" beside it");
  if (!predicts_numbers(config)) return;
  const std::string& format = config.text("data.format");
  if (format != "csv" && format != "idx" && format != "npy")
    reject(
        config, "training.loss",
        fmt::format("one for classes with data.format = \"{}\" (numbers as labels stand in csv, idx and npy)",
                    format));
  if (config.has("data.labels_of") && config.text("data.labels_of") == "points")
    reject(config, "data.labels_of", "\"samples\" " + beside);
  if (config.boolean("data.stratified"))
    reject(config, "data.stratified", fmt::format("false {}, whose labels are numbers, not classes", beside));
  if (config.text("data.classes") != "[]")
    reject(config, "data.classes", fmt::format("none {}, whose labels are numbers", beside));
}

}  // namespace

void check_together(const Config& config, const std::string& source) {
  if (!config.has("training.epochs") && !config.has("training.steps"))
    fail_with(ExitCode::kUsage, "{}: training.epochs is missing, expected it or training.steps", source);
  if (config.integer("training.shards") > config.integer("training.batch"))
    reject(config, "training.shards",
           fmt::format("at most training.batch, which is {}", config.text("training.batch")));
  check_selection(config);
  const std::string& schedule = config.text("training.schedule");
  if ((schedule == "plateau" || schedule == "one_cycle") && config.integer("training.warm_up_steps") > 0)
    reject(config, "training.warm_up_steps",
           fmt::format("0 with training.schedule = \"{}\", which has a beginning of its own", schedule));
  if (config.has("training.average") && config.has("training.dtype") &&
      config.text("training.dtype") == "bfloat16")
    reject(config, "training.average",
           "no average with training.dtype = \"bfloat16\", whose eight bits would round it away");
  check_loss(config);
  const bool nesterov = config.has("training.nesterov") && config.boolean("training.nesterov");
  if (nesterov && config.real("training.momentum") == 0)
    reject(config, "training.nesterov", "a training.momentum above 0 beside it");
}

}  // namespace tessera::train
