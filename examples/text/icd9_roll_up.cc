// Codes of ICD-9-CM: rolled up to three digits, with titles, and the speciality that looks after them; sparse labels made fewer.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

int main() {
  // The lines of category 428 in the list of version 32, which has no line for 428 itself.
  const data::CodeTitles titles = data::CodeTitles::parse(
      "4280  Congestive heart failure, unspecified\n4281  Left heart failure\n42821 Acute systolic heart "
      "failure\n"
      "42832 Chronic diastolic heart failure\n4289  Heart failure, unspecified\n486   Pneumonia, organism "
      "unspecified\n",
      "titles.txt");
  const data::CodeSpecialities specialities = data::CodeSpecialities::standard();
  for (const char* code : {"428.0", "42821", "V13.02", "E884.9", "486"}) {
    const std::string rolled = data::icd9_three_digits(code);
    std::printf("%-7s -> %-5s %-36s %s\n", code, rolled.c_str(), titles.title(rolled).c_str(),
                specialities.speciality(code).c_str());
  }

  const std::vector<std::vector<std::string>> notes = {
      {"428.0", "486"}, {"428.21"}, {"486"}, {"428.0"}, {"V13.02"}};
  for (const data::LabelReduction& reduction : {data::LabelReduction{}, {.min_count = 2}, {.top = 1}}) {
    const data::LabelSet labels = data::LabelSet::build(notes, reduction);
    std::printf("top %lld, min_count %lld: %lld of %lld labels, %lld of %lld uses\n",
                static_cast<long long>(reduction.top), static_cast<long long>(reduction.min_count),
                static_cast<long long>(labels.size()), static_cast<long long>(labels.seen()),
                static_cast<long long>(labels.kept_uses()), static_cast<long long>(labels.all_uses()));
  }
}
