// The page of a small run: the same bytes by any threads, of runs that were cut short, and what it refuses.
#include "tessera/visualise/run_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tessera/backends/backends.h"
#include "tessera/base/error.h"
#include "tessera/base/folder_test.h"
#include "tessera/base/thread_pool.h"
#include "tessera/train/network.h"
#include "tessera/train/training_run.h"

namespace tessera::visualise {
namespace {

using testing::HasSubstr;
using testing::Not;

class RunPages : public testing::Test {
 protected:
  void SetUp() override { use_default_backend(); }
  void TearDown() override { set_thread_count(threads_); }

  static std::string layer(const std::string& kind, const std::string& keys = "") {
    return fmt::format("[[network]]\nlayer = \"{}\"\n{}\n", kind, keys);
  }
  static std::string usual_network() {
    const std::string convolution = "channels = 3\nkernel = 3\npadding = 1";
    return layer("conv2d", convolution) + layer("batch_norm") + layer("relu") +
           layer("max_pool2d", "kernel = 2") + layer("residual", "span = 2") + layer("conv2d", convolution) +
           layer("relu") + layer("flatten") + layer("linear", "units = 10");
  }
  // The folder of a run of 20 steps on the digits.
  std::string train(const std::string& layers, const std::vector<std::string>& overrides = {}) {
    const train::Config config =
        train::Config::parse(fmt::format("name = \"small\"\nseed = 1\n[data]\nformat = \"csv\"\npath = "
                                         "\"{}/data/digits.csv\"\nlabel_column = "
                                         "\"digit\"\nshape = [1, 8, 8]\nscale = 16\n{}[training]\nsteps = "
                                         "20\nlearning_rate = 0.1\n[record]\n"
                                         "checkpoint_every = 8\nkept_checkpoints = 0\n",
                                         TESSERA_SOURCE_DIR, layers),
                             "small.toml", overrides);
    return train::train(config, {.store = folder_ / "runs", .quiet = true}).folder;
  }
  static std::string message_of(const std::string& folder, const RunPageOptions& options = {}) {
    try {
      (void)make_run_page(folder, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TestFolder folder_;
  int threads_ = thread_count();
};

TEST_F(RunPages, HaveTheSameBytesByAnyThreadsAndBackend) {
  const std::string folder = train(usual_network());
  const RunPage page = make_run_page(folder, {.maps = 2, .pictures = true});
  EXPECT_EQ(page.file_name, "small-0001-maps.html");
  EXPECT_THAT(page.html, HasSubstr("<h1>Feature maps of small-0001</h1>"));
  EXPECT_THAT(page.html, HasSubstr("After layer 3</h2>"));
  EXPECT_THAT(page.html,
              HasSubstr("After layer 5</h2>"));  // the residual block, numbered as in the configuration
  EXPECT_THAT(page.html, HasSubstr("the weights after step 20, the last one of a sealed run"));
  EXPECT_THAT(page.html, HasSubstr("of 1,797 that were held out"));
  EXPECT_THAT(page.html, Not(HasSubstr("<script")));
  ASSERT_EQ(page.pictures.size(), 5u);
  EXPECT_EQ(page.pictures[0].first, "filters.png");
  EXPECT_EQ(page.pictures[1].first, "layer-03-map-001.png");
  for (const auto& [name, bytes] : page.pictures) EXPECT_TRUE(bytes.starts_with("\x89PNG\r\n")) << name;
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    use_backend(threads == 1 ? "reference" : "cpu");
    const RunPage again = make_run_page(folder, {.maps = 2, .pictures = true});
    EXPECT_EQ(again.html, page.html);
    EXPECT_EQ(again.pictures, page.pictures);
  }
}

// As with `tessera visualise .` inside of the run's folder.
TEST_F(RunPages, AreNamedAfterTheFolderHoweverItIsWritten) {
  const std::string folder = train(usual_network());
  for (const char* end : {"/", "/.", "/../small-0001", "/checkpoints/.."}) {
    const RunPage page = make_run_page(folder + end, {.layer = 3, .maps = 1});
    EXPECT_EQ(page.file_name, "small-0001-maps.html") << end;
    EXPECT_THAT(page.html, HasSubstr("<h1>Feature maps of small-0001</h1>")) << end;
  }
}

TEST_F(RunPages, OptionsChooseLayersMethodsAndImages) {
  const std::string folder = train(usual_network());
  const RunPage page = make_run_page(folder, {.layer = 4, .method = Method::kGradient, .all_samples = true});
  EXPECT_THAT(page.html, HasSubstr("After layer 4</h2>"));
  EXPECT_THAT(page.html, Not(HasSubstr("After layer 3</h2>")));
  EXPECT_THAT(page.html, HasSubstr("all 1,797 images"));
  EXPECT_THAT(page.html, HasSubstr("the gradient of its activation"));
  EXPECT_EQ(message_of(folder, {.layer = 6}),
            "there is no layer 6 outside of a residual block, expected for example one of 3, 5");
  EXPECT_EQ(message_of(folder, {.layer = 8}),
            "layer 8 (Flatten) gives no feature maps, expected for example one of 3, 5");
}

// A crash after step 11: the newest checkpoint is that of step 8. Without any there is nothing to show.
TEST_F(RunPages, OfARunThatIsNotFinished) {
  const std::string folder = train(usual_network());
  const std::string sealed = make_run_page(folder).html;
  remove_file(folder + "/seal.json");
  const std::string chain = read_file(folder + "/chain.jsonl");
  const auto cut_after = [&](int lines) {
    std::size_t end = 0;
    for (int line = 0; line < lines; ++line) end = chain.find('\n', end) + 1;
    write_file_atomically(folder + "/chain.jsonl", chain.substr(0, end));
    for (const std::string& name : names_in_folder(folder + "/checkpoints"))
      if (chain.substr(0, end).find(name.substr(0, 64)) == std::string::npos)
        remove_file(folder + "/checkpoints/" + name);
  };
  cut_after(12);
  const std::string page = make_run_page(folder).html;
  EXPECT_THAT(page, HasSubstr("the weights after step 8 of a run that is not finished"));
  EXPECT_NE(page, sealed);
  cut_after(4);
  EXPECT_THAT(message_of(folder),
              testing::EndsWith("the run is not finished and has no intact checkpoint yet"));
}

TEST_F(RunPages, OfBFloat16AndWithoutHeldOutSamples) {
  const std::string folder = train(layer("conv2d", "channels = 2\nkernel = 3") + layer("relu") +
                                       layer("flatten") + layer("linear", "units = 10"),
                                   {"training.dtype=bfloat16", "data.held_out=0"});
  const RunPage page = make_run_page(folder);
  EXPECT_THAT(page.html, HasSubstr("After layer 2</h2>"));
  EXPECT_THAT(page.html, HasSubstr("A unit sees 3 x 3 pixels"));
  ASSERT_EQ(page.notes.size(), 1u);
  EXPECT_EQ(page.notes[0], "no samples were held out, so the images are those of the training");
}

TEST_F(RunPages, RefuseWhatTheyCannotShow) {
  const std::string flat = layer("flatten") + layer("linear", "units = 10");
  EXPECT_EQ(message_of(train(flat)),
            "the network has no convolution whose feature maps could be looked at, expected a layer conv2d");
  EXPECT_THAT(message_of(train(flat, {"data.shape=[64]"})),
              HasSubstr("its samples have the shape [64], expected images [channels, rows, columns]"));
  const std::string smooth = train(layer("conv2d", "channels = 2\nkernel = 3") + layer("gelu") +
                                   layer("flatten") + layer("linear", "units = 10"));
  EXPECT_EQ(message_of(smooth),
            "layer 2: GELU is no rectifier, expected ReLU or LeakyReLU in its place for the method "
            "deconvolution (the "
            "method gradient takes any layer)");
  EXPECT_THAT(make_run_page(smooth, {.method = Method::kGradient}).html, HasSubstr("After layer 2</h2>"));
}

}  // namespace
}  // namespace tessera::visualise
