#include "tessera/data/icd9.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::data {
namespace {

using testing::HasSubstr;

TEST(Icd9, CodesAndRollUp) {
  EXPECT_EQ(icd9_three_digits("428.0"), "428");
  EXPECT_EQ(icd9_three_digits("486"), "486");
  EXPECT_EQ(icd9_three_digits("V13.02"), "V13");
  EXPECT_EQ(icd9_three_digits("E8849"), "E884");
  EXPECT_EQ(icd9_code("4280"), "428.0");
  EXPECT_EQ(icd9_code("42820"), "428.20");
  EXPECT_EQ(icd9_code("V1302"), "V13.02");
  EXPECT_EQ(icd9_code("E8849"), "E884.9");
  EXPECT_EQ(icd9_code("486"), "486");
  for (const char* wrong : {"", "42", "428.", "428.123", "4281234", "A12", "E88", "V1a", "428 0", "cough"}) {
    EXPECT_FALSE(is_icd9_code(wrong)) << wrong;
    EXPECT_THROW(icd9_code(wrong), Error) << wrong;
  }
}

TEST(CodeTitles, OfCodesAndOfTheirCategories) {
  const CodeTitles titles = CodeTitles::parse(
      "4280  Congestive heart failure, unspecified\n42821 Acute systolic heart failure\n4289  Heart failure, "
      "unspecified\r\n5930  Nephroptosis\n5939  Unspecified disorder of kidney\n486   Pneumonia\n",
      "titles.txt");
  EXPECT_EQ(titles.title("428.21"), "Acute systolic heart failure");
  EXPECT_EQ(titles.title("428"), "Heart failure");
  EXPECT_EQ(titles.title("428.2"), "Acute systolic heart failure");
  EXPECT_EQ(titles.title("593"), "Unspecified disorder of kidney (and 1 more)");
  EXPECT_EQ(titles.title("486"), "Pneumonia");
  EXPECT_EQ(titles.title("487"), "");
  EXPECT_EQ(titles.title("nonsense"), "");
}

TEST(CodeTitles, TheRealListSaysWhat428Is) {
  const char* data = std::getenv("TESSERA_DATA");
  const std::string path = fmt::format("{}/text/icd9cm_v32_long_dx.txt.gz", data ? data : "");
  if (data == nullptr || !exists(path)) GTEST_SKIP() << "TESSERA_DATA has no list of titles";
  const CodeTitles titles = CodeTitles::read(path);
  EXPECT_EQ(titles.size(), 14567U);  // as the list's readme says
  EXPECT_EQ(titles.title("428"), "Heart failure");
  EXPECT_EQ(titles.title("786.2"), "Cough");
  EXPECT_EQ(titles.title("795.5"),
            "Nonspecific reaction");  // "... to tuberculin skin test", "... to cell mediated ..."
}

TEST(CodeTitles, ErrorsNameTheLine) {
  const auto message = [](const char* text) {
    try {
      CodeTitles::parse(text, "t.txt");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("486 Pneumonia\nxyz\n"), HasSubstr("t.txt:2: expected a code"));
  EXPECT_THAT(message("486 Pneumonia\n486 Again\n"), HasSubstr("t.txt:2: the code 486 has a title"));
  EXPECT_THAT(message("486\n"), HasSubstr("t.txt:1:"));
  EXPECT_THAT(message("\n"), HasSubstr("there is no code"));
}

TEST(CodeSpecialities, StandardChapters) {
  const CodeSpecialities map = CodeSpecialities::standard();
  EXPECT_EQ(map.speciality("428.0"), "Cardiovascular / Pulmonary");
  EXPECT_EQ(map.speciality("599.0"), "Urology");
  EXPECT_EQ(map.speciality("V13.02"), "Urology");
  EXPECT_EQ(map.speciality("E884.9"), "Emergency Room Reports");
  EXPECT_EQ(map.speciality("000"), "");
  EXPECT_EQ(map.speciality("609"), "");
  EXPECT_EQ(map.speciality("V99"), "");
  EXPECT_EQ(map.speciality("Urology"), "");
  const auto ranked = map.rank({{"599.0", 0.5}, {"786.2", 0.25}, {"428.0", 0.75}, {"591", 0.9}});
  ASSERT_EQ(ranked.size(), 2U);
  EXPECT_EQ(ranked[0].name, "Urology");
  EXPECT_EQ(ranked[0].code, "591");
  EXPECT_EQ(ranked[1].code, "428.0");
}

TEST(CodeSpecialities, OwnTableAndItsErrors) {
  const CodeSpecialities map =
      CodeSpecialities::parse("first,last,speciality\n001,459,A\nV01,V20,B\n", "s.csv");
  EXPECT_EQ(map.speciality("428.0"), "A");
  EXPECT_EQ(map.speciality("V13.02"), "B");
  EXPECT_EQ(map.speciality("486"), "");
  const auto message = [](const std::string& rows) {
    try {
      CodeSpecialities::parse("first,last,speciality\n" + rows, "s.csv");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("001,459,A\n400,500,B\n"),
              HasSubstr("s.csv:3: the range 400 to 500 meets that from 001 to 459"));
  EXPECT_THAT(message("001,459,A\n\"000\",\"001\",B\n"), HasSubstr("s.csv:3: the range"));
  EXPECT_THAT(message("459,001,A\n"), HasSubstr("s.csv:2: expected a first and a last code"));
  EXPECT_THAT(message("428.0,429,A\n"), HasSubstr("s.csv:2:"));
  EXPECT_THAT(message("428,V01,A\n"), HasSubstr("s.csv:2:"));
  EXPECT_THAT(message("428,429,\n"), HasSubstr("s.csv:2: the speciality is empty"));
}

}  // namespace
}  // namespace tessera::data
