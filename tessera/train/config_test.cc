#include "tessera/train/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/folder_test.h"

namespace tessera::train {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Line numbers in the tests below count from the first line of this text.
const std::string kGood = R"(name = "digits"
seed = 7

[data]
format = "csv"
path = "digits.csv"
label_column = "digit"
shape = [1, 8, 8]
scale = 16

[[network]]
layer = "conv2d"
channels = 4
kernel = 3
padding = 1

[[network]]
layer = "flatten"

[[network]]
layer = "linear"
units = 10

[training]
epochs = 2
batch = 16
learning_rate = 0.1
)";

// Replaces `from` (which must be there) by `to`.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

std::string message_of(const std::string& toml, const std::vector<std::string>& overrides = {}) {
  try {
    Config::parse(toml, "c.toml", overrides);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(Config, HoldsValuesWithTheirOrigins) {
  const Config config = Config::parse(kGood, "c.toml", {"training.batch=64", "network.1.channels=8"});
  EXPECT_EQ(config.text("name"), "digits");
  EXPECT_EQ(config.integer("seed"), 7);
  EXPECT_EQ(config.origin("seed"), "c.toml:2");
  EXPECT_THAT(config.integers("data.shape"), ElementsAre(1, 8, 8));
  EXPECT_EQ(config.real("data.scale"), 16.0);
  EXPECT_EQ(config.layers(), 3u);
  EXPECT_EQ(config.integer("network.1.channels"), 8);
  EXPECT_EQ(config.origin("network.1.channels"), "--set");
  EXPECT_EQ(config.origin("network.1.kernel"), "c.toml:14");
  EXPECT_EQ(config.integer("training.batch"), 64);
  EXPECT_EQ(config.text("training.optimizer"), "sgd");
  EXPECT_EQ(config.origin("training.optimizer"), "default");
  EXPECT_EQ(config.real("training.momentum"), 0.0);
  EXPECT_FALSE(config.has("training.steps"));
  EXPECT_FALSE(config.has("training.beta1"));
}

TEST(Config, ListsEveryValueInTheOrderOfTheTable) {
  const Config config = Config::parse(kGood, "c.toml");
  std::vector<std::string> keys;
  for (const ConfigValue& value : config.values()) keys.push_back(value.key);
  EXPECT_EQ(keys.front(), "name");
  EXPECT_EQ(keys.back(), "record.evaluate_every");
  EXPECT_THAT(keys, testing::IsSupersetOf({"network.1.bias", "network.3.units", "training.shards"}));
}

TEST(Config, SameSettingSameText) {
  const Config a = Config::parse(changed("scale = 16", "scale = 16.0"), "c.toml");
  const Config b = Config::parse(changed("scale = 16", "scale = 1.6e1"), "c.toml");
  EXPECT_EQ(a.text("data.scale"), "16");
  EXPECT_EQ(b.text("data.scale"), "16");
  EXPECT_EQ(Config::parse(kGood, "c", {"data.shape=[1,8,8]"}).text("data.shape"), "[1, 8, 8]");
}

TEST(Config, GoesThroughARecordUnchanged) {
  Config config = Config::parse(kGood, "c.toml", {"training.optimizer=adam"});
  config.set_found("data.classes", std::vector<std::string>{"0", "a \"b\", c"});
  std::map<std::string, std::string> texts;
  for (const ConfigValue& value : config.values())
    if (value.spec->place != RecordPlace::kCircumstances) texts[value.key] = value.text;
  const Config back = Config::from_record(texts);
  for (const auto& [key, text] : texts) EXPECT_EQ(back.text(key), text);
  EXPECT_THAT(back.texts("data.classes"), ElementsAre("0", "a \"b\", c"));
  EXPECT_FALSE(back.has("data.path"));
  texts["training.batch"] = "016";
  EXPECT_THROW(Config::from_record(texts), Error);
}

TEST(Config, OneOfEpochsAndStepsGivenBySetReplacesTheOther) {
  const Config config = Config::parse(kGood, "c.toml", {"training.steps=30"});
  EXPECT_EQ(config.integer("training.steps"), 30);
  EXPECT_FALSE(config.has("training.epochs"));
}

TEST(Config, SetWithoutValueTakesAKeyAway) {
  const std::string toml = changed("batch = 16", "momentum = 0.9");
  EXPECT_EQ(message_of(toml, {"training.optimizer=adam"}),
            "c.toml:26: nothing reads training.momentum when training.optimizer is \"adam\"; it is only for "
            "\"sgd\", \"rmsprop\" "
            "(--set training.momentum= leaves it out)");
  const Config config = Config::parse(toml, "c.toml", {"training.optimizer=adam", "training.momentum="});
  EXPECT_FALSE(config.has("training.momentum"));
  EXPECT_EQ(Config::parse(toml, "c.toml", {"training.momentum="}).origin("training.momentum"), "default");
}

TEST(Config, PathsStartAtTheFolderAndKnowOneVariable) {
  TestFolder folder;
  write_file_atomically(folder / "c.toml", kGood);
  EXPECT_EQ(Config::read(folder / "c.toml").path("data.path"), folder / "digits.csv");
  const Config absolute = Config::read(folder / "c.toml", {"data.path=/d/x.csv"});
  EXPECT_EQ(absolute.path("data.path"), "/d/x.csv");
  const Config home = Config::read(folder / "c.toml", {"data.path=${HOME}/x.csv"});
  EXPECT_THROW(home.path("data.path"), Error);
}

struct Malformed {
  std::string toml;
  std::vector<std::string> overrides;
  std::string message;  // the whole one, or its beginning when it ends in "..."
};

TEST(Config, MalformedOnesGetASentence) {
  const std::vector<Malformed> cases = {
      {"name = ", {}, "c.toml:1:8: not valid TOML: ..."},
      {changed("[data]", "[data"), {}, "c.toml:4:6: not valid TOML: ..."},
      {changed("seed = 7", "seed = 7\nseed = 8"), {}, "c.toml:3:8: not valid TOML: ..."},
      {"", {}, "c.toml: there is no layer, expected at least one [[network]] with a 'layer'"},
      {changed("seed = 7", "sead = 7"), {}, "c.toml:2: unknown key 'sead' (did you mean 'seed'?)"},
      {changed("epochs = 2", "epoch = 2"),
       {},
       "c.toml:25: unknown key 'training.epoch' (did you mean 'training.epochs'?)"},
      {changed("[training]", "[trainning]"),
       {},
       "c.toml:25: unknown key 'trainning.epochs' (did you mean 'training.epochs'?)"},
      {changed("seed = 7", "learning_rate = 7"),
       {},
       "c.toml:2: unknown key 'learning_rate' (did you mean 'training.learning_rate'?)"},
      {changed("seed = 7", "colour = 'red'"), {}, "c.toml:2: unknown key 'colour'"},
      {changed("seed = 7", "seed = \"many\""),
       {},
       "c.toml:2: seed is \"many\", expected a whole number from 0 to 9007199254740992"},
      {changed("seed = 7", "seed = -1"),
       {},
       "c.toml:2: seed is -1, expected a whole number from 0 to 9007199254740992"},
      {changed("seed = 7", "seed = 1.5"),
       {},
       "c.toml:2: seed is 1.5, expected a whole number from 0 to 9007199254740992"},
      {changed("seed = 7", "seed = 1979-05-27"),
       {},
       "c.toml:2: seed is a date or time, expected a whole number ..."},
      {changed("name = \"digits\"", "name = \"My Run\""),
       {},
       "c.toml:1: name is \"My Run\", expected a name of a-z, 0-9, '.', '_' and '-'"},
      {changed("name = \"digits\"", "name = \"../up\""),
       {},
       "c.toml:1: name is \"../up\", expected a name of ..."},
      {changed("format = \"csv\"", "format = \"cvs\""),
       {},
       "c.toml:5: data.format is \"cvs\", expected one of \"csv\", \"idx\", \"npy\", \"cifar10\", "
       "\"cifar100\", \"points\", \"text\", \"tags\" (did you mean 'csv'?)"},
      {changed("format = \"csv\"", "format = \"npy\""),
       {},
       "c.toml:6: nothing reads data.path when data.format is \"npy\"; it is only for \"csv\", "
       "\"points\", \"text\", \"tags\""},
      {changed("path = \"digits.csv\"\n", ""),
       {},
       "c.toml: data.path is missing, expected the path of a file"},
      {changed("path = \"digits.csv\"", "path = \"\""),
       {},
       "c.toml:6: data.path is \"\", expected the path of a file"},
      {changed("shape = [1, 8, 8]", "shape = 64"),
       {},
       "c.toml:8: data.shape is 64, expected a list of whole numbers ..."},
      {changed("shape = [1, 8, 8]", "shape = [1, 0]"),
       {},
       "c.toml:8: data.shape is [1, 0], expected a list of whole numbers from 1 to ..."},
      {changed("scale = 16", "scale = 0"),
       {},
       "c.toml:9: data.scale is 0, expected a number above 0 and at most ..."},
      {changed("scale = 16", "scale = nan"),
       {},
       "c.toml:9: data.scale is nan, expected a number above 0 and at most ..."},
      {changed("scale = 16", "held_out = 1.0"),
       {},
       "c.toml:9: data.held_out is 1, expected a number from 0 to 0.99"},
      {changed("scale = 16", "stratified = 1"), {}, "c.toml:9: data.stratified is 1, expected true or false"},
      {changed("layer = \"flatten\"", "layer = \"flaten\""),
       {},
       "c.toml:18: network.2.layer is \"flaten\", expected one of ..."},
      {changed("layer = \"flatten\"", "units = 3"),
       {},
       "c.toml: network.2.layer is missing, expected one of ..."},
      {changed("layer = \"flatten\"", "layer = \"flatten\"\nunits = 3"),
       {},
       "c.toml:19: nothing reads network.2.units when network.2.layer is \"flatten\"; it is only for "
       "\"linear\", \"pointnet\", \"pointnet_segmentation\", \"voxel_network\", \"rnn\", \"gru\", \"lstm\", "
       "\"bag_of_words\""},
      {changed("units = 10", "unit = 10"),
       {},
       "c.toml:22: unknown key 'network.3.unit' (did you mean 'network.3.units'?)"},
      {changed("kernel = 3\n", ""),
       {},
       "c.toml: network.1.kernel is missing, expected a whole number from 1 to 10000"},
      {"network = 3\n",
       {},
       "c.toml:1: network is 3, expected tables, each beginning with a line [[network]]"},
      {"[network]\nlayer = 'relu'\n",
       {},
       "c.toml:1: network is a table, expected tables, each beginning with a line [[network]]"},
      {changed("epochs = 2\n", ""), {}, "c.toml: training.epochs is missing, expected it or training.steps"},
      {changed("epochs = 2", "epochs = 2\nsteps = 5"),
       {},
       "c.toml:26: training.epochs and training.steps (c.toml:25) exclude each other, expected one of them"},
      {changed("learning_rate = 0.1", "learning_rate = 0"),
       {},
       "c.toml:27: training.learning_rate is 0, expected a number above 0 and at most 1000"},
      {changed("learning_rate = 0.1\n", ""),
       {},
       "c.toml: training.learning_rate is missing, expected a number above 0 and at most 1000"},
      {changed("batch = 16", "batch = 16\nshards = 17"),
       {},
       "c.toml:27: training.shards is 17, expected at most training.batch, which is 16"},
      {changed("batch = 16", "momentum = 0.9\noptimizer = 'adam'"),
       {},
       "c.toml:26: nothing reads training.momentum when training.optimizer is \"adam\"; it is only for "
       "\"sgd\", \"rmsprop\""},
      {changed("batch = 16", "schedule = 'step'"),
       {},
       "c.toml: training.decay_every is missing, expected a whole number from 1 to 1000000000"},
      {kGood,
       {"training.nesterov=true"},
       "--set: training.nesterov is true, expected a training.momentum above 0 beside it"},
      {kGood,
       {"training.batch"},
       "--set: found 'training.batch', expected key=value, for example training.batch=64"},
      {kGood, {"training.bach=3"}, "--set: unknown key 'training.bach' (did you mean 'training.batch'?)"},
      {kGood,
       {"training.batch=lots"},
       "--set: training.batch is \"lots\", expected a whole number from 1 to 1000000000"},
      {kGood, {"network.4.units=3"}, "--set: network.4.units: there is no layer 4, the network has 3"},
      {kGood, {"network.units=3"}, "--set: unknown key 'network.units' (did you mean 'network.1.units'?)"},
  };
  ASSERT_GE(cases.size(), 30u);
  for (const Malformed& test : cases) {
    const std::string message = message_of(test.toml, test.overrides);
    if (test.message.ends_with("...")) {
      EXPECT_THAT(message, testing::StartsWith(test.message.substr(0, test.message.size() - 3)));
    } else {
      EXPECT_EQ(message, test.message);
    }
  }
}

TEST(Config, DocumentationPageIsCurrent) {
  const std::string written = std::string(TESSERA_BINARY_DIR) + "/configuration.md";
  write_file_atomically(written, config_reference());
  EXPECT_TRUE(read_file(std::string(TESSERA_SOURCE_DIR) + "/docs/configuration.md") == config_reference())
      << "the table of keys has changed: cp " << written << " docs/configuration.md";
}

TEST(Config, EveryRowOfTheTableIsSound) {
  for (const KeySpec& spec : config_keys()) {
    EXPECT_FALSE(spec.documentation.empty()) << full_name(spec);
    EXPECT_TRUE(spec.documentation.ends_with('.')) << full_name(spec);
    EXPECT_LE(spec.lowest, spec.highest) << full_name(spec);
  }
}

}  // namespace
}  // namespace tessera::train
