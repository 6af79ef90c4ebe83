#include "plugins/process/manifest_keys.hpp"

namespace busway::plugins {

using namespace std::chrono_literals;

namespace {

Fields<ExampleConfig> example_fields() {
  return {{"title", &ExampleConfig::title, "What it shows, in a few words.", required()},
          {"text", &ExampleConfig::text,
           "The step as it stands in a route file; of an adapter, `listeners:` or `services:` with an entry.", required()}};
}

Fields<ListenerConfig> listener_config_fields() {
  return {{"acknowledges", &ListenerConfig::acknowledges,
           "When a sender may forget his message, in words. Left out: when the route has replied."},
          {"may_repeat", &ListenerConfig::may_repeat, "Whether a message may come twice, after a break."},
          {"keeps_order", &ListenerConfig::keeps_order, "Whether messages of one sender arrive in his order."},
          {"keys", &ListenerConfig::keys, "The keys of an entry of `listeners:`, a mapping by name."}};
}

Fields<FromConfig> from_config_fields() {
  return {{"keys", &FromConfig::keys, "The keys of a route's `from:`, a mapping by name."}};
}

Fields<ServiceConfig> service_config_fields() {
  return {
      {"idempotent", &ServiceConfig::idempotent,
       "Whether calling twice does no harm. Then a message that was with a process that ended is given to the next one, and the "
       "bus may try again when nobody knows what was done."},
      {"keys", &ServiceConfig::keys, "The keys of an entry of `services:`, a mapping by name."}};
}

Fields<LimitsConfig> limits_fields() {
  return {{"memory", &LimitsConfig::memory, "Memory that it can write to (RLIMIT_DATA).", at_least(ByteSize{16ULL << 20}),
           at_most(ByteSize{1ULL << 40})},
          {"processor", &LimitsConfig::processor, "Processor time of its whole life, after which it is ended and started anew.",
           at_least(1s)},
          {"open_files", &LimitsConfig::open_files, "Files and sockets at a time.", at_least(16), at_most(65536)}};
}

}  // namespace

Fields<KeyConfig> key_fields() {
  return {{"type", &KeyConfig::type, "What its value is.",
           one_of<std::uint32_t>({{"text", BUSWAY_FIELD_TEXT},
                                  {"boolean", BUSWAY_FIELD_BOOLEAN},
                                  {"integer", BUSWAY_FIELD_INTEGER},
                                  {"duration", BUSWAY_FIELD_DURATION},
                                  {"size", BUSWAY_FIELD_SIZE},
                                  {"secret", BUSWAY_FIELD_SECRET},
                                  {"file", BUSWAY_FIELD_FILE},
                                  {"choice", BUSWAY_FIELD_CHOICE},
                                  {"texts", BUSWAY_FIELD_TEXTS}})},
          {"doc", &KeyConfig::doc, "What it is for: one line, a sentence with its full stop.", required()},
          {"required", &KeyConfig::required, "Whether it must be given."},
          {"shorthand", &KeyConfig::shorthand, "Whether a value in place of the step's mapping is this key's."},
          {"endpoints", &KeyConfig::endpoints,
           "Of a service's key of type texts, at most one: each text is a place that the bus balances over and tries again on."},
          {"default", &KeyConfig::default_text, "What it is when it is left out, as a route file would have it."},
          {"at_least", &KeyConfig::at_least, "The least value of an integer, a duration or a size."},
          {"at_most", &KeyConfig::at_most, "The greatest value of an integer, a duration or a size."},
          {"choices", &KeyConfig::choices, "The words of a choice; the first is the default."}};
}

Fields<StepConfig> step_config_fields() {
  return {{"summary", &StepConfig::summary, "One line, a sentence with its full stop.", required()},
          {"doc", &StepConfig::doc, "More about it, as Markdown."},
          {"body", &StepConfig::body,
           "What it is sent of the body: the document as JSON, the bytes as they came, or nothing. With none the body stays as "
           "it is.",
           one_of<StepBody>({{"document", StepBody::document}, {"bytes", StepBody::bytes}, {"none", StepBody::none}})},
          {"idempotent", &StepConfig::idempotent,
           "Whether doing it twice does no harm. Then a message that was with a process that ended is given to the next one."},
          {"timeout", &StepConfig::timeout, "How long an answer may take; never longer than the route's deadline.", at_least(1ms),
           at_most(1h)},
          {"headers", &StepConfig::headers, "The names of header fields it is sent."},
          {"variables", &StepConfig::variables, "The names of variables it is sent."},
          {"keys", &StepConfig::keys, "The keys of the step, a mapping by name."},
          {"examples", &StepConfig::examples, "Worked examples; `busway plugin check` tries them.", example_fields()}};
}

Fields<AdapterConfig> adapter_config_fields() {
  return {{"summary", &AdapterConfig::summary, "One line, a sentence with its full stop.", required()},
          {"doc", &AdapterConfig::doc, "More about it, as Markdown."},
          {"format", &AdapterConfig::format,
           "The format of its bodies where a route or service has no `format:`. Left out: bytes of no format."},
          {"headers", &AdapterConfig::headers, "Whether its messages have header fields."},
          {"method", &AdapterConfig::method, "Whether `method` of a call means something to it."},
          {"path", &AdapterConfig::path, "Whether `path` of a call means something to it."},
          {"operation", &AdapterConfig::operation, "Whether `operation` of a call means something to it."},
          {"listener", &AdapterConfig::listener, "Its source half: it can be listened to.", listener_config_fields()},
          {"from", &AdapterConfig::from,
           "It picks the route of a message itself, by keys that each `from:` has. Left out: routes are asked in the order of "
           "the file, "
           "each with its `when:`.",
           from_config_fields()},
          {"service", &AdapterConfig::service, "Its target half: it can be called.", service_config_fields()},
          {"examples", &AdapterConfig::examples, "Worked examples; `busway plugin check` tries them.", example_fields()}};
}

Fields<ManifestConfig> manifest_fields() {
  return {
      {"protocol", &ManifestConfig::protocol, "The version of the plugin protocol it speaks: 1.", required()},
      {"version", &ManifestConfig::version, "Of the plugin, for show."},
      {"command", &ManifestConfig::command,
       "The program and its arguments. It runs in the manifest's directory; without a slash it is looked for in PATH."},
      {"remote", &ManifestConfig::remote,
       "In place of a command: the plugin is started by others, on this host or another, and connects.", remote_fields()},
      {"steps", &ManifestConfig::steps, "The steps it offers, a mapping by name."},
      {"adapters", &ManifestConfig::adapters, "The adapters it offers, a mapping by name."},
      {"environment", &ManifestConfig::environment, "Variables of its environment."},
      {"inherits", &ManifestConfig::inherits,
       "Variables of the bus's own environment that it gets, too. Besides it has PATH, HOME, LANG, TZ and TMPDIR."},
      {"limits", &ManifestConfig::limits, "How far the process may go.", limits_fields()},
      {"in_flight", &ManifestConfig::in_flight, "Messages it has at a time at most, whatever it grants.", at_least(1),
       at_most(1024)},
      {"queue", &ManifestConfig::queue, "Messages that wait for it at most; what comes then fails (`overload`).", at_least(1),
       at_most(100'000)},
      {"max_body", &ManifestConfig::max_body, "The largest body it is sent or may answer with.", at_least(ByteSize{1024}),
       at_most(ByteSize{1ULL << 30})},
      {"start_within", &ManifestConfig::start_within, "How long it may take from its start until it is ready.", at_least(100ms),
       at_most(5min)},
      {"silence", &ManifestConfig::silence, "How long nothing may be heard of it, heartbeats included, before it is killed.",
       at_least(1s), at_most(5min)},
      {"acknowledge_within", &ManifestConfig::acknowledge_within,
       "How long after its deadline a message may stay unanswered before the process is killed.", at_least(100ms), at_most(5min)},
      {"stop_within", &ManifestConfig::stop_within, "How long it may take to end when it is told to.", at_least(0ms),
       at_most(1min)}};
}

ManifestKeys manifest_keys() {
  return {.manifest = manifest_fields().infos(),
          .step = step_config_fields().infos(),
          .adapter = adapter_config_fields().infos(),
          .key = key_fields().infos()};
}

}  // namespace busway::plugins
