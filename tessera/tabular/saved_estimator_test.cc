#include "tessera/tabular/saved_estimator.h"

#include <gtest/gtest.h>

#include <functional>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/hash.h"
#include "tessera/learn/estimator_selftest.h"
#include "tessera/runs/safetensors.h"
#include "tessera/tensor/ops.h"

namespace tessera::tabular {
namespace {

class SavedEstimatorTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }

  static std::unique_ptr<learn::Estimator> fitted(const learn::EstimatorCase& test) {
    const learn::GeneratedTable table = learn::generated_table(90);
    std::unique_ptr<learn::Estimator> estimator = learn::make_estimator(test);
    estimator->fit(table.features, table.target(*estimator));
    return estimator;
  }
  // A file of a fitted gaussian_nb, whose metadata and tensors were changed by hand.
  static std::string forged(const std::function<void(std::map<std::string, std::string>&,
                                                     std::vector<runs::NamedTensor>&)>& change) {
    runs::SafetensorsFile file = runs::parse_safetensors(
        estimator_bytes(*fitted({"gaussian_nb", ""}), {.names = {"a", "b", "c"}}), "first");
    change(file.metadata, file.tensors);
    return runs::write_safetensors(file.tensors, file.metadata);
  }
  static std::string refusal(const std::string& bytes) {
    try {
      parse_estimator(bytes, "m.safetensors");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
};

Tensor says(const learn::Estimator& estimator, const Tensor& features) {
  if (const auto* classifier = dynamic_cast<const learn::Classifier*>(&estimator))
    return classifier->has_probabilities() ? classifier->predict_proba(features)
                                           : classifier->decision_function(features);
  if (const auto* transformer = dynamic_cast<const learn::Transformer*>(&estimator))
    return transformer->transform(features);
  return estimator.predict(features);
}

TEST_F(SavedEstimatorTest, EveryEstimatorComesBackWithItsBits) {
  const Tensor others = learn::generated_table(57).features;
  for (const learn::EstimatorCase& test : learn::estimator_cases()) {
    SCOPED_TRACE(test.id());
    const std::unique_ptr<learn::Estimator> estimator = fitted(test);
    const std::string bytes = estimator_bytes(*estimator);
    const SavedEstimator saved = parse_estimator(bytes, "m.safetensors");
    EXPECT_EQ(estimator_bytes(*saved.estimator), bytes);
    EXPECT_TRUE(same_bits(says(*saved.estimator, others), says(*estimator, others)));
    EXPECT_EQ(estimator_digest(*saved.estimator), to_hex(sha256(bytes)));
  }
}

TEST_F(SavedEstimatorTest, ClassesComeBackWithTheirNames) {
  const std::unique_ptr<learn::Estimator> estimator = fitted({"gaussian_nb", ""});
  const ClassNames classes = {.names = {"-1", "0", "7"}, .type = "integer"};
  const std::string folder = make_temporary_folder("saved-estimator");
  save_estimator(*estimator, folder + "/m.safetensors", classes);
  const SavedEstimator saved = load_estimator(folder + "/m.safetensors");
  EXPECT_EQ(saved.classes, classes);
  EXPECT_EQ(estimator_digest(*saved.estimator), estimator_digest(*estimator));
  remove_folder(folder);
}

TEST_F(SavedEstimatorTest, WhatCannotBeSavedIsSaid) {
  const std::unique_ptr<learn::Estimator> unfitted = learn::make_estimator("gaussian_nb");
  const auto message = [](const std::function<void()>& body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([&] { estimator_bytes(*unfitted); }),
            "gaussian_nb: it has learned nothing yet: call fit first");
  const std::unique_ptr<learn::Estimator> model = fitted({"gaussian_nb", ""});
  EXPECT_EQ(message([&] {
              estimator_bytes(*model, {.names = {"a", "b"}});
            }),
            "gaussian_nb: found 2 names of classes, expected 3");
  EXPECT_EQ(message([&] {
              estimator_bytes(*model, {.names = {"1", "x", "3"}, .type = "integer"});
            }),
            "gaussian_nb: the class 'x' is no 'integer', expected one of text, integer, number, flag");
  EXPECT_EQ(message([&] {
              estimator_bytes(*model, {.names = {"a", "b", "a"}});
            }),
            "gaussian_nb: found a class twice, expected different ones");
}

TEST_F(SavedEstimatorTest, ForgedFilesAreRefusedWithASentence) {
  using Metadata = std::map<std::string, std::string>;
  using Tensors = std::vector<runs::NamedTensor>;
  const std::string good = forged([](Metadata&, Tensors&) {});
  EXPECT_EQ(refusal(good), "no error");
  EXPECT_EQ(refusal(runs::write_safetensors({})),
            "m.safetensors: not a saved estimator: 'format' is not in the metadata");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m["format"] = "tessera estimator 2"; })),
            "m.safetensors: found the format 'tessera estimator 2', expected 'tessera estimator 1'");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m["x"] = "y"; })),
            "m.safetensors: found 'x' in the metadata, which is unknown");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m.erase("class_type"); })),
            "m.safetensors: found one of 'classes' and 'class_type', expected both or none");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m["parameters"] = "{}"; })),
            "m.safetensors: the parameter 'var_smoothing' is missing");
  EXPECT_EQ(
      refusal(forged([](Metadata& m, Tensors&) { m["parameters"] = R"({"var_smoothing":"-0x1p+0"})"; })),
      "m.safetensors: gaussian_nb: var_smoothing: expected a number, at least 0, found '-0x1p+0'");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m["parameters"] = "[1]"; })),
            "m.safetensors: 'parameters' is to be an object, found array");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m["classes"] = R"(["a","b"])"; })),
            "m.safetensors: found 2 names of classes, expected 3");
  EXPECT_EQ(refusal(forged([](Metadata& m, Tensors&) { m["classes"] = R"(["a",1,"b"])"; })),
            "m.safetensors: a class is to be a text, found number");
  EXPECT_NE(refusal(forged([](Metadata& m, Tensors&) {
              m["estimator"] = "gausian_nb";
            })).find("m.safetensors: there is no estimator 'gausian_nb' (did you mean 'gaussian_nb'?)"),
            std::string::npos);
  EXPECT_EQ(refusal(forged([](Metadata&, Tensors& t) {
              t.push_back({"other", Tensor::scalar(1.0)});
            })),
            "m.safetensors: found a tensor that is not the estimator's");
  EXPECT_EQ(refusal(forged([](Metadata&, Tensors& t) { t.clear(); })),
            "m.safetensors: there is no object 'estimator'");
  EXPECT_NE(refusal(forged([](Metadata&, Tensors& t) { t.pop_back(); })).find("m.safetensors: "),
            std::string::npos);
  EXPECT_NE(refusal(forged([](Metadata& m, Tensors&) { m["estimator"] = "k_means"; })), "no error");
  EXPECT_EQ(refusal(good.substr(0, good.size() - 1)).find("m.safetensors: "), 0u);
}

// Every byte of the state may be turned: a sentence, or an estimator that answers from memory that is its own (sanitizers look at that).
TEST_F(SavedEstimatorTest, AFlippedByteIsRefusedOrHarmless) {
  const Tensor others = learn::generated_table(5).features;
  for (const char* name : {"decision_tree_classifier", "k_means", "k_neighbors_regressor"}) {
    const std::string bytes = estimator_bytes(*fitted({name, ""}));
    const std::size_t step = bytes.size() / 150 + 1;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 0x41);
      try {
        says(*parse_estimator(changed, "m").estimator, others);
      } catch (const Error& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
  }
}

}  // namespace
}  // namespace tessera::tabular
