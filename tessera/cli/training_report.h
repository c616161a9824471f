// What train and resume print at the end, and how a command finds a run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tessera/clinical/coding_run.h"
#include "tessera/embedding/embedding_run.h"
#include "tessera/generative/generation_run.h"
#include "tessera/tabular/fit_run.h"
#include "tessera/train/training_run.h"

namespace tessera::cli {

void print_coding_result(const clinical::CodingResult& result);            // code.cc
void print_generation_result(const generative::GenerationResult& result);  // generate.cc
void print_embedding_result(const embedding::EmbeddingResult& result);     // embed.cc
// Runs a search, prints its result, and then writes the table of its candidates, if `csv` names a file; when an Error ends the search, the table so far.
using RunsSearch = std::function<tabular::FitResult(tabular::SearchTable&)>;
void search_and_print(const std::string& csv, const RunsSearch& search);
void print_fit_result(const tabular::FitResult& result);  // fit.cc
// A line for people, if there is such a step.
void print_not_finite(const std::optional<std::uint64_t>& since);
void print_training_result(const train::TrainResult& result);

// The folder of a run that is given as a folder, or by its name in the store.
std::string runs_folder(const std::string& store, const std::string& run);
void refuse_query(const std::string& run, const std::string& query);  // of what is no fit
std::vector<std::string> runs_folders(const std::string& store, const std::vector<std::string>& runs);

}  // namespace tessera::cli
