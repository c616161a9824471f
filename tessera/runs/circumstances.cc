// circumstances.json: where, when and how a run was made. Written for people, so it is indented; still one value, one text.

#include <nlohmann/json.hpp>

#include "tessera/base/error.h"
#include "tessera/base/json.h"
#include "tessera/runs/json_fields.h"
#include "tessera/runs/record.h"

namespace tessera::runs {
namespace {

using nlohmann::json;

json readable_list(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& text : texts) list.push_back(readable(text));
  return list;
}

json session_value(const Session& session) {
  json environment = json::object();
  for (const auto& [key, value] : session.environment) environment[readable(key)] = readable(value);
  return {{"started", session.started},
          {"ended", session.ended},
          {"first_step", session.first_step},
          {"last_step", session.last_step},
          {"end", session.end},
          {"environment", environment},
          {"command", readable_list(session.command)},
          {"program_digest", session.program_digest}};
}

Session read_session(const json& value, const std::string& where) {
  JsonFields fields(value, where);
  Session session;
  session.started = fields.text("started");
  session.ended = fields.text("ended");
  session.first_step = fields.integer("first_step");
  session.last_step = fields.integer("last_step");
  session.end = fields.text("end");
  session.environment = fields.texts("environment");
  session.command = fields.text_list("command");
  session.program_digest = fields.text("program_digest");
  fields.done();
  return session;
}

json lists(const Circumstances& circumstances, json value) {
  value["command"] = readable_list(circumstances.command);
  value["configuration"] = json::array();
  for (const ConfigurationOrigin& entry : circumstances.configuration)
    value["configuration"].push_back(
        {{"key", readable(entry.key)}, {"value", readable(entry.value)}, {"origin", readable(entry.origin)}});
  value["inputs"] = json::array();
  for (const InputPlace& input : circumstances.inputs)
    value["inputs"].push_back({{"name", readable(input.name)}, {"path", readable(input.path)}});
  value["sessions"] = json::array();
  for (const Session& session : circumstances.sessions) value["sessions"].push_back(session_value(session));
  value["notes"] = json::array();
  for (const std::string& note : circumstances.notes) value["notes"].push_back(readable(note));
  return value;
}

}  // namespace

std::string circumstances_text(const Circumstances& circumstances) {
  const json value = lists(circumstances, {{"name", circumstances.name},
                                           {"folder_of_command", readable(circumstances.folder_of_command)},
                                           {"program_digest", circumstances.program_digest},
                                           {"resumable", circumstances.resumable},
                                           {"signing_key", circumstances.signing_key}});
  return value.dump(1) + "\n";
}

Circumstances parse_circumstances(std::string_view text, const std::string& where) {
  const json value = parse_json(text, where);
  JsonFields fields(value, where);
  Circumstances result;
  result.name = fields.text("name");
  result.folder_of_command = fields.text("folder_of_command");
  result.program_digest = fields.text("program_digest");
  result.resumable = fields.boolean("resumable");
  result.signing_key = fields.text("signing_key");
  result.command = fields.text_list("command");
  for (const json& entry : fields.array("configuration")) {
    JsonFields parts(entry, where + ": configuration");
    result.configuration.push_back({parts.text("key"), parts.text("value"), parts.text("origin")});
    parts.done();
  }
  for (const json& entry : fields.array("inputs")) {
    JsonFields parts(entry, where + ": inputs");
    result.inputs.push_back({parts.text("name"), parts.text("path")});
    parts.done();
  }
  for (const json& entry : fields.array("sessions"))
    result.sessions.push_back(read_session(entry, where + ": sessions"));
  result.notes = fields.text_list("notes");
  fields.done();
  return result;
}

}  // namespace tessera::runs
