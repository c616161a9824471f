#include "tessera/report/html.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::report {
namespace {

using testing::HasSubstr;

TEST(Html, TextIsNeverMarkup) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string escaped = text(std::string("a") + static_cast<char>(byte) + "b").string();
    EXPECT_EQ(escaped.find_first_of("<>\"'"), std::string::npos) << byte;
    if (byte < 0x20 || byte >= 0x7f) {
      EXPECT_EQ(escaped, fmt::format("a\\x{:02x}b", byte));
    }
  }
  EXPECT_EQ(text("&lt;").string(), "&amp;lt;");
  EXPECT_EQ(element("td", "<b>").string(), "<td>&lt;b&gt;</td>");
  EXPECT_EQ(details("a<", code("b>")).string(),
            "<details><summary>a&lt;</summary><code>b&gt;</code></details>\n");
}

TEST(Html, TablesHaveCaptionAndHeaders) {
  const std::string html =
      table_html({"cap\"tion", {{"name"}, {"count", true}}, {{text("<x>"), text("1")}}}).string();
  EXPECT_THAT(html, HasSubstr("<caption>cap&quot;tion</caption>"));
  EXPECT_THAT(html, HasSubstr("tabindex=\"0\" aria-label=\"cap&quot;tion\""));
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">name</th><th scope=\"col\" class=\"number\">count</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">&lt;x&gt;</th><td class=\"number\">1</td>"));
}

TEST(Texts, ForPeople) {
  EXPECT_EQ(shortened("Grüße", 5), "Grüße");
  EXPECT_EQ(shortened("Grüße", 3), "Gr…");
  EXPECT_EQ(shortened("", 3), "");
  EXPECT_EQ(count_text(1, "step"), "1 step");
  EXPECT_EQ(count_text(1350, "step"), "1,350 steps");
  EXPECT_EQ(count_text(2, "class", "classes"), "2 classes");
  EXPECT_EQ(number_text(0.98329), "0.9833");
  EXPECT_EQ(number_text(-0.0 / 0.0), "not a number");
  EXPECT_EQ(number_text(-1e308 * 10), "-infinite");
  EXPECT_EQ(percent_text(0.5), "50.0 %");
  EXPECT_EQ(duration_text(1'234'567), "1.2 s");
  EXPECT_EQ(duration_text(185'000'000), "3 min 5 s");
  EXPECT_EQ(duration_text(8'040'000'000), "2 h 14 min");
}

}  // namespace
}  // namespace tessera::report
