#include "tessera/cli/run_kinds.h"

#include "tessera/cli/training_report.h"

namespace tessera::cli {

namespace {

// A function that resumes, and one that prints what came of it, as one.
template <auto kResume, auto kPrint>
void resume_and_print(const std::string& folder, const train::TrainOptions& options) {
  kPrint(kResume(folder, options));
}

constexpr RunKind kKinds[] = {
    {clinical::is_coding_run, resume_and_print<clinical::resume_coding, print_coding_result>,
     clinical::verify_coding, clinical::reexecute_coding},
    {generative::is_generation_run, resume_and_print<generative::resume_generation, print_generation_result>,
     generative::verify_generation, generative::reexecute_generation},
    {embedding::is_embedding_run, resume_and_print<embedding::resume_embedding, print_embedding_result>,
     embedding::verify_embedding, embedding::reexecute_embedding},
    {tabular::is_fit_run, resume_and_print<tabular::resume_fit, print_fit_result>, tabular::verify_fit,
     tabular::reexecute_fit},
};

}  // namespace

const RunKind* run_kind(const std::string& folder) {
  for (const RunKind& kind : kKinds)
    if (kind.is(folder)) return &kind;
  return nullptr;
}

}  // namespace tessera::cli
