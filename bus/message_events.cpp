#include "bus/message_events.hpp"

namespace busway {

std::atomic<MessageEvents*> detail::told_events{nullptr};

std::string_view name_of(MessageEvent::Kind kind) {
  switch (kind) {
    case MessageEvent::Kind::accepted: return "accepted";
    case MessageEvent::Kind::delivered: return "delivered";
    case MessageEvent::Kind::failed: return "failed";
  }
  return "";
}

std::string_view message_event_schema() {
  return R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Busway message event","type":"object",)"
         R"("required":["event","sequence","stream","time","id","route","protocol"],"additionalProperties":false,)"
         R"("properties":{)"
         R"("event":{"enum":["accepted","delivered","failed"],"description":"Also the topic, the first frame."},)"
         R"("sequence":{"type":"integer","minimum":1,"description":"Counts the events of this topic: what is missing was dropped."},)"
         R"("stream":{"type":"string","description":"Another one after each start of the bus; sequences begin anew with it."},)"
         R"("time":{"type":"string","format":"date-time"},)"
         R"("id":{"type":"string","format":"uuid","description":"Of the message, as in the log and in error replies."},)"
         R"("route":{"type":"string"},)"
         R"("protocol":{"type":"string","description":"The adapter that it came by."},)"
         R"("took_us":{"type":"integer","minimum":0,"description":"delivered, failed: microseconds since it was accepted."},)"
         R"("filtered":{"type":"boolean","description":"delivered: a filter has ended the route."},)"
         R"("kind":{"type":"string","description":"failed: what kind of failure no handler has taken."},)"
         R"("outcome":{"enum":["not_sent","unknown"],"description":"failed: of the call that failed."},)"
         R"("step":{"type":"string","description":"failed: the step."},)"
         R"("service":{"type":"string","description":"failed: the service that was called."}},)"
         R"("allOf":[)"
         R"({"if":{"properties":{"event":{"const":"delivered"}}},"then":{"required":["took_us","filtered"]}},)"
         R"({"if":{"properties":{"event":{"const":"failed"}}},"then":{"required":["took_us","kind"]}}]})";
}

}  // namespace busway
