// What a run's record and the files beside it say, as tables.
#include <algorithm>
#include <map>

#include "tessera/base/files.h"
#include "tessera/base/progress.h"
#include "tessera/base/text.h"
#include "tessera/report/page_parts.h"
#include "tessera/runs/checkpoint.h"

namespace tessera::report {
namespace {

constexpr std::size_t kLongValue = 100;

// Long lists (the names of 64 columns) would hide the rest.
Html value_html(const std::string& value) {
  const std::string shown = printable(value);
  if (shown.size() <= kLongValue) return code(shown);
  return details(shortened(shown, kLongValue), code(shown));
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// "1, from digits.toml:6"
std::string seed_text(const RunData& run) {
  std::string seed = std::to_string(run.claim->seed);
  if (run.circumstances)
    for (const runs::ConfigurationOrigin& entry : run.circumstances->configuration)
      if (entry.key == "seed") return fmt::format("{}, from {}", seed, entry.origin);
  return seed;
}

// Name and value, one below the other.
Html facts(const std::vector<std::pair<std::string, Html>>& entries) {
  Html list;
  for (const auto& [name, value] : entries)
    list += element("div", element("dt", name) + element("dd", value)) + markup("\n");
  return element("dl", list) + markup("\n");
}

Html unreadable_html(const RunData& run) {
  return element("p", fmt::format("It cannot be read: {}", run.unreadable), "class=\"missing\"");
}

}  // namespace

// What is sealed is the claim; the circumstances only say where a value came from.
Html settings_html(const RunData& run) {
  Table table{"Every setting and where its value came from", {{"key"}, {"value"}, {"origin"}}, {}};
  std::map<std::string, std::string> claimed;
  if (run.claim) claimed = run.claim->configuration;
  if (run.circumstances)
    for (const runs::ConfigurationOrigin& entry : run.circumstances->configuration) {
      const auto claim = claimed.find(entry.key);
      const bool other = claim != claimed.end() && claim->second != entry.value;
      table.rows.push_back({code(entry.key), value_html(other ? claim->second : entry.value),
                            text(other ? fmt::format("{} (noted there as {})", entry.origin,
                                                     shortened(printable(entry.value), kLongValue))
                                       : entry.origin)});
      if (claim != claimed.end()) claimed.erase(claim);
    }
  for (const auto& [key, value] : claimed)
    table.rows.push_back({code(key), value_html(value), text("not noted")});
  if (table.rows.empty()) return element("p", "Nothing is noted.");
  return table_html(table);
}

Html inputs_html(const RunData& run) {
  if (!run.claim) return unreadable_html(run);
  if (run.claim->inputs.empty()) return element("p", "None are claimed.");
  Table table{"Data files, known by their digests", {{"input"}, {"SHA-256"}, {"where it was"}}, {}};
  for (const auto& [name, digest] : run.claim->inputs) {
    std::string path;
    if (run.circumstances)
      for (const runs::InputPlace& place : run.circumstances->inputs)
        if (place.name == name) path = place.path;
    table.rows.push_back({text(name), code(digest), path.empty() ? text("not noted") : code(path)});
  }
  return table_html(table);
}

namespace {

// A session that was killed, or that still runs, has not written its end: the chain says how far it came.
std::string session_end(const RunData& run, std::size_t i) {
  const std::vector<runs::Session>& sessions = run.circumstances->sessions;
  const runs::Session& session = sessions[i];
  if (!session.end.empty()) return session.end;
  const bool last = i + 1 == sessions.size();
  return last && run.status == runs::RunStatus::kRunning ? "running" : "killed, or the machine stopped";
}

std::string session_steps(const RunData& run, std::size_t i) {
  const std::vector<runs::Session>& sessions = run.circumstances->sessions;
  std::uint64_t last = sessions[i].last_step;
  if (sessions[i].end.empty()) {
    if (i + 1 < sessions.size())
      last = sessions[i + 1].first_step;
    else
      last = run.record ? run.record->last_step() : 0;
  }
  if (last <= sessions[i].first_step) return "none";
  return fmt::format("{} to {}", grouped_number(sessions[i].first_step + 1), grouped_number(last));
}

Html session_html(const RunData& run, std::size_t i) {
  const runs::Session& session = run.circumstances->sessions[i];
  Table table{fmt::format("Session {}: steps {}, {}", i + 1, session_steps(run, i), session_end(run, i)),
              {{"what"}, {"value"}},
              {}};
  table.rows.push_back({text("begun"), text(session.started)});
  table.rows.push_back({text("ended"), text(session.ended.empty() ? "not noted" : session.ended)});
  for (const auto& [name, value] : session.environment) table.rows.push_back({text(name), text(value)});
  table.rows.push_back({text("command"), code(joined(session.command))});
  table.rows.push_back({text("program, SHA-256"), code(session.program_digest)});
  return table_html(table);
}

}  // namespace

Html sessions_html(const RunData& run) {
  if (!run.circumstances) return element("p", "circumstances.json cannot be read.", "class=\"missing\"");
  constexpr std::size_t kMostOpen = 3, kMostShown = 100;
  const std::size_t count = run.circumstances->sessions.size(), shown = std::min(count, kMostShown);
  Html html =
      element("p", fmt::format("{} worked on the run{}. Nothing here can change a result, so none of it is "
                               "in the seal.",
                               count_text(count, "process", "processes"),
                               run.microseconds ? ", for " + duration_text(*run.microseconds) : ""));
  Html later;
  for (std::size_t i = 0; i < shown; ++i) (i < kMostOpen ? html : later) += session_html(run, i);
  if (!later.empty()) html += details(fmt::format("{} more", shown - kMostOpen), later);
  if (count > shown) html += element("p", fmt::format("{} more are in circumstances.json.", count - shown));
  for (const std::string& note : run.circumstances->notes) html += element("p", "Note: " + note);
  return html;
}

namespace {

Html checkpoints_table_of(const RunData& run) {
  std::map<std::string, std::string> steps;  // by digest
  std::size_t named = 0;
  for (const runs::RecordLine& recorded : run.record->lines) {
    if (recorded.line.checkpoint.empty()) continue;
    ++named;
    steps[recorded.line.checkpoint] =
        grouped_number(recorded.line.step) + (recorded.line.closing ? " (final)" : "");
  }
  Table table{"Checkpoints in the folder", {{"after step"}, {"bytes", true}, {"SHA-256"}}, {}};
  std::vector<std::string> present = runs::checkpoints_in(run.folder);
  std::erase_if(present, [&](const std::string& digest) { return !steps.contains(digest); });
  for (const runs::RecordLine& recorded : run.record->lines) {
    const std::string& digest = recorded.line.checkpoint;
    if (digest.empty() || std::find(present.begin(), present.end(), digest) == present.end()) continue;
    table.rows.push_back({text(steps[digest]),
                          text(grouped_number(file_size(runs::checkpoint_path(run.folder, digest)))),
                          code(digest)});
  }
  if (named == 0) return element("p", "No checkpoint was made.");
  const std::size_t removed = named - std::min(named, table.rows.size());
  Html html = table.rows.empty() ? Html() : table_html(table);
  if (removed > 0)
    html +=
        element("p", fmt::format("{} of {} are not kept; re-execution makes them again, and their digests "
                                 "are in the chain.",
                                 removed, count_text(named, "checkpoint")));
  return html;
}

// The folder may be no folder, and a run that goes on removes old files.
Html checkpoints_table(const RunData& run) {
  try {
    return checkpoints_table_of(run);
  } catch (const Error& error) {
    return element("p", fmt::format("The checkpoints cannot be listed: {}", error.what()));
  }
}

std::string interval_text(std::uint64_t every, const char* otherwise) {
  return every == 0 ? otherwise : fmt::format("every {}", count_text(every, "step"));
}

}  // namespace

Html record_html(const RunData& run) {
  if (!run.record) return unreadable_html(run);
  const runs::Claim& claim = run.record->claim;
  return facts({{"Seal", run.check.seal.empty() ? text("none") : code(run.check.seal)},
                {"Signature", run.check.signed_by.empty() ? text("none")
                                                          : text("by the key ") + code(run.check.signed_by)},
                {"Kind", text(claim.kind)},
                {"Numerics contract", text(claim.contract)},
                {"Seed", text(seed_text(run))},
                {"Steps",
                 text(claim.steps == 0
                          ? fmt::format("{}, not planned beforehand", grouped_number(run.record->last_step()))
                          : fmt::format("{} of {}", grouped_number(run.record->last_step()),
                                        grouped_number(claim.steps)))},
                {"Lines of the chain", text(grouped_number(run.record->lines.size()))},
                {"Digests of the state", text(interval_text(claim.digest_every, "never"))},
                {"Checkpoints", text(interval_text(claim.checkpoint_every, "only at the end"))}}) +
         checkpoints_table(run);
}

Html problems_html(const RunData& run) {
  constexpr std::size_t kMostShown = 20;
  Html items;
  for (std::size_t i = 0; i < std::min(run.check.problems.size(), kMostShown); ++i) {
    const runs::CheckProblem& problem = run.check.problems[i];
    items += element("li", code(problem.place) + text(": " + problem.message)) + markup("\n");
  }
  if (run.check.problems.size() > kMostShown)
    items += element("li", fmt::format("{} more", run.check.problems.size() - kMostShown));
  if (run.problem() == run.unreadable) items += element("li", run.unreadable);
  return element("ul", items);
}

Html history_html(const RunData& run) {
  constexpr std::size_t kMostShown = 50;
  const auto& all = run.history.verifications;
  if (all.empty() && run.history.unreadable == 0)
    return element("p",
                   text("None is noted in this folder. ") + code("tessera verify") + text(" adds a line."));
  Html html = element(
      "p",
      "Noted beside the record by tessera verify, newest last. The notes are in no seal: whoever had the "
      "folder can have written them.");
  Table table{"Outcomes of tessera verify",
              {{"when"},
               {"outcome"},
               {"status", true},
               {"part"},
               {"steps", true},
               {"threads", true},
               {"backend"},
               {"processor"},
               {"program"}},
              {}};
  const std::size_t first = all.size() - std::min(all.size(), kMostShown);
  for (std::size_t i = first; i < all.size(); ++i) {
    const runs::Verification& entry = all[i];
    const auto environment = [&](const char* key) {
      const auto found = entry.environment.find(key);
      return text(found == entry.environment.end() ? "–" : shortened(found->second, 60));
    };
    table.rows.push_back({text(shortened(entry.when, 60)), text(shortened(entry.message, 300)),
                          text(std::to_string(entry.status)), text(shortened(entry.part, 60)),
                          text(grouped_number(entry.steps)), environment("threads"), environment("backend"),
                          environment("processor"), text(shortened(entry.program, 60))});
  }
  if (!table.rows.empty()) html += table_html(table);
  if (first > 0) html += element("p", fmt::format("{} older ones are in the file.", first));
  if (run.history.unreadable > 0)
    html += element("p", fmt::format("{} of verifications.jsonl cannot be read.",
                                     count_text(run.history.unreadable, "line")));
  return html;
}

}  // namespace tessera::report
