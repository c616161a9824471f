// A run, or several beside each other, as one HTML page that stands alone.
//
// The page loads nothing and runs no script: pictures are inside, fonts are the reader's, and its content security policy forbids the
// rest. It follows the reader's light or dark setting, fits a telephone and a wide window, can be walked with the keyboard and read
// by a screen reader, and prints. What a record says is escaped (html.h); charts come from tessera/plot, which refuses what
// misleads. The same records, data and diary of verifications give the same bytes: no time of its own is in it.
//
// A record that is interrupted or damaged is reported as such, with what can be read of it; without the data files the page says
// that they are missing. Errors: more than 20 runs, one run twice, a folder that is no record. Thread-safety: one call at a time
// computes.
//
// ```cpp
// const std::string store = make_temporary_folder("report-example");
// auto run = runs::Run::open({.store = store, .name = "descent", .configuration = {{"rate", "<b>0.1</b>", "here"}}});
// for (auto& step : run.steps(20)) step.record("loss", 1.0 / static_cast<double>(step.number()));
// run.finish();
// const report::Report page = report::make_report({run.folder()});
// assert(page.file_name == "descent.html" && page.code == ExitCode::kSuccess);
// assert(page.html.starts_with("<!DOCTYPE html>") && page.html.find("<h1>descent</h1>") != std::string::npos);
// assert(page.html.find("&lt;b&gt;0.1&lt;/b&gt;") != std::string::npos);
// assert(page.html == report::make_report({run.folder()}).html);
// remove_folder(store);
// ```
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tessera/base/error.h"
#include "tessera/report/comparison.h"

namespace tessera::report {

struct ReportOptions {
  std::string data_folder =
      {};  // where to look for data files that are no longer at their place, besides TESSERA_DATA
  // What is to be said of a sealed run of another kind than "train": lines of text, or nothing.
  std::function<std::string(const std::string& run_folder)> learned = {};
  ScalarNames scalar_names = {};  // of several runs
};

struct Report {
  std::string html;
  std::string file_name;               // a good one: "digits-0001.html", "digits-0001-and-2-others.html"
  ExitCode code = ExitCode::kSuccess;  // kFailure when a record is not intact
  std::vector<std::string> notes;      // what is missing in the page, and why
};

Report make_report(const std::vector<std::string>& run_folders, const ReportOptions& options = {});

}  // namespace tessera::report
