// tessera visualise: what the feature maps of a trained network look for, as one HTML page.
#include <fmt/core.h>

#include "tessera/base/files.h"
#include "tessera/base/suggest.h"
#include "tessera/base/text.h"
#include "tessera/base/user_place.h"
#include "tessera/cli/arguments.h"
#include "tessera/cli/commands.h"
#include "tessera/cli/execution.h"
#include "tessera/cli/training_report.h"
#include "tessera/visualise/run_page.h"

namespace tessera::cli {

namespace {

constexpr std::string_view kVisualiseDetails =
    "For each feature map the page shows the nine images that make it most active, cut to what the unit "
    "sees, "
    "beside what\n"
    "of them the activation comes from: its deconvolution (Zeiler and Fergus, 2014). Images are those that "
    "the run "
    "held out,\n"
    "or all of its data with --all; files are looked for at their recorded place, below --data or below "
    "TESSERA_DATA. "
    "Of a\n"
    "run that is not finished the newest checkpoint is used. Layers are counted as in the configuration.\n\n"
    "Methods: deconvolution, guided (backpropagation) and gradient; they differ in what rectifiers let "
    "through.\n\n"
    "Examples:\n"
    "  tessera visualise digits-0001\n"
    "  tessera visualise digits-0001 --layer 4 --maps 32 --out layer4.html\n"
    "  tessera visualise digits-0001 --method guided --out pictures    a folder: the page, and each map as "
    "PNG";

visualise::Method method_of(const std::string& name) {
  using visualise::Method;
  std::vector<std::string> names;
  for (const Method method : {Method::kDeconvolution, Method::kGuided, Method::kGradient}) {
    names.emplace_back(visualise::method_name(method));
    if (names.back() == name) return method;
  }
  fail_with(ExitCode::kUsage, "--method is '{}'{}, expected deconvolution, guided or gradient", name,
            did_you_mean(name, names));
}

// A page has a name that ends so; anything else is a folder.
bool is_page(const std::string& output) {
  return output.ends_with(".html") || output.ends_with(".htm") || output.starts_with("/dev/");
}

void write_folder(const std::string& folder, const visualise::RunPage& page) {
  write_user_file(folder + "/index.html", page.html);
  for (const auto& [name, bytes] : page.pictures) write_user_file(fmt::format("{}/{}", folder, name), bytes);
}

}  // namespace

ExitCode run_visualise(const Words& words) {
  Arguments arguments("visualise", "Show what the feature maps of a trained network look for",
                      kVisualiseDetails);
  std::string run, output, store = "runs", method = "deconvolution";
  visualise::RunPageOptions options;
  Execution execution;
  arguments.positional("RUN", run, "Folder of a run, or its name in the store");
  arguments.option("--layer N", options.layer,
                   "Only this layer (default: every convolution, with what follows it)", 1, 1'000'000);
  arguments.option("--maps K", options.maps, "The first K feature maps of each layer (default: 16)", 1,
                   1'000'000);
  arguments.option("--method NAME", method, "How activations are led back (default: deconvolution)");
  arguments.flag("--all", options.all_samples, "Look at all images, also those that were trained on");
  arguments.option("--data DIR", options.data_folder,
                   "Where to look for data files that are no longer at their place");
  arguments.option(
      "--out PATH", output,
      "The page (.html), or a folder for it and a PNG of each map (default: NAME-maps.html, here)");
  arguments.option("--store DIR", store, "The folder of all runs (default: runs)");
  execution.declare(arguments);
  if (!arguments.parse(words)) return ExitCode::kSuccess;  // help was asked for
  options.method = method_of(method);
  options.pictures = !output.empty() && !is_page(output);
  const std::string folder = runs_folder(store, run);
  execution.apply();
  if (options.pictures)
    make_folders(output);  // said now if it cannot be
  else if (!output.empty())
    check_user_place(output);
  const visualise::RunPage page = visualise::make_run_page(folder, options);
  if (output.empty()) output = page.file_name;
  if (options.pictures)
    write_folder(output, page);
  else
    write_user_file(output, page.html);
  for (const std::string& note : page.notes) fmt::print(stderr, "note: {}\n", printable(note));
  if (!output.starts_with("/dev/")) fmt::print("{}\n", options.pictures ? output + "/index.html" : output);
  return ExitCode::kSuccess;
}

}  // namespace tessera::cli
