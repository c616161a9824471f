// A model that gives notes their codes, whatever its kind: training needs its logits, a reader its reasons.
//
// Thread-safety: as a module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/clinical/coding_config.h"
#include "tessera/models/bag_of_words.h"
#include "tessera/models/hierarchical_attention.h"

namespace tessera::clinical {

struct Explained {
  Tensor logits;         // [D, labels]
  Tensor contributions;  // [D, S, labels]: what each sentence adds to each logit
  Tensor sentences;      // [D, S]: attention of the sentences; undefined for a bag of words
  Tensor words;  // [D, S, W]: attention of the words within their sentence; undefined for a bag of words
};

class NoteModel {
 public:
  NoteModel(const CodingConfig& config, std::int64_t words, std::int64_t labels);
  nn::Module& module() { return *module_; }
  nn::Embedding* embedding() {
    return network_ == nullptr ? nullptr : &network_->embedding();
  }  // a bag of words has none
  // Outside of training. words: int64 [D, S, W] (data::padded_words).
  Explained explain(const Tensor& words);
  // The same as a list for whoever writes it down as a function: logits, and of a network the attention of sentences and words.
  std::vector<Tensor> outputs(const Tensor& words, nn::Context& context);
  std::vector<std::string> output_names() const;

 private:
  std::unique_ptr<nn::Module> module_;
  models::HierarchicalAttention* network_ = nullptr;  // one of the two
  models::BagOfWords* bag_ = nullptr;
};

}  // namespace tessera::clinical
