// The entry of each command; what it does is said at the top of its file and in its --help.
#pragma once

#include <string>
#include <vector>

#include "tessera/base/error.h"

namespace tessera::cli {

using Words = std::vector<std::string>;

ExitCode run_train(const Words& words);
ExitCode run_sweep(const Words& words);
ExitCode run_predict(const Words& words);
ExitCode run_evaluate(const Words& words);
ExitCode run_verify(const Words& words);
ExitCode run_resume(const Words& words);
ExitCode run_trace(const Words& words);
ExitCode run_diff(const Words& words);
ExitCode run_runs(const Words& words);
ExitCode run_show(const Words& words);
ExitCode run_compare(const Words& words);
ExitCode run_report(const Words& words);
ExitCode run_visualise(const Words& words);
ExitCode run_export(const Words& words);
ExitCode run_selftest_command(const Words& words);
ExitCode run_doctor(const Words& words);
ExitCode run_code_train(const Words& words);
ExitCode run_code_evaluate(const Words& words);
ExitCode run_code_predict(const Words& words);
ExitCode run_generate_train(const Words& words);
ExitCode run_generate_samples(const Words& words);
ExitCode run_embed_train(const Words& words);
ExitCode run_embed_nearest(const Words& words);
ExitCode run_embed_analogy(const Words& words);
ExitCode run_embed_encode(const Words& words);
ExitCode run_ingest(const Words& words);
ExitCode run_analyse(const Words& words);
ExitCode run_fit(const Words& words);
ExitCode run_search(const Words& words);
ExitCode run_generate_evaluate(const Words& words);
ExitCode run_key_new(const Words& words);

}  // namespace tessera::cli
