#include "adapters/zmq/passage.hpp"

#include "bus/message_events.hpp"
#include "bus/service.hpp"

namespace busway::zmq {

std::optional<Passage> Passage::of(const ListenerConfig& config, const MessageRoutes& routes) {
  if (config.answers() || routes.parts().has_headers() || routes.inlets().size() != 1) return std::nullopt;
  const ZmqInlet& inlet = *routes.inlets().front();
  const Service* service = inlet.when() ? nullptr : inlet.route().proxied();
  if (service == nullptr || !service->policy().leaves_messages_alone()) return std::nullopt;
  auto* target = dynamic_cast<ZmqTarget*>(&service->target());
  if (target == nullptr || !target->passes()) return std::nullopt;
  return Passage(*service, *target);
}

Passage::Way Passage::take(Worker& worker, Frames& message, Watch& reader) {
  if (message.size() != 1 || message[0].empty() || message_events() != nullptr) return Way::long_way;
  Outlet* outlet = target_->outlet_for(worker, service_->endpoint_for_connection(worker, nullptr), message[0].size());
  if (outlet == nullptr) return Way::long_way;
  if (last_ != outlet) flush();
  last_ = outlet;
  if (outlet->pass(message)) return Way::passed;
  if (!outlet->blocks()) return Way::long_way;
  outlet->wake_when_room(reader);
  return Way::full;
}

void Passage::flush() {
  if (last_ != nullptr) last_->look_again();
  last_ = nullptr;
}

}  // namespace busway::zmq
