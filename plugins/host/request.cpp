#include "plugins/host/request.hpp"

#include <algorithm>
#include <limits>

#include "bus/route.hpp"
#include "plugins/host/host_table.hpp"
#include "plugins/host/nodes.hpp"
#include "plugins/host/sized.hpp"

void busway_request::gather_headers() {
  for (const busway::Header& header : outbound.headers.all()) headers.push_back(header);
  if (!outbound.pass_through) return;
  for (const busway::Header& header : exchange.message().headers.all()) {
    if (!header.set && outbound.headers.find(header.name) == nullptr) headers.push_back(header);
  }
}

namespace busway::plugins {

namespace {

busway_text header_at(busway_request* request, std::size_t index, busway_text* value) {
  if (index >= request->headers.size()) return {nullptr, 0};
  *value = text_of(request->headers[index].value);
  return text_of(request->headers[index].name);
}

int32_t header(busway_request* request, busway_text name, busway_text* value) {
  *value = {nullptr, 0};
  for (const Header& field : request->headers) {
    if (!equal_ignoring_case(field.name, view(name))) continue;
    *value = text_of(field.value);
    return 1;
  }
  return 0;
}

busway_text about(busway_request* request, std::uint32_t what) {
  const Outbound& outbound = request->outbound;
  Exchange& exchange = request->exchange;
  switch (what) {
    case BUSWAY_ABOUT_ID: return text_of(exchange.id());
    case BUSWAY_ABOUT_ROUTE: return text_of(exchange.route == nullptr ? std::string_view() : exchange.route->name());
    case BUSWAY_ABOUT_METHOD: return text_of(outbound.method);
    case BUSWAY_ABOUT_TARGET: return text_of(outbound.path);
    case BUSWAY_ABOUT_OPERATION: return text_of(outbound.operation);
    case BUSWAY_ABOUT_CONTENT_TYPE: return text_of(outbound.content_type);
    default: return {nullptr, 0};
  }
}

int64_t time_left_ms(busway_request* request) {
  if (request->deadline == TimePoint::max()) return std::numeric_limits<int64_t>::max();
  auto left = request->deadline - request->exchange.worker().now();
  return std::max<int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count(), 0);
}

}  // namespace

const busway_request_functions request_functions = {
    .struct_size = sizeof(busway_request_functions),
    .reserved = 0,
    .loop = [](busway_request* request) { return request->loop; },
    .endpoint =
        [](busway_request* request, busway_text* text) {
          if (text != nullptr) *text = text_of(request->endpoint.text);
          return request->endpoint_index;
        },
    .bytes = [](busway_request* request) { return text_of(request->outbound.body); },
    .document = [](busway_request* request) { return node_of(request->document); },
    .header_count = [](busway_request* request) { return request->headers.size(); },
    .header_at = header_at,
    .header = header,
    .about = about,
    .time_left_ms = time_left_ms,
};

}  // namespace busway::plugins
