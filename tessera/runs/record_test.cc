#include "tessera/runs/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tessera/base/bytes.h"
#include "tessera/base/error.h"
#include "tessera/base/message_test.h"
#include "tessera/runs/checkpoint.h"

namespace tessera::runs {
namespace {

using testing::HasSubstr;

TEST(Claim, OneValueOneText) {
  Claim claim;
  claim.kind = "train";
  claim.configuration = {{"b", "2"}, {"a", "x y"}};
  claim.seed = std::numeric_limits<std::uint64_t>::max();
  claim.inputs = {{"data", to_hex(sha256("1,2\n"))}};
  const std::string text = claim_text(claim);
  EXPECT_EQ(
      text,
      "{\"checkpoint_every\":500,\"configuration\":{\"a\":\"x y\",\"b\":\"2\"},\"contract\":\"0 (draft)\","
      "\"digest_every\":50,\"format\":\"tessera/record/1\",\"inputs\":{\"data\":\"" +
          to_hex(sha256("1,2\n")) + "\"},\"kind\":\"train\",\"seed\":18446744073709551615,\"steps\":0}\n");
  EXPECT_EQ(parse_claim(text, "claim.json"), claim);
  EXPECT_THAT(message_of([&] { parse_claim(text.substr(0, text.size() - 1), "c"); }),
              HasSubstr("c: not in canonical form"));
  EXPECT_THAT(message_of([&] { parse_claim("{}", "c"); }), HasSubstr("c: 'format' is missing"));
  EXPECT_THAT(message_of([&] { parse_claim("[]", "c"); }), HasSubstr("c: expected an object, found array"));
}

TEST(Claim, FirstDifference) {
  Claim recorded, now;
  EXPECT_EQ(first_difference(recorded, now), "");
  now.seed = 3;
  EXPECT_EQ(first_difference(recorded, now), "seed: 0 in the record, 3 now");
  now.configuration["lr"] = "1";
  EXPECT_EQ(first_difference(recorded, now), "configuration key 'lr': nothing in the record, '1' now");
  recorded.configuration = {{"lr", "2"}, {"momentum", "0"}};
  EXPECT_EQ(first_difference(recorded, now), "configuration key 'lr': '2' in the record, '1' now");
  now.configuration["lr"] = "2";
  EXPECT_EQ(first_difference(recorded, now), "configuration key 'momentum': '0' in the record, nothing now");
}

TEST(ChainLine, OneValueOneText) {
  ChainLine line;
  line.step = 7;
  line.scalars = {{"loss", 0.5}, {"bad", std::numeric_limits<double>::quiet_NaN()}};
  line.state = {{"m.w", to_hex(sha256("w"))}};
  line.checkpoint = to_hex(sha256("c"));
  const std::string zeros(64, '0');
  EXPECT_EQ(chain_line_text(line),
            "{\"checkpoint\":\"" + line.checkpoint + "\",\"previous\":\"" + zeros +
                "\",\"scalars\":{\"bad\":\"nan\",\"loss\":\"0x1p-1\"},\"state\":{\"m.w\":\"" +
                to_hex(sha256("w")) + "\"},\"step\":7}\n");
  EXPECT_EQ(chain_line_text(parse_chain_line(chain_line_text(line), "x")), chain_line_text(line));
  const std::string short_text = "{\"previous\":\"" + zeros + "\",\"step\":0}\n";
  EXPECT_EQ(chain_line_text(parse_chain_line(short_text, "x")), short_text);
}

TEST(ChainLine, OtherTextsAreRefused) {
  const std::string zeros(64, '0');
  const auto message = [&](const std::string& rest) {
    return message_of(
        [&] { parse_chain_line("{\"previous\":\"" + zeros + "\"," + rest + "}\n", "chain.jsonl:3"); });
  };
  EXPECT_EQ(message("\"step\":1"), "no error");
  EXPECT_THAT(message("\"step\":-1"), HasSubstr("chain.jsonl:3: 'step' is to be a natural number"));
  EXPECT_THAT(message("\"scalars\":{},\"step\":1"), HasSubstr("chain.jsonl:3: not in canonical form"));
  EXPECT_THAT(message("\"closing\":false,\"step\":1"), HasSubstr("not in canonical form"));
  EXPECT_THAT(message("\"scalars\":{\"x\":\"0.5\"},\"step\":1"),
              HasSubstr("scalar 'x': expected a real number in hex"));
  EXPECT_THAT(message("\"scalars\":{\"x\":1},\"step\":1"),
              HasSubstr("scalar 'x' is to be a hexadecimal text"));
  EXPECT_THAT(message("\"state\":{\"w\":\"12\"},\"step\":1"), HasSubstr("'w': expected a digest"));
  EXPECT_THAT(message("\"step\":1,\"zebra\":1"), HasSubstr("an unexpected field"));
}

TEST(Seal, ItsValueDependsOnEveryPart) {
  Seal seal;
  seal.claim = sha256("claim");
  seal.chain = sha256("chain");
  seal.lines = 3;
  seal.checkpoint = to_hex(sha256("c"));
  // The definition, written out.
  std::string bytes;
  const auto item = [&](const std::string& text) {
    put_u64(bytes, text.size());
    bytes += text;
  };
  item("tessera/seal/1");
  item(std::string(seal.claim.begin(), seal.claim.end()));
  item(std::string(seal.chain.begin(), seal.chain.end()));
  put_u64(bytes, 3);
  item(seal.checkpoint);
  EXPECT_EQ(seal_value(seal), sha256(bytes));

  Seal other = seal;
  other.circumstances = sha256("x");
  other.timing = sha256("x");
  EXPECT_EQ(seal_value(other), seal_value(seal));
  EXPECT_NE(signed_message(other), signed_message(seal));
  for (int part = 0; part < 4; ++part) {
    other = seal;
    if (part == 0) other.claim = sha256("x");
    if (part == 1) other.chain = sha256("x");
    if (part == 2) other.lines = 4;
    if (part == 3) other.checkpoint = "";
    EXPECT_NE(seal_value(other), seal_value(seal)) << part;
    EXPECT_EQ(seal_value(parse_seal(seal_text(other), "seal")), seal_value(other));
  }
}

TEST(TensorDigest, IsOfNameTypeShapeAndElements) {
  const Tensor x = Tensor::from<float>({1, -2}, {2, 1});
  std::string bytes;
  const auto item = [&](const std::string& text) {
    put_u64(bytes, text.size());
    bytes += text;
  };
  item("tessera/tensor/1");
  item("w");
  item("float32");
  for (const std::uint64_t number : {2, 2, 1}) put_u64(bytes, number);  // rank and axes
  item(std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  EXPECT_EQ(tensor_digest("w", x), sha256(bytes));
  EXPECT_NE(tensor_digest("v", x), tensor_digest("w", x));
  EXPECT_NE(tensor_digest("w", x.transpose()), tensor_digest("w", x));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(tensor_digest("w", Tensor::from<float>({nan}, {1})),
            tensor_digest("w", Tensor::from<float>({-nan}, {1})));
}

TEST(Circumstances, SurviveAnyBytes) {
  Circumstances circumstances;
  circumstances.name = "a";
  circumstances.command = {"x", "\xff\xfe", "ü"};
  circumstances.configuration = {{"z", "1", "f:2"}, {"a", "2", "default"}};
  circumstances.inputs = {{"data", "/some\xff/path"}};
  circumstances.sessions = {{"t0", "t1", 0, 5, "stopped", {{"threads", "3"}}}};
  circumstances.notes = {"n"};
  const std::string text = circumstances_text(circumstances);
  const Circumstances read = parse_circumstances(text, "c");
  EXPECT_EQ(circumstances_text(read), text);
  EXPECT_EQ(read.configuration[0].key, "z");  // in the order given
  EXPECT_EQ(read.sessions[0].environment.at("threads"), "3");
  EXPECT_EQ(read.command[2], "ü");
}

TEST(Pause, OneValueOneText) {
  const Pause pause{5, sha256("x"), to_hex(sha256("y"))};
  const Pause read = parse_pause(pause_text(pause), "p");
  EXPECT_EQ(read.step, 5U);
  EXPECT_EQ(read.chain, pause.chain);
  EXPECT_EQ(read.checkpoint, pause.checkpoint);
}

}  // namespace
}  // namespace tessera::runs
