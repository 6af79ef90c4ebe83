#include "adapters/zmq/passage.hpp"

#include <algorithm>

#include "bus/message_events.hpp"
#include "bus/service.hpp"

namespace busway::zmq {

namespace {

// The service that all of a listener's messages go to as they are; null where that is not so.
const Service* service_of_all(const MessageRoutes& routes) {
  if (routes.parts().has_headers() || routes.inlets().size() != 1) return nullptr;
  const ZmqInlet& inlet = *routes.inlets().front();
  const Service* service = inlet.when() ? nullptr : inlet.route().proxied();
  if (service == nullptr || !service->policy().leaves_messages_alone()) return nullptr;
  auto* target = dynamic_cast<ZmqTarget*>(&service->target());
  return target != nullptr && target->passes() ? service : nullptr;
}

}  // namespace

std::optional<Passage> Passage::of(const ListenerConfig& config, const MessageRoutes& routes) {
  const Service* service = config.answers() ? nullptr : service_of_all(routes);
  if (service == nullptr) return std::nullopt;
  auto& target = static_cast<ZmqTarget&>(service->target());
  if (target.answered()) return std::nullopt;
  return Passage(*service, target);
}

Passage::Way Passage::take(Worker& worker, Frames& message, Watch& reader) {
  if (message.size() != 1 || message[0].empty() || message_events() != nullptr) return Way::long_way;
  Outlet* outlet = target_->outlet_for(worker, service_->endpoint_for_connection(worker, nullptr), message[0].size());
  if (last_ != outlet) flush();
  last_ = outlet;
  if (outlet != nullptr && outlet->pass(message)) return Way::passed;
  if (outlet == nullptr || !outlet->blocks()) {
    service_->put_endpoint_back(worker);
    return Way::long_way;
  }
  outlet->wake_when_room(reader);
  return Way::full;
}

void Passage::flush() {
  if (last_ != nullptr) last_->look_again();
  last_ = nullptr;
}

std::optional<RequestPassage> RequestPassage::of(const ListenerConfig& config, const MessageRoutes& routes,
                                                 const Parts& answers) {
  const Service* service = config.answers() && !answers.has_headers() ? service_of_all(routes) : nullptr;
  if (service == nullptr) return std::nullopt;
  auto& target = static_cast<ZmqTarget&>(service->target());
  if (!target.answered()) return std::nullopt;
  // The calls that are under way to each are counted by those on the long way.
  if (service->policy().balance != ServicePolicy::Balance::round_robin && target.endpoints().size() > 1) return std::nullopt;
  return RequestPassage(routes.inlets().front()->route(), *service, target);
}

std::optional<Error> RequestPassage::refused(const Frames& answer) const {
  if (answer.size() == Link::behind_number + 1) return std::nullopt;
  return target_->wrong_count(answer.size() - Link::behind_number);
}

const Endpoint* RequestPassage::take(Worker& worker, Handed& call, const Frames& message, std::size_t index) {
  if (message.size() != index + 1 || message_events() != nullptr) return nullptr;
  std::size_t bytes = message[index].size();
  if (bytes == 0) return nullptr;
  const Endpoint& endpoint = service_->endpoint_for_connection(worker, nullptr);
  Link* link = target_->link_for(worker, endpoint, bytes);
  TimePoint deadline = worker.now() + std::min(service_->policy().timeout, route_->deadline());
  if (link != nullptr && link->hand_on(worker, call, message, index, deadline)) return &endpoint;
  service_->put_endpoint_back(worker);
  return nullptr;
}

}  // namespace busway::zmq
