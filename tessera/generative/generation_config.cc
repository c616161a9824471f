#include "tessera/generative/generation_config.h"

#include "tessera/base/error.h"
#include "tessera/base/files.h"

namespace tessera::generative {
namespace {

using namespace train::keys;
using train::Key, train::KeyPlace, train::KeyType, train::kKeyNone, train::kKeyRequired;

constexpr std::string_view kAutoencoder = "model.kind=autoencoder", kAdversarial = "model.kind=gan dcgan",
                           kGan = "model.kind=gan", kDcgan = "model.kind=dcgan",
                           kProgressive = "model.kind=progressive";

constexpr Key kKeys[] = {
    text("name", "images", "Runs are called NAME-0001, NAME-0002, ...", KeyType::kName,
         KeyPlace::kCircumstances),
    integer("seed", 0, 9007199254740992, "1",
            "Every random number comes from it: split, order, initial weights, noise.",
            KeyPlace::kClaimField),
    text("data.images", kKeyRequired,
         "The file of the images, IDX or NPY: [N, height, width] or [N, channels, height, width] with 1 or 3 "
         "channels. Relative to this file's folder; `${TESSERA_DATA}` is replaced.",
         KeyType::kPath, KeyPlace::kCircumstances),
    real("data.black", -1e9, 1e9, "0", "The value of a black pixel."),
    real("data.white", -1e9, 1e9, "255", "The value of a white pixel."),
    integer("data.pad", 0, 64, "0",
            "So many black pixels are put around each image: 2 makes 32x32 of 28x28."),
    integer("data.first", 0, 1e12, "0", "Only so many images from the beginning of the file; 0: all."),
    real("data.test", 0.001, 0.8, "0.1", "The share of the images on which the result is measured."),
    choice("model.kind", "autoencoder gan dcgan progressive", kKeyRequired, "The kind of network."),
    choice("model.network", "dense convolutional", "dense", "Its layers.").when(kAutoencoder),
    integer("model.code", 1, 65536, "32", "Numbers that an image is squeezed into.").when(kAutoencoder),
    integer("model.latent", 1, 65536, "64", "Numbers of noise that an image is made of.")
        .when("model.kind=gan dcgan progressive"),
    integers("model.hidden", 1, 65536, "[256]",
             "Widths of the fully connected layers: of the encoder, or of the generator. Not read by "
             "convolutional networks.")
        .when("model.kind=autoencoder gan"),
    integers(
        "model.channels", 1, 65536, "[32, 64]",
        "Channels of the grids from fine to coarse, one for each halving of the image. Not read by dense "
        "networks.")
        .when("model.kind=autoencoder dcgan"),
    real("model.leak", 0, 1, "0.2", "Slope of LeakyReLU below 0.").when(kAdversarial),
    real("model.drop", 0, 0.95, "0", "Dropout in the discriminator.").when(kGan),
    boolean("model.normalize_discriminator", "true",
            "Batch normalisation in the discriminator; a gradient penalty needs false.")
        .when(kDcgan),
    integers(
        "model.stage_channels", 1, 65536, "[64, 64, 32, 16]",
        "Channels by stage, of images of 4x4, 8x8, 16x16, ...: the last stage has the size of the images.")
        .when(kProgressive),
    integer("model.deviation_group", 0, 1e6, "4",
            "Samples per group of the minibatch deviation, a divisor of the batch; 0: the whole batch.")
        .when(kProgressive),
    real("noise.deviation", 0, 100, "0", "Denoising: normal noise of this deviation is put on the input.")
        .when(kAutoencoder),
    real("noise.masked", 0, 0.95, "0", "Denoising: this share of the input's pixels becomes black.")
        .when(kAutoencoder),
    integer("training.epochs", 1, 1e6, "10", "Passes over the training images."),
    integer("training.batch", 2, 1e6, "64", "Images per step; what is left of an epoch is left out."),
    real("training.learning_rate", 1e-9, 10, "0.001", "Of Adam.").when("model.kind=autoencoder progressive"),
    integer("training.fade_images", 0, 1e12, "60000",
            "Images over which each stage after the first is faded in.")
        .when(kProgressive),
    integer("training.stable_images", 0, 1e12, "60000",
            "Images that a stage is trained with before the next one begins; the last stage goes on to the "
            "end. 0, and "
            "no fading: the last stage alone, from the start.")
        .when(kProgressive),
    real("training.average_decay", 0, 0.999999, "0.999",
         "Samples are made by an average of the generator's weights: the share that it keeps in each step.")
        .when(kProgressive),
    choice("training.reconstruction_loss", "mse cross_entropy", "mse", "Mean over the pixels.")
        .when(kAutoencoder),
    real("training.generator_rate", 1e-9, 10, "0.0002", "Learning rate of Adam.").when(kAdversarial),
    real("training.discriminator_rate", 1e-9, 10, "0.0002", "Learning rate of Adam.").when(kAdversarial),
    real("training.beta1", 0, 0.999, "0.5", "Of Adam.").when(kAdversarial),
    choice("training.adversarial_loss", "non_saturating hinge wasserstein least_squares", "non_saturating",
           "What the two players minimise.")
        .when(kAdversarial),
    real("training.gradient_penalty", 0, 1e6, "0",
         "Factor of the penalty on the discriminator's slope; 0: none.")
        .when(kAdversarial),
    choice(
        "training.penalty_at", "between real", "between",
        "Where it is taken: between real and generated images, of a slope other than 1; or at real ones, of "
        "any slope, halved.")
        .when(kAdversarial),
    integer("training.discriminator_steps", 1, 1000, "1",
            "Of the discriminator for each one of the generator.")
        .when(kAdversarial),
    integer("record.digest_every", 1, 1e12, "50", "Steps between two digests of the state.",
            KeyPlace::kClaimField),
    integer("record.checkpoint_every", 0, 1e12, "500",
            "Steps between two checkpoints, each with a picture of samples; 0: only at the end.",
            KeyPlace::kClaimField),
    integer("record.evaluate_every", 0, 1e9, "1",
            "Epochs between two looks at the held-out images; 0: only at the end."),
    integer("record.pictures", 0, 4096, "64", "Samples on a picture; 0: no pictures.",
            KeyPlace::kCircumstances),
    text("found.image", kKeyNone, "Shape of an image.", KeyType::kText, KeyPlace::kFound),
};

}  // namespace

GenerationConfig GenerationConfig::read(const std::string& path, const std::vector<std::string>& overrides) {
  return parse(read_file(path), path, overrides, train::folder_of_file(path));
}

GenerationConfig GenerationConfig::parse(std::string_view toml, const std::string& source,
                                         const std::vector<std::string>& overrides,
                                         const std::string& folder) {
  GenerationConfig config;
  config.parse_keys(kKeys, toml, source, overrides, folder);
  if (config.real("data.black") == config.real("data.white"))
    fail_with(ExitCode::kUsage, "{}: data.black and data.white are both {}, expected two values", source,
              config.real("data.black"));
  return config;
}

GenerationConfig GenerationConfig::from_record(const std::map<std::string, std::string>& texts) {
  GenerationConfig config;
  config.recorded_keys(kKeys, texts);
  return config;
}

std::string generation_config_reference() {
  return train::key_reference(kKeys);
}

}  // namespace tessera::generative
