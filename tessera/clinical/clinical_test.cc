// The journey from notes to codes on notes that are made here: planted words decide the codes.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/files.h"
#include "tessera/base/thread_pool.h"
#include "tessera/clinical/coding_run.h"
#include "tessera/clinical/note_coder.h"
#include "tessera/tensor/random.h"

namespace tessera::clinical {
namespace {

using testing::HasSubstr;
using testing::Not;

// A note has one to three sentences; each of the planted words gives its code. "Zyxx" is the name of somebody.
constexpr const char* kPlanted[][2] = {{"cough", "786.2"}, {"pneumonia", "486"}, {"reflux", "593.70"}};
constexpr const char* kFillers[] = {"The examination was unremarkable.",
                                    "Comparison is made with the film of 2017-03-13.",
                                    "Zyxx was seen in the morning.", "Further views may help."};

std::string made_notes(std::int64_t count) {
  const std::vector<std::int64_t> bits = RandomSource(9).bits("notes", {count, 4}).to_vector<std::int64_t>();
  std::string out;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto draw = [&](std::int64_t k) {
      return static_cast<std::size_t>(bits[static_cast<std::size_t>(i * 4 + k)]);
    };
    std::string text = kFillers[draw(0) % 4];
    nlohmann::json labels = nlohmann::json::array();
    for (std::size_t p = 0; p < 3; ++p)
      if ((draw(1) >> p & 1) != 0) {
        text += fmt::format(" There is {} on the left.", kPlanted[p][0]);
        labels.push_back(kPlanted[p][1]);
      }
    text += fmt::format(" {}", kFillers[draw(2) % 4]);
    out += nlohmann::json{{"id", i}, {"text", text}, {"labels", labels}}.dump() + "\n";
  }
  return out;
}

class Clinical : public testing::Test {
 protected:
  static void SetUpTestSuite() { use_default_backend(); }
  Clinical() { write_file_atomically(folder_.path() + "/notes.jsonl", made_notes(120)); }

  CodingConfig config(const std::vector<std::string>& settings = {}) const {
    const std::string toml =
        "name = \"made\"\n[data]\nformat = \"json-lines\"\npath = \"notes.jsonl\"\n[model]\nembedding = "
        "8\nword_hidden = 6\n"
        "sentence_hidden = 6\nattention = 8\ndrop = 0.1\n[training]\nepochs = 12\nbatch = 8\nlearning_rate = "
        "0.03\n"
        "[record]\ncheckpoint_every = 20\ndigest_every = 10\n";
    return CodingConfig::parse(toml, "made.toml", settings, folder_.path());
  }
  train::TrainOptions options(const std::string& name) const {
    train::TrainOptions options;
    options.store = folder_.path() + "/runs";
    options.name = name;
    options.quiet = true;
    return options;
  }
  CodingResult trained(const std::string& name, const std::vector<std::string>& settings = {}) const {
    return train_coding(config(settings), options(name));
  }

  ScratchFolder folder_{"clinical-test"};
};

TEST_F(Clinical, LearnsThePlantedWordsAndPointsAtTheirSentences) {
  for (const char* kind : {"hierarchical_attention", "bag_of_words"}) {
    SCOPED_TRACE(kind);
    const CodingResult result =
        trained(std::string(kind).substr(0, 3),
                {fmt::format("model.kind={}", kind),
                 std::string(kind) == "bag_of_words" ? "training.learning_rate=0.2" : "seed=1"});
    ASSERT_TRUE(result.test.has_value());
    EXPECT_GT(result.test->micro_f1, 0.95);
    EXPECT_GT(result.test->micro_auc, 0.98);
    NoteCoder coder(result.folder);
    const data::Document note{
        "n", {{"", "Zyxx was seen. There is reflux on the left. Further views may help."}}, {}};
    const CodedNote coded = coder.code({note})[0];
    ASSERT_FALSE(coded.codes.empty());
    EXPECT_EQ(coded.codes[0].code, "593.70");
    EXPECT_TRUE(coded.codes[0].said);
    EXPECT_FALSE(coded.codes[1].said);
    ASSERT_FALSE(coded.codes[0].sentences.empty());
    EXPECT_EQ(sentence_text(coded, coded.sentences[coded.codes[0].sentences[0].sentence]),
              "There is reflux on the left");
    EXPECT_EQ(coded.specialities[0].name, "Urology");
  }
}

TEST_F(Clinical, NothingOfTheNotesGetsIntoTheRecord) {
  const CodingResult result = trained("private");
  std::int64_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(result.folder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string bytes = read_regular_file(entry.path());
    for (const char* word : {"Zyxx", "zyxx", "pneumonia", "reflux", "unremarkable", "2017-03-13"})
      EXPECT_EQ(bytes.find(word), std::string::npos) << entry.path() << " holds " << word;
  }
  EXPECT_GE(files, 5);
  EXPECT_THAT(read_regular_file(result.vocabulary),
              HasSubstr("pneumonia\t"));  // the words are there, beside the record
}

// The seal is part of the interface, as that of the digits: it is the same for every compiler and machine, and changes with the contract only.
constexpr const char* kSeal = "3d9c05060f58dc79d7fca19bb2ec23b40b5e4b552eefe89c473fafb39d95d830";

TEST_F(Clinical, OneSealOnEveryBackendAndNumberOfThreads) {
  const int threads = thread_count();
  const std::vector<std::string> shorter = {"training.epochs=3", "model.pretrain_epochs=1"};
  const CodingResult one = trained("one", shorter);
  EXPECT_EQ(one.seal, kSeal);
  set_thread_count(threads == 1 ? 3 : 1);
  EXPECT_EQ(trained("other", shorter).seal, kSeal);
  use_backend("reference");
  const train::VerifyResult verified = verify_coding(one.folder, {.quiet = true});
  use_default_backend();
  set_thread_count(threads);
  EXPECT_EQ(verified.code, ExitCode::kSuccess) << verified.message;
  EXPECT_THAT(verified.message, HasSubstr("identical: "));
  EXPECT_NE(trained("seed", {"training.epochs=3", "seed=2"}).seal, one.seal);
}

// Stops after 30 steps, as a killed process would leave it, and goes on.
TEST_F(Clinical, AResumedRunEndsInTheSameSeal) {
  const CodingResult whole = trained("whole");
  std::string stopped;
  {
    CodingSetup setup(config());
    runs::RunOptions run_options = setup.run_options();
    run_options.store = folder_.path() + "/runs";
    run_options.name = "stopped";
    runs::Run run = runs::Run::open(run_options);
    stopped = run.folder();
    setup.keep_in(run);
    run.start();
    struct First : StepObserver {
      runs::Run& run;
      explicit First(runs::Run& inner) : run(inner) {}
      bool on_step(const StepReport& report) override { return run.on_step(report) && report.step < 30; }
    } first(run);
    EXPECT_EQ(setup.run(0, first, nullptr), 30U);
  }
  const CodingResult resumed = resume_coding(stopped, options(""));
  EXPECT_EQ(resumed.first_step, 20U);  // the last checkpoint
  EXPECT_EQ(resumed.seal, whole.seal);
  const train::VerifyResult spots =
      verify_coding(stopped, {.spot = train::SpotOptions{.stretches = 1}, .quiet = true});
  EXPECT_EQ(spots.code, ExitCode::kSuccess) << spots.message;
}

TEST_F(Clinical, APredictionDoesNotDependOnItsBatchByABit) {
  const CodingResult result = trained("batch");
  CodingSetup setup = setup_of_coding_record(result.folder, "");
  struct Silent : StepObserver {
    bool on_step(const StepReport& /*report*/) override { return true; }
  } silent;
  setup.run(0, silent, nullptr);
  std::vector<data::Document> notes;
  for (const std::int64_t position : setup.split().test)
    notes.push_back(setup.notes().documents[static_cast<std::size_t>(position)]);
  NoteCoder coder(result.folder);
  EXPECT_TRUE(same_bits(setup.probabilities(setup.split().test), coder.probabilities(notes)));
}

// Wherever the notes of the training are read from, those that it saw are not measured on.
TEST_F(Clinical, OfTheTrainingsNotesOnlyTheHeldOutOnesAreEvaluated) {
  const CodingResult result = trained("held");
  const std::string all = made_notes(120), path = folder_.path() + "/moved.jsonl";
  std::vector<std::string> held_out;
  for (const std::int64_t position : split_notes(config(), std::vector<data::Document>(120)).test)
    held_out.push_back(std::to_string(position));
  for (const std::string& text : {all, "\n" + all}) {  // the bytes of the training's file, and others
    write_file_atomically(path, text);
    const LabelledNotes found = read_labelled_notes(path, "", result.folder);
    std::vector<std::string> ids;
    for (const data::Document& note : found.notes.documents) ids.push_back(note.id);
    EXPECT_EQ(ids, held_out);
    EXPECT_THAT(found.remark, HasSubstr("only the 18 of 120 that were held out"));
  }
  write_file_atomically(path, "{\"id\": 1, \"text\": \"There is cough.\", \"labels\": [\"786.2\"]}\n");
  const LabelledNotes others = read_labelled_notes(path, "", result.folder);
  EXPECT_EQ(others.notes.documents.size(), 1U);
  EXPECT_EQ(others.remark, "");
}

TEST(HardestLabels, ByF1ThenByNotes) {
  use_default_backend();
  const Tensor scores = Tensor::from<float>({1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0}, {3, 4});
  const Tensor targets = Tensor::from<float>({1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0}, {3, 4});
  const std::string text =
      hardest_labels_text(metrics::MultilabelCounts(scores, targets, {0.5, 0.5, 0.5, 0.5}),
                          data::LabelSet::of_names({"a", "bb", "c", "d"}), 2);
  EXPECT_EQ(text,
            "hardest first, 2 of the 3 codes that the notes have:\n"
            "code  notes  found  wrongly said      F1\n"
            "c         1      0             0  0.0000\n"
            "bb        3      1             0  0.5000\n");
}

TEST_F(Clinical, NotesOfOnePatientStayOnOneSide) {
  std::vector<data::Document> notes(60);
  for (std::size_t i = 0; i < notes.size(); ++i) notes[i].patient = std::to_string(i % 20);
  const NoteSplit split = split_notes(config(), notes);
  EXPECT_EQ(split.test.size(), 9U);  // 15 % of 20 patients
  EXPECT_EQ(split.train.size() + split.validation.size() + split.test.size(), 60U);
  std::map<std::string, std::set<int>> sides;
  int side = 0;
  for (const auto* part : {&split.train, &split.validation, &split.test}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
    for (const std::int64_t position : *part)
      sides[notes[static_cast<std::size_t>(position)].patient].insert(side);
    ++side;
  }
  EXPECT_EQ(sides.size(), 20U);
  for (const auto& [patient, seen] : sides) EXPECT_EQ(seen.size(), 1U) << patient;
}

// The same notes with other diagnoses may be fewer admissions, of which others would be held out.
TEST_F(Clinical, TheTrainingsNotesWithOtherDiagnosesAreRefused) {
  const std::string notes_path = folder_.path() + "/n.csv", codes_path = folder_.path() + "/d.csv";
  std::string notes = "row_id,subject_id,hadm_id,category,iserror,text\n",
              codes = "row_id,hadm_id,seq_num,icd9_code\n";
  for (int i = 0; i < 40; ++i) {
    notes +=
        fmt::format("{},{},{},Discharge summary,,There is {}.\n", i, i, i, i % 2 == 0 ? "cough" : "reflux");
    codes += fmt::format("{},{},1,{}\n", i, i, i % 2 == 0 ? "7862" : "59370");
  }
  write_file_atomically(notes_path, notes);
  write_file_atomically(codes_path, codes);
  const CodingResult result =
      trained("tables", {"data.format=mimic-csv", "data.path=" + notes_path, "data.diagnoses=" + codes_path,
                         "model.kind=bag_of_words", "training.epochs=1"});
  EXPECT_EQ(read_labelled_notes(notes_path, codes_path, result.folder).notes.documents.size(), 6U);
  write_file_atomically(codes_path, codes.substr(0, codes.find("20,20,")));  // the first half
  try {
    read_labelled_notes(notes_path, codes_path, result.folder);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputChanged);
    EXPECT_THAT(error.what(), HasSubstr("which of them were held out is not known"));
  }
}

TEST_F(Clinical, NotesToEvaluateOnNeedTheLabelsThatTheConfigurationNames) {
  std::string text = made_notes(120);
  for (std::size_t at = 0; (at = text.find("\"labels\"", at)) != std::string::npos;)
    text.replace(at, 8, "\"codes\"");
  write_file_atomically(folder_.path() + "/notes.jsonl", text);
  const CodingResult result = trained("fields", {"data.label_field=codes", "training.epochs=1"});
  const std::string path = folder_.path() + "/other.jsonl";
  const auto said_of = [&](const std::string& lines, const std::string& file) {
    write_file_atomically(file, lines);
    try {
      const LabelledNotes found = read_labelled_notes(file, "", result.folder);
      return found.notes.documents[0].labels.at(0);
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(said_of("{\"id\":1,\"text\":\"a\",\"codes\":[\"486\"]}\n", path), "486");
  EXPECT_THAT(said_of("{\"id\":1,\"text\":\"a\",\"labels\":[\"486\"]}\n", path),
              HasSubstr("other.jsonl:1: the field 'codes' is missing"));
  EXPECT_THAT(said_of("a note", folder_.path() + "/note.txt"), HasSubstr("a note alone has no labels"));
  EXPECT_EQ(read_notes(path, "", config({"data.label_field=codes"})).documents.size(), 1U);  // needs none
}

TEST_F(Clinical, AStopSaysHowToGoOn) {
  CodingSetup setup(config());
  runs::RunOptions run_options = setup.run_options();
  run_options.store = folder_.path() + "/runs";
  run_options.name = "interrupted";
  runs::Run run = runs::Run::open(run_options);
  setup.keep_in(run);
  run.start();
  struct Interrupted : StepObserver {
    runs::Run& run;
    explicit Interrupted(runs::Run& inner) : run(inner) {}
    bool on_step(const StepReport& report) override {
      if (report.step == 3) std::raise(SIGINT);
      return run.on_step(report);
    }
  } observer(run);
  EXPECT_EQ(setup.run(0, observer, nullptr), 3U);
  try {
    run.finish();
    FAIL() << "the run is finished";
  } catch (const runs::Stopped& stop) {
    EXPECT_THAT(stop.what(), HasSubstr(fmt::format("to go on: tessera resume {}", run.folder())));
  }
}

TEST_F(Clinical, AVocabularyThatIsNotTheRunsIsRefused) {
  const CodingResult result = trained("words");
  const std::string path = vocabulary_path(result.folder);
  data::Vocabulary::parse("tessera vocabulary 1\t0\nother\t7\n", "x").write(path);
  EXPECT_THROW(NoteCoder{result.folder}, Error);
  remove_file(path);
  EXPECT_THROW(NoteCoder{result.folder}, Error);
}

TEST_F(Clinical, TextJsonAndPage) {
  const CodingResult result = trained("shown", {"text.lines_end=false"});
  NoteCoder coder(result.folder, {.most_codes = 2});
  const data::Document note{
      "<b>1</b>", {{"A&B", "There is cough on\nthe left. <script>alert('1')</script>"}, {"", ""}}, {}};
  const std::vector<CodedNote> coded = coder.code({note});
  EXPECT_THAT(coded_text(coded), HasSubstr("* 786.2"));
  EXPECT_THAT(coded_text(coded), HasSubstr("A&B: There is cough on the left"));
  const nlohmann::json json = nlohmann::json::parse(coded_json(coded));
  EXPECT_EQ(json["id"], "<b>1</b>");
  EXPECT_EQ(json["codes"][0]["code"], "786.2");
  EXPECT_EQ(json["codes"][0]["sentences"][0]["text"], "There is cough on the left");
  const std::string page = coded_page(coded, "shown");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<b>1")));
  EXPECT_THAT(page, HasSubstr("script&gt;alert"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("<sup>1</sup>"));

  std::vector<CodedNote> silent = coded;
  silent[0].codes[0].sentences.clear();
  EXPECT_THAT(coded_text(silent), HasSubstr(std::string(kSaidByItself)));
  EXPECT_THAT(coded_page(silent, "shown"), HasSubstr(std::string(kSaidByItself)));
  EXPECT_THAT(coded_text(coded) + page, Not(HasSubstr(std::string(kSaidByItself))));
}

// Word vectors that skip-gram learned beforehand are where the network begins, and part of what is verified.
TEST_F(Clinical, BeginsWithLearnedWordVectors) {
  CodingSetup with(config({"model.pretrain_epochs=2"})), without(config());
  models::SkipGram words(with.vocabulary().size(), with.pretraining_settings());
  models::train_skipgram(words, with.training_sentences());
  const auto embedding_of = [](CodingSetup& setup) { return setup.model().module().parameters()[0]->value; };
  EXPECT_TRUE(same_bits(embedding_of(with), words.vectors()));
  EXPECT_FALSE(same_bits(embedding_of(without), words.vectors()));
  const CodingResult result = trained("pretrained", {"model.pretrain_epochs=2"});
  EXPECT_GT(result.test->micro_f1, 0.95);
  EXPECT_EQ(verify_coding(result.folder, {.from_step = 80, .quiet = true}).code, ExitCode::kSuccess);
}

TEST_F(Clinical, RollUpAndReduction) {
  CodingSetup rolled(config({"labels.roll_up=true"}));
  EXPECT_THAT(rolled.labels().names(), testing::ElementsAre("486", "593", "786"));
  CodingSetup top(config({"labels.top=1"}));
  EXPECT_EQ(top.labels().size(), 1);
  EXPECT_EQ(top.labels().seen(), 3);
  const NoteSplit& split = rolled.split();
  EXPECT_EQ(split.train.size() + split.validation.size() + split.test.size(), 120U);
  EXPECT_EQ(split.test.size(), 18U);
  EXPECT_EQ(split.validation.size(), 18U);
}

TEST(CodingConfig, ErrorsNameTheLine) {
  const auto message = [](const std::string& toml, const std::vector<std::string>& settings = {}) {
    try {
      CodingConfig::parse(toml, "c.toml", settings);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUsage);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string good = "[data]\nformat = \"cmc\"\npath = \"x\"\n";
  EXPECT_EQ(message(good), "no error");
  EXPECT_THAT(message("[data]\npath = \"x\"\n"),
              HasSubstr("c.toml: data.format is missing, expected one of cmc"));
  EXPECT_THAT(message(good + "[model]\nembeding = 3\n"),
              HasSubstr("c.toml:5: unknown key 'model.embeding' (did you mean 'model.embedding'?)"));
  EXPECT_THAT(message(good + "[model]\nembedding = 0\n"),
              HasSubstr("model.embedding is 0, expected a whole number from 1"));
  EXPECT_THAT(message(good + "[model]\nkind = \"cnn\"\n"),
              HasSubstr("c.toml:5: model.kind is \"cnn\", expected one of"));
  EXPECT_THAT(message(good, {"model.drop=lots"}), HasSubstr("--set: model.drop"));
  EXPECT_THAT(message(good, {"model.drop"}), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(message(good, {"found.labels=x"}), HasSubstr("unknown key"));
  EXPECT_THAT(message(good, {"data.test=0.5", "data.validation=0.5"}), HasSubstr("at most 0.9"));
  EXPECT_THAT(message("[data]\nformat = \"mimic-csv\"\npath = \"x\"\n"),
              HasSubstr("data.diagnoses is missing"));
  EXPECT_THAT(message("[data\n"), HasSubstr("not valid TOML"));
}

}  // namespace
}  // namespace tessera::clinical
