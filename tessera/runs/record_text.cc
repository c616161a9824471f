// The texts of claim, chain lines, pause and seal. Every parser writes what it has read again and compares: a text has
// one spelling, so that a changed byte is seen even where JSON would not mind.

#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/base/text.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/record.h"

namespace tessera::runs {
namespace {

using nlohmann::json;

void refuse_other_spelling(std::string_view text, const std::string& again, const std::string& where) {
  if (text == again) return;
  std::size_t same = 0;
  while (same < text.size() && same < again.size() && text[same] == again[same]) ++same;
  fail("{}: not in canonical form from byte {}", where, same);
}

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Without the final newline, which is checked with the spelling.
json parse_line(std::string_view text, const std::string& where) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return parse_json(text, where);
}

void compare_maps(std::string& difference, const char* what,
                  const std::map<std::string, std::string>& recorded,
                  const std::map<std::string, std::string>& now) {
  for (const auto& [key, value] : recorded) {
    const auto found = now.find(key);
    if (!difference.empty()) return;
    if (found == now.end())
      difference = fmt::format("{} '{}': '{}' in the record, nothing now", what, key, value);
    else if (found->second != value)
      difference = fmt::format("{} '{}': '{}' in the record, '{}' now", what, key, value, found->second);
  }
  for (const auto& [key, value] : now)
    if (difference.empty() && !recorded.contains(key))
      difference = fmt::format("{} '{}': nothing in the record, '{}' now", what, key, value);
}

template <typename T>
void compare_values(std::string& difference, const char* what, const T& recorded, const T& now) {
  if (difference.empty() && recorded != now)
    difference = fmt::format("{}: {} in the record, {} now", what, recorded, now);
}

}  // namespace

std::string claim_text(const Claim& claim) {
  const json value = {{"format", kRecordFormat},
                      {"contract", claim.contract},
                      {"kind", claim.kind},
                      {"configuration", claim.configuration},
                      {"seed", claim.seed},
                      {"inputs", claim.inputs},
                      {"steps", claim.steps},
                      {"digest_every", claim.digest_every},
                      {"checkpoint_every", claim.checkpoint_every}};
  return canonical_json(value) + "\n";
}

Claim parse_claim(std::string_view text, const std::string& where) {
  const json value = parse_line(text, where);
  JsonFields fields(value, where);
  fields.expect_text("format", kRecordFormat);
  Claim claim;
  claim.contract = fields.text("contract");
  claim.kind = fields.text("kind");
  claim.configuration = fields.texts("configuration");
  claim.seed = fields.integer("seed");
  claim.inputs = fields.digest_texts("inputs");
  claim.steps = fields.integer("steps");
  claim.digest_every = fields.integer("digest_every");
  claim.checkpoint_every = fields.integer("checkpoint_every");
  fields.done();
  refuse_other_spelling(text, claim_text(claim), where);
  return claim;
}

std::string first_difference(const Claim& recorded, const Claim& now) {
  std::string difference;
  compare_values(difference, "numerics contract", recorded.contract, now.contract);
  compare_values(difference, "kind of run", recorded.kind, now.kind);
  compare_maps(difference, "configuration key", recorded.configuration, now.configuration);
  compare_values(difference, "seed", recorded.seed, now.seed);
  compare_values(difference, "number of steps", recorded.steps, now.steps);
  compare_values(difference, "digest_every", recorded.digest_every, now.digest_every);
  compare_values(difference, "checkpoint_every", recorded.checkpoint_every, now.checkpoint_every);
  compare_maps(difference, "SHA-256 of input", recorded.inputs, now.inputs);
  return printable(difference);
}

std::string chain_line_text(const ChainLine& line) {
  json value = {{"previous", to_hex(line.previous)}, {"step", line.step}};
  for (const auto& [name, scalar] : line.scalars) value["scalars"][name] = hex_float(scalar);
  if (!line.state.empty()) value["state"] = line.state;
  if (!line.checkpoint.empty()) value["checkpoint"] = line.checkpoint;
  if (line.closing) value["closing"] = true;
  return canonical_json(value) + "\n";
}

ChainLine parse_chain_line(std::string_view text, const std::string& where) {
  const json value = parse_line(text, where);
  JsonFields fields(value, where);
  ChainLine line;
  line.previous = fields.digest("previous");
  line.step = fields.integer("step");
  if (fields.has("scalars"))
    for (const auto& [name, scalar] : fields.object("scalars").items())
      line.scalars[name] = scalar_value(scalar, name, where);
  if (fields.has("state")) line.state = fields.digest_texts("state");
  if (fields.has("checkpoint")) line.checkpoint = fields.digest_text("checkpoint");
  if (fields.has("closing")) line.closing = fields.boolean("closing");
  fields.done();
  refuse_other_spelling(text, chain_line_text(line), where);
  return line;
}

std::string pause_text(const Pause& pause) {
  const json value = {{"step", pause.step}, {"chain", to_hex(pause.chain)}, {"checkpoint", pause.checkpoint}};
  return canonical_json(value) + "\n";
}

Pause parse_pause(std::string_view text, const std::string& where) {
  const json value = parse_line(text, where);
  JsonFields fields(value, where);
  Pause pause;
  pause.step = fields.integer("step");
  pause.chain = fields.digest("chain");
  pause.checkpoint = fields.digest_text("checkpoint");
  fields.done();
  refuse_other_spelling(text, pause_text(pause), where);
  return pause;
}

Digest seal_value(const Seal& seal) {
  Sha256 hash;
  hash.add_item("tessera/seal/1").add_item(bytes_of(seal.claim)).add_item(bytes_of(seal.chain));
  return hash.add_u64(seal.lines).add_item(seal.checkpoint).finish();
}

std::string signed_message(const Seal& seal) {
  return fmt::format("tessera/signature/1\n{}\n{}\n", to_hex(seal_value(seal)), to_hex(seal.circumstances));
}

std::string seal_text(const Seal& seal) {
  json value = {{"seal", to_hex(seal_value(seal))}, {"claim", to_hex(seal.claim)},
                {"chain", to_hex(seal.chain)},      {"lines", seal.lines},
                {"checkpoints", seal.checkpoints},  {"circumstances", to_hex(seal.circumstances)},
                {"timing", to_hex(seal.timing)}};
  if (!seal.checkpoint.empty()) value["checkpoint"] = seal.checkpoint;
  if (!seal.signature.empty()) value["signature"] = {{"ed25519", seal.signature}, {"key", seal.public_key}};
  value["file"] =
      to_hex(sha256(canonical_json(value)));  // so that damage to this file is not blamed on another one
  return canonical_json(value) + "\n";
}

Seal parse_seal(std::string_view text, const std::string& where) {
  const json value = parse_line(text, where);
  JsonFields fields(value, where);
  Seal seal;
  const Digest stated = fields.digest("seal");
  seal.claim = fields.digest("claim");
  seal.chain = fields.digest("chain");
  seal.lines = fields.integer("lines");
  seal.checkpoints = fields.text_list("checkpoints");
  seal.circumstances = fields.digest("circumstances");
  seal.timing = fields.digest("timing");
  if (fields.has("checkpoint")) seal.checkpoint = fields.digest_text("checkpoint");
  if (fields.has("signature")) {
    JsonFields signature(fields.object("signature"), where + ": signature");
    seal.signature = signature.text("ed25519");
    seal.public_key = signature.text("key");
    signature.done();
  }
  const Digest file = fields.digest("file");
  fields.done();
  json rest = value;
  rest.erase("file");
  if (sha256(canonical_json(rest)) != file)
    fail("{}: it was changed: the rest of it does not have the digest in 'file'", where);
  const std::string value_of_parts = to_hex(seal_value(seal));
  if (value_of_parts != to_hex(stated))
    fail("{}: the seal {} does not belong to its parts, which give {}", where, to_hex(stated),
         value_of_parts);
  refuse_other_spelling(text, seal_text(seal), where);
  return seal;
}

}  // namespace tessera::runs
