#pragma once

#include "bus/exchange.hpp"

namespace busway::http {

constexpr std::size_t most_forwarding = 4;  // fields that append_forwarding() adds at the most

// Appends what a proxy tells of the caller to the fields that `headers` carries: Forwarded (RFC 7239), X-Forwarded-For, -Proto
// and -Host. What earlier proxies said stays in front, so a receiver trusts as many entries from the end as it has proxies.
void append_forwarding(const Origin& origin, Headers& headers, Arena& arena);

}  // namespace busway::http
