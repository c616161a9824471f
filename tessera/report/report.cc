#include "tessera/report/report.h"

#include <algorithm>

#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/report/curves.h"
#include "tessera/report/held_out.h"
#include "tessera/report/page_parts.h"

namespace tessera::report {
namespace {

std::string steps_of(const RunData& run) {
  const std::uint64_t planned = run.record->claim.steps, last = run.record->last_step();
  if (planned == 0 || planned == last) return count_text(last, "step");
  return fmt::format("{} of {}", grouped_number(last), count_text(planned, "step"));
}

Html evaluation_html(const RunData& run, const std::string& id, int level, const ReportOptions& options,
                     std::vector<std::string>& notes) {
  try {
    return held_out_html(evaluate_held_out(run.folder, options.data_folder), id, level + 1);
  } catch (const Error& error) {
    notes.push_back(fmt::format("{}: not evaluated: {}", run.name, error.what()));
    return element("p", fmt::format("Not evaluated: {}.", error.what()), "class=\"missing\"");
  }
}

Html learned_html(const RunData& run, const ReportOptions& options, std::vector<std::string>& notes) {
  try {
    const std::string all = options.learned ? options.learned(run.folder) : "";
    Html lines;
    for (std::size_t begin = 0, end; begin < all.size(); begin = end + 1) {
      end = std::min(all.find('\n', begin), all.size());
      lines += text(all.substr(begin, end - begin)) + markup("\n");
    }
    return lines.empty() ? Html() : element("pre", lines) + markup("\n");
  } catch (const Error& error) {
    notes.push_back(fmt::format("{}: not evaluated: {}", run.name, error.what()));
    return element("p", fmt::format("Not evaluated: {}.", error.what()), "class=\"missing\"");
  }
}

std::vector<Section> run_sections(const RunData& run, const std::string& id, int level,
                                  const ReportOptions& options, std::vector<std::string>& notes) {
  std::vector<Section> sections;
  const auto add = [&](const char* name, const char* title, Html content) {
    sections.push_back({id + "-" + name, title, std::move(content)});
  };
  if (run.damaged()) add("problems", "What is wrong", problems_html(run));
  const bool sealed = run.record && run.status == runs::RunStatus::kSealed && !run.damaged();
  if (sealed && run.record->claim.kind != "train")
    if (Html learned = learned_html(run, options, notes); !learned.empty())
      add("learned", "What was learned", std::move(learned));
  if (run.record) add("curves", has_curves(*run.record) ? "Curves" : "Values", curves_html(*run.record, id));
  if (sealed && run.record->claim.kind == "train")
    add("held-out", "On held-out samples", evaluation_html(run, id, level, options, notes));
  add("configuration", "Configuration", settings_html(run));
  add("inputs", "Inputs", inputs_html(run));
  add("sessions", "Sessions and machines", sessions_html(run));
  add("record", "Record", record_html(run));
  add("verifications", "Verifications", history_html(run));
  return sections;
}

// What stands below the run's name.
Html run_head(const RunData& run) {
  Html html = verdict_html(run);
  if (!run.check.seal.empty())
    html += element("p", text("Seal ") + code(run.check.seal), "class=\"seal\"") + markup("\n");
  if (run.circumstances && run.circumstances->name != run.name)
    html += element("p", fmt::format("Recorded under the name {}.", run.circumstances->name));
  return html;
}

Html footer_html() {
  return element("p", text("Made by ") + code("tessera report") +
                          text(" from the records alone. To check a record, re-execute it: ") +
                          code("tessera verify RUN"));
}

std::string file_name_of(const std::vector<RunData>& runs) {
  const std::string& folder = runs[0].name;
  const std::string first = safe_file_name(folder.substr(folder.find_last_of('/') + 1)).substr(0, 100);
  if (runs.size() == 1) return first + ".html";
  return fmt::format("{}-and-{}-{}.html", first, runs.size() - 1, runs.size() == 2 ? "other" : "others");
}

std::string page_of_one(const RunData& run, const ReportOptions& options, std::vector<std::string>& notes) {
  const std::vector<Section> sections = run_sections(run, "run", 2, options, notes);
  return page_html({.title = printable(run.name),
                    .head = run_head(run),
                    .links = links_html(sections),
                    .content = sections_html(sections, 2),
                    .footer = footer_html()});
}

std::string page_of_many(const std::vector<RunData>& runs, const ReportOptions& options,
                         std::vector<std::string>& notes) {
  std::vector<std::string> links, names;
  std::vector<const runs::Record*> records;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    links.push_back(fmt::format("run-{}", i + 1));
    if (!runs[i].record) continue;
    if (!has_curves(*runs[i].record)) continue;
    records.push_back(&*runs[i].record);
    names.push_back(runs[i].name);
  }
  std::vector<Section> parts = {
      {"comparison", "Comparison", comparison_html(compare_runs(runs, options.scalar_names), links)}};
  if (!records.empty())
    parts.push_back({"losses", "Losses side by side", loss_multiples_html(records, names, "losses-chart")});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::vector<Section> sections = run_sections(runs[i], links[i], 3, options, notes);
    parts.push_back({links[i], printable(runs[i].name),
                     run_head(runs[i]) + links_html(sections) + sections_html(sections, 3)});
  }
  return page_html({.title = fmt::format("{} and {}", printable(runs[0].name),
                                         count_text(runs.size() - 1, "other run", "other runs")),
                    .links = links_html(parts),
                    .content = sections_html(parts, 2),
                    .footer = footer_html()});
}

}  // namespace

Html verdict_html(const RunData& run) {
  std::string kind = "open", sentence;
  if (run.damaged()) {
    kind = "bad";
    sentence = fmt::format("Not intact: {}", run.problem());
  } else if (run.status == runs::RunStatus::kSealed) {
    kind = "good";
    const std::string& key = run.check.signed_by;
    sentence = fmt::format("Sealed: {}, the record is intact, {}.", steps_of(run),
                           key.empty() ? "not signed" : "signed with the key " + key.substr(0, 12));
  } else if (run.status == runs::RunStatus::kRunning) {
    sentence = fmt::format("Running: {} so far.", steps_of(run));
  } else {
    sentence = fmt::format("Interrupted after {}{}.", steps_of(run),
                           run.claim->kind == "train" ? "; 'tessera resume' goes on" : "");
  }
  return element("p", sentence, fmt::format("class=\"verdict {}\"", kind)) + markup("\n");
}

Report make_report(const std::vector<std::string>& run_folders, const ReportOptions& options) {
  if (run_folders.empty() || run_folders.size() > kMostCompared)
    fail_with(ExitCode::kUsage, "expected 1 to {} runs to report, found {}", kMostCompared,
              run_folders.size());
  const std::vector<RunData> runs = load_runs(run_folders);
  Report report;
  report.file_name = file_name_of(runs);
  for (const RunData& run : runs) {
    if (!run.damaged()) continue;
    report.code = ExitCode::kFailure;
    report.notes.push_back(fmt::format("{} is not intact: {}", run.name, run.problem()));
  }
  report.html = runs.size() == 1 ? page_of_one(runs[0], options, report.notes)
                                 : page_of_many(runs, options, report.notes);
  return report;
}

}  // namespace tessera::report
