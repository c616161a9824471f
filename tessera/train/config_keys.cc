// The table of all keys. config_schema.h says what a row is.
#include "tessera/train/config_schema.h"

namespace tessera::train {
namespace {

using enum ValueType;
using enum RecordPlace;

constexpr double kMany = 1e12;  // larger than any count that makes sense, exact in fp64

constexpr KeySpec text(std::string_view section, std::string_view name, std::string_view default_text,
                       std::string_view documentation, std::string_view condition = "",
                       RecordPlace place = kConfiguration, ValueType type = kText) {
  return {section, name, type, 0, 0, false, "", default_text, condition, place, documentation};
}
constexpr KeySpec choice(std::string_view section, std::string_view name, std::string_view choices,
                         std::string_view default_text, std::string_view documentation,
                         std::string_view condition = "") {
  return {section,   name,           kChoice,      0, 0, false, choices, default_text,
          condition, kConfiguration, documentation};
}
constexpr KeySpec integer(std::string_view section, std::string_view name, double lowest, double highest,
                          std::string_view default_text, std::string_view documentation,
                          std::string_view condition = "", RecordPlace place = kConfiguration) {
  return {section, name, kInteger, lowest, highest, false, "", default_text, condition, place, documentation};
}
constexpr KeySpec real(std::string_view section, std::string_view name, double lowest, double highest,
                       bool open_below, std::string_view default_text, std::string_view documentation,
                       std::string_view condition = "") {
  return {section, name,         kReal,     lowest,         highest,      open_below,
          "",      default_text, condition, kConfiguration, documentation};
}
constexpr KeySpec boolean(std::string_view section, std::string_view name, std::string_view default_text,
                          std::string_view documentation, std::string_view condition = "") {
  return {section, name, kBoolean, 0, 0, false, "", default_text, condition, kConfiguration, documentation};
}
constexpr KeySpec integers(std::string_view section, std::string_view name, double lowest, double highest,
                           std::string_view documentation, std::string_view condition) {
  return {section, name, kIntegers, lowest,         highest,      false,
          "",      "[]", condition, kConfiguration, documentation};
}

constexpr std::string_view kLayers =
    "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d max_pool1d max_pool2d "
    "max_pool3d average_pool1d "
    "average_pool2d "
    "average_pool3d adaptive_average_pool1d adaptive_average_pool2d adaptive_average_pool3d global_pool "
    "max_unpool2d upsample batch_norm layer_norm group_norm instance_norm local_response_norm pixel_norm "
    "embedding positional_encoding rnn gru lstm multihead_attention transformer_encoder relu "
    "leaky_relu elu selu gelu "
    "silu mish tanh sigmoid softplus softmax log_softmax maxout flatten dropout residual normalize_points "
    "choose_points "
    "augment_points pointnet "
    "pointnet_segmentation voxel_network time_pool bag_of_words";
// What the conditions below name more than once.
#define TESSERA_TRANSPOSED "conv_transpose1d,conv_transpose2d,conv_transpose3d"
#define TESSERA_CONVOLUTIONS "conv1d,conv2d,conv3d," TESSERA_TRANSPOSED
#define TESSERA_POOLS "max_pool1d,max_pool2d,max_pool3d,average_pool1d,average_pool2d,average_pool3d"
#define TESSERA_RECURRENT "rnn,gru,lstm"

constexpr KeySpec kKeys[] = {
    text("", "name", "run", "Runs are called NAME-0001, NAME-0002, ...: a-z, 0-9, '.', '_' and '-'.", "",
         kCircumstances, kName),
    integer("", "seed", 0, 9007199254740992, "1",
            "Every random number comes from it: initial weights, split, order of the samples, dropout.", "",
            kClaimField),

    choice(
        "data", "format", "csv idx npy cifar10 cifar100 points text tags", kRequired,
        "Kind of the data files; each may be packed with gzip. Numbers: csv, idx, npy, and the binary "
        "files of cifar10 and cifar100. Shapes: points (a folder for each class with meshes .off and clouds "
        ".pcd, "
        ".xyz, .txt, .pts, .npy in it, or a CSV file with the columns file and label). Words: text (a text "
        "and its label, in CSV or JSON lines) and tags (CoNLL: a line per word, the word first and its tag "
        "last, an empty line between sentences)."),
    text("data", "path", kRequired,
         "The file; of points the folder or the CSV file. csv: a header, then one sample per row; commas, "
         "numbers only, no empty fields, apart from "
         "the label. text: its name ends in .csv or .jsonl (or .gz behind that). Relative paths start at the "
         "configuration's folder; `${TESSERA_DATA}` stands for that environment variable.",
         "format=csv,points,text,tags", kCircumstances, kPath),
    text("data", "features", kRequired,
         "The file of the samples; its first axis counts them. Paths as for `path`.", "format=idx,npy",
         kCircumstances, kPath),
    text(
        "data", "labels", kRequired,
        "The file of the labels: integers, one per sample, or the numbers that are to be predicted. Paths as "
        "for `path`.",
        "format=idx,npy", kCircumstances, kPath),
    {"data", "files", kPaths, 0, 0, false, "", kRequired, "format=cifar10,cifar100", kCircumstances,
     "The binary files of CIFAR-10 or CIFAR-100, in order. Paths as for `path`."},
    text("data", "labels_column", kNone,
         "The column of `labels` that holds the class or number, when that is a CSV file.", "format=idx,npy"),
    choice("data", "labels_of", "samples points", kNone,
           "What has a label: each sample, or each point of samples [points, coordinates]; `labels` is then "
           "an array [samples, points], points are what is counted, and `stratified` must be false. Left "
           "out: samples.",
           "format=idx,npy"),
    boolean("data", "header", kNone,
            "The first line names the columns; without it (false) they are column_1, column_2, ... Left out: "
            "true.",
            "format=csv"),
    integer("data", "points", 1, 1e7, kRequired,
            "How many points each sample gets: drawn on the surface of a mesh; chosen among those of a "
            "larger cloud, "
            "repeated of a smaller one. The seed and the bytes of the file say which.",
            "format=points"),
    text("data", "text_column", kRequired, "The column, or field of JSON lines, that holds the text.",
         "format=text"),
    text(
        "data", "label_column", kRequired,
        "The column, or field of JSON lines, that holds the class, or the number that is to be predicted; in "
        "tables of numbers all other columns are features. Of CIFAR-100 `fine` or `coarse`.",
        "format=csv,cifar100,text"),
    text("data", "one_label", kNone,
         "The class is whether this one is among the labels, which may then be a list: `X` or `not X`.",
         "format=text"),
    integer("data", "longest", 1, 1000000, "400",
            "So many words of each text or sentence are read; what follows is left out.", "format=text,tags"),
    integer("data", "min_count", 1, 1e9, "2",
            "A word is known if it stands so often in the samples that are trained on; all others are one "
            "unknown word.",
            "format=text,tags"),
    integer("data", "most_words", 1, 1e7, kNone, "At most so many words are known, the most frequent ones.",
            "format=text,tags"),
    boolean("data", "lower_case", "true", "Words are the same in upper and lower case.", "format=text,tags"),
    boolean("data", "mask_digits", "false",
            "Each digit of a word counts as `*`: 2017-03-13 is ****-**-**, as any other date is.",
            "format=text,tags"),
    integers("data", "shape", 1, kMany,
             "Shape of one sample, for example `[1, 8, 8]` (channels, rows, columns); left out: as it is in "
             "the file.",
             "format=csv,idx,npy,cifar10,cifar100,points"),
    real("data", "scale", 0, 1e30, true, "1", "Every feature is divided by it.",
         "format=csv,idx,npy,cifar10,cifar100,points"),
    real("data", "held_out", 0, 0.99, false, "0.2",
         "The share of the samples that is not trained on but used to evaluate; 0: none."),
    boolean("data", "stratified", "true",
            "Hold out the same share of every class. Where labels are numbers it is false, also as default.",
            "format=csv,idx,npy,cifar10,cifar100,points,text"),
    {"data", "columns", kTexts, 0, 0, false, "", "[]", "format=csv", kConfiguration,
     "Names of the feature columns, in order; left out: all but the label column, as they stand in the "
     "file."},
    {"data", "classes", kTexts, 0, 0, false, "", "[]", "", kConfiguration,
     "The labels as they stand in the data, in the order of the outputs; left out: the labels found, "
     "sorted."},
    {"data", "vocabulary", kTexts, 0, 0, false, "", "[]", "format=text,tags", kConfiguration,
     "SHA-256 of the known words with their counts, which are kept beside the run's folder as "
     "RUN.vocabulary.tsv; left out: as found in the data."},

    choice("network", "layer", kLayers, kRequired,
           "Kind of the layer. Layers follow one another; sizes of inputs are worked out."),
    integer("network", "units", 1, 1e9, kRequired,
            "Number of outputs; of a recurrent layer in one direction.",
            "layer=linear,pointnet,pointnet_segmentation,voxel_network," TESSERA_RECURRENT ",bag_of_words"),
    integer("network", "channels", 1, 1e6, kRequired, "Number of filters, which is that of output channels.",
            "layer=" TESSERA_CONVOLUTIONS),
    integer("network", "kernel", 1, 1e4, kRequired, "Length of the filter or window along each axis.",
            "layer=" TESSERA_CONVOLUTIONS "," TESSERA_POOLS),
    integer("network", "stride", 1, 1e4, kNone,
            "Step from window to window; left out: 1 for convolutions, the kernel's size for pooling.",
            "layer=" TESSERA_CONVOLUTIONS "," TESSERA_POOLS),
    integer("network", "padding", 0, 1e4, "0",
            "Zeros (max pooling: nothing) added on both sides of each axis; of a transposed convolution "
            "taken away.",
            "layer=" TESSERA_CONVOLUTIONS "," TESSERA_POOLS),
    integer("network", "output_padding", 0, 1e4, kNone,
            "Elements added at the end of each axis; left out: 0.", "layer=" TESSERA_TRANSPOSED),
    integer("network", "dilation", 1, 1e4, kNone, "Distance between the taps of the filter; left out: 1.",
            "layer=" TESSERA_CONVOLUTIONS),
    integer("network", "groups", 1, 1e6, kNone,
            "Groups of channels that are convolved, or normalised, apart; left out: 1.",
            "layer=" TESSERA_CONVOLUTIONS ",group_norm"),
    boolean("network", "bias", "true", "Add a learned number to each output (channel).",
            "layer=linear," TESSERA_CONVOLUTIONS),
    choice("network", "pooling", "mean max sum", "mean", "What is made of all positions of a channel.",
           "layer=global_pool"),
    integer(
        "network", "size", 1, 1e4, kRequired,
        "Length of each axis that comes out; of local_response_norm how many channels are looked at "
        "together.",
        "layer=adaptive_average_pool1d,adaptive_average_pool2d,adaptive_average_pool3d,local_response_norm"),
    integer("network", "pool", 1, 1e6, kRequired,
            "Number of the layer max_pool2d, from 1, that found the places to which the values go back; the "
            "shape "
            "that reaches this layer is the one that it gave.",
            "layer=max_unpool2d"),
    integer(
        "network", "axis", 1, 8, kNone,
        "Axis of the sample, from 1, over which the values add up to 1; left out: the last. The losses want "
        "scores without it.",
        "layer=softmax,log_softmax"),
    integer("network", "factor", 1, 1000, kRequired, "How many times longer each axis becomes.",
            "layer=upsample"),
    choice("network", "interpolation", "nearest bilinear", "nearest", "Where the new elements come from.",
           "layer=upsample"),
    real("network", "momentum", 0, 1, false, kNone,
         "Weight of the last batch in the running mean and variance; left out: 0.1.", "layer=batch_norm"),
    real("network", "epsilon", 0, 1, true, kNone, "Added to the variance; left out: 1e-05.",
         "layer=batch_norm,layer_norm,group_norm,instance_norm,transformer_encoder"),
    integer("network", "heads", 1, 1e4, kRequired,
            "Number of heads, each of which looks at a share of the features.",
            "layer=multihead_attention,transformer_encoder"),
    integer("network", "feed_forward", 1, 1e6, kNone,
            "Features of the small network at each time; left out: four times those that reach the layer.",
            "layer=transformer_encoder"),
    real("network", "branch_drop", 0, 0.999, false, kNone,
         "Probability that a value of a branch, or inside the small network, is set to 0 in training; left "
         "out: 0.1.",
         "layer=transformer_encoder"),
    choice("network", "activation", "relu gelu", kNone, "Of the small network; left out: relu.",
           "layer=transformer_encoder"),
    boolean("network", "norm_first", kNone,
            "Normalise what each branch is given (true) instead of the sums; left out: false.",
            "layer=transformer_encoder"),
    integer("network", "entries", 1, 16777216, kNone,
            "Number of vectors; the values that reach the layer are their indices, 0 to entries - 1. Needed, "
            "but for words: left out, it is the size of their vocabulary.",
            "layer=embedding,bag_of_words"),
    integer("network", "features", 1, 1e6, kRequired, "Length of each vector.", "layer=embedding"),
    integer("network", "layers", 1, 1000, kNone, "Recurrent layers on top of each other; left out: 1.",
            "layer=" TESSERA_RECURRENT),
    boolean("network", "bidirectional", "false",
            "Run also from the last time to the first; the states of both stand side by side.",
            "layer=" TESSERA_RECURRENT),
    choice("network", "output", "last mean all final", "last",
           "What is given on: the states at the last time, the mean of the states, all of them, or the state "
           "in which each direction ended (final; of one direction the same as last).",
           "layer=" TESSERA_RECURRENT),
    boolean("network", "reset_gate", kNone,
            "Without it (false) the new state sees all of the old one; left out: true.", "layer=gru"),
    choice("network", "over_time", "mean max attention", "mean",
           "What is made of the states of all times, or of the vectors of all words.", "layer=time_pool"),
    integer("network", "attention", 1, 1e6, kNone,
            "Size of the question that attention asks each time; left out: as many as features.",
            "layer=time_pool"),
    real("network", "slope", 0, 1, false, kNone, "Of what is below 0; left out: 0.01.", "layer=leaky_relu"),
    integer("network", "pieces", 2, 1e4, kRequired, "Channels of which the largest is given on.",
            "layer=maxout"),
    real("network", "drop", 0, 0.999, false, "0.5",
         "Probability that a value is set to 0 in training; the others are divided by 1 - drop.",
         "layer=dropout,pointnet,voxel_network"),
    integer("network", "points", 1, 1e7, kRequired,
            "So many points of each cloud are drawn anew in each step of training, and evenly chosen outside "
            "of it.",
            "layer=choose_points"),
    boolean("network", "rotate", "false", "Turn each cloud about its vertical axis by any angle.",
            "layer=augment_points"),
    real("network", "scale", 0, 0.999, false, kNone,
         "Multiply each cloud by a number between 1 - scale and 1 + scale; left out: 0.",
         "layer=augment_points"),
    real("network", "jitter", 0, 1e6, false, kNone,
         "Standard deviation of normal noise on each coordinate; left out: 0.", "layer=augment_points"),
    boolean("network", "transforms", "true",
            "Let the network turn the cloud, and its features, first (T-Nets).",
            "layer=pointnet,pointnet_segmentation"),
    choice("network", "symmetric", "max mean sum attention", "max",
           "What is made of the features of all points; only max gives the same bits for any order of them.",
           "layer=pointnet,pointnet_segmentation"),
    integer("network", "resolution", 11, 256, kNone, "Boxes along each side of the grid; left out: 32.",
            "layer=voxel_network"),
    integer("network", "span", 1, 1000, kRequired,
            "So many of the layers that follow are the body; its input is added to its output (through a "
            "convolution of one pixel where the shapes of images differ).",
            "layer=residual"),

    integer("training", "epochs", 1, 1e9, kNone, "Passes over the training samples. Give this or `steps`."),
    integer("training", "steps", 1, kMany, kNone, "Number of batches to train on. Give this or `epochs`."),
    integer("training", "batch", 1, 1e9, "32",
            "Samples per step; the last batch of an epoch may be smaller."),
    boolean("training", "drop_last", "false", "Leave out the last batch of an epoch when it is smaller."),
    integer(
        "training", "shards", 1, 65536, "1",
        "Parts into which each batch is cut; losses and gradients are added over them by a fixed tree. More "
        "shards let more processes work on one batch; the number is part of what is computed."),
    choice(
        "training", "loss", "cross_entropy multi_class_hinge bce hinge mse l1 huber", kNone,
        "What is made small; left out: cross_entropy. One score for each class: cross_entropy, "
        "multi_class_hinge. One score for two classes, above 0 for the second: bce (binary cross-entropy), "
        "hinge. One number, for labels that are numbers: mse, l1, huber. Evaluations of classes give the "
        "cross-entropy of the scores whatever was trained with, those of numbers this loss."),
    real("training", "label_smoothing", 0, 0.999, false, kNone,
         "This share of each label is spread evenly over the classes; only with cross_entropy."),
    real("training", "huber_delta", 0, 1e30, true, kNone,
         "Errors that are larger count by their size, not by its square; left out: 1. Only with huber."),
    choice("training", "dtype", "float32 bfloat16", kNone,
           "How weights and activations are stored; each operation computes in float32 and rounds once. Left "
           "out: float32."),
    choice("training", "optimizer", "sgd adam adamw rmsprop adagrad adadelta", "sgd",
           "Rule by which the weights are changed."),
    real("training", "learning_rate", 0, 1000, true, kRequired, "Size of the changes, before the schedule."),
    real("training", "momentum", 0, 0.9999, false, "0", "Share of the previous change that is kept.",
         "optimizer=sgd,rmsprop"),
    boolean("training", "nesterov", "false", "Nesterov's form of momentum, which must then be above 0.",
            "optimizer=sgd"),
    real("training", "beta1", 0, 0.9999, false, "0.9", "Decay of the mean of gradients.",
         "optimizer=adam,adamw"),
    real("training", "beta2", 0, 0.999999, false, "0.999", "Decay of the mean of squared gradients.",
         "optimizer=adam,adamw"),
    real("training", "decay", 0, 0.999999, false, kNone,
         "Decay of the mean of squared gradients; left out: 0.99 for rmsprop, 0.9 for adadelta.",
         "optimizer=rmsprop,adadelta"),
    real("training", "epsilon", 0, 1, true, "1e-08", "Added to the denominator.",
         "optimizer=adam,adamw,rmsprop,adagrad,adadelta"),
    real("training", "weight_decay", 0, 10, false, "0",
         "This times the weight is added to each gradient; adamw takes this share of each weight away "
         "instead."),
    real("training", "clip_norm", 0, 1e30, true, kNone,
         "Gradients that are longer, all taken together, are brought to this length."),
    real("training", "clip_value", 0, 1e30, true, kNone, "No element of a gradient is larger than this."),
    real("training", "max_norm", 0, 1e30, true, kNone,
         "After each step the weights that lead into a unit are brought to at most this length; 3 to 4 is "
         "usual."),
    choice("training", "average", "exponential equal", kNone,
           "Evaluate and use an average of the weights over the steps (exponential), or over the epochs "
           "(equal), not those of "
           "the last step."),
    real("training", "average_decay", 0, 0.999999, false, kNone,
         "Weight of the past in the exponential average; left out: 0.999."),
    choice("training", "keep", "last best", kNone,
           "Which weights are used in the end: the last ones, or those that did best on the held-out "
           "samples, whose accuracy is then no "
           "longer honest. Left out: last."),
    integer("training", "early_stopping", 1, 1e6, kNone,
            "End when so many evaluations in a row have not improved the held-out loss."),
    choice("training", "schedule", "constant step cosine exponential restarts one_cycle plateau", "constant",
           "How the learning rate changes: not; by a factor every so many epochs (step) or every epoch "
           "(exponential); down a half "
           "cosine, once or again and again (restarts); up and far down (one_cycle); by a factor when the "
           "held-out loss no longer "
           "falls (plateau)."),
    integer("training", "warm_up_steps", 0, kMany, "0",
            "Steps over which the learning rate rises to its value; the schedule begins after them."),
    integer("training", "decay_every", 1, 1e9, kRequired,
            "Epochs after which the learning rate is multiplied again, or the first cosine ends.",
            "schedule=step,restarts"),
    real("training", "decay_factor", 0, 1, true, "0.1", "What it is multiplied by.",
         "schedule=step,exponential,plateau"),
    integer("training", "period_factor", 1, 100, kNone,
            "How many times longer each cosine is than the one before; left out: 1.", "schedule=restarts"),
    integer("training", "plateau_patience", 0, 1e6, kNone,
            "Evaluations without improvement before the learning rate falls; left out: 3.",
            "schedule=plateau"),
    real("training", "final_learning_rate", 0, 1000, false, "0", "Where the cosine ends, at the last step.",
         "schedule=cosine,restarts"),

    boolean("augmentation", "flip", kNone,
            "Mirror half of the images left to right, another half in each epoch."),
    integer("augmentation", "shift", 1, 1000, kNone,
            "Move each image by up to so many pixels in both directions; zeros come in."),
    integer("augmentation", "cutout", 1, 10000, kNone,
            "Set a square of so many pixels to zero, its centre anywhere in the image."),
    real("augmentation", "noise", 0, 1e6, true, kNone,
         "Standard deviation of normal noise that is added to every feature (after the scale)."),

    integer("record", "digest_every", 1, kMany, "50",
            "Steps between two digests of every tensor of the state.", "", kClaimField),
    integer("record", "checkpoint_every", 0, kMany, "500",
            "Steps between two checkpoints; 0: only at the end.", "", kClaimField),
    integer("record", "kept_checkpoints", 0, 1e9, "3",
            "How many checkpoints stay in the folder, the newest, beside the final one; 0: all of them, for "
            "`tessera verify --spot`. Not part of what is claimed.",
            "", kCircumstances),
    integer("record", "evaluate_every", 0, 1e9, "1",
            "Epochs between two evaluations on the held-out samples; 0: only at the end."),
};

}  // namespace

std::span<const KeySpec> config_keys() {
  return kKeys;
}

}  // namespace tessera::train
