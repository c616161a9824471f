// The parts of the page. Internal to this room. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tessera/report/comparison.h"
#include "tessera/report/html.h"
#include "tessera/report/page.h"
#include "tessera/report/run_data.h"

namespace tessera::report {

std::string_view page_style_sheet();  // page_style.cc, without the charts' own

// One sentence that begins with what the run is: "Sealed: ...", "Not intact: ...".
Html verdict_html(const RunData& run);

// run_sections.cc: what the record says.
Html settings_html(const RunData& run);
Html inputs_html(const RunData& run);
Html sessions_html(const RunData& run);
Html record_html(const RunData& run);
Html problems_html(const RunData& run);
Html history_html(const RunData& run);

// comparison_html.cc; `links` has the id of each run's part of the page.
Html comparison_html(const Comparison& comparison, const std::vector<std::string>& links);

}  // namespace tessera::report
