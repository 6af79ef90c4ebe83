#include "tests/contract/protocol.hpp"
#include "tests/fakes/peer.hpp"

namespace busway::contract {

namespace {

std::optional<std::string> read_line(int fd) {
  std::string line;
  while (true) {
    std::string byte = fakes::receive(fd, 1);
    if (byte.empty()) return std::nullopt;
    if (byte == "\n") return line;
    line += byte;
  }
}

std::optional<std::string> read_text(int fd) {
  auto line = read_line(fd);
  std::size_t at = line ? line->find("\"text\":\"") : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  return line->substr(at + 8, line->find('"', at + 8) - at - 8);
}

}  // namespace

Protocol line_protocol(const std::string& name, Where where) {
  Protocol lines;
  lines.name = where == Where::here ? name : name + ", elsewhere";
  lines.where = where;
  lines.listener = std::string("{ ") + name + ": { listen: '127.0.0.1:0', max_body: 4KiB }, format: json }";
  lines.from = [name](const std::string& route) {
    return std::string("{ ") + name + ": messages, on: front, when: 'to = \"" + route +
           "\"', error: '{ \"refused\": $failure.kind }' }";
  };
  lines.service = [name](const std::string& address) {
    return std::string("    ") + name + ": { endpoints: ['" + address + "'] }\n    format: json\n";
  };
  lines.request = [](const std::string& route, const std::string& text) {
    return "{\"to\":\"" + route + "\",\"text\":\"" + text + "\"}\n";
  };
  lines.read_reply = read_text;
  lines.refuses = [](const std::string& bytes) { return bytes == "!413 Content Too Large\n"; };
  lines.read_request = read_text;
  lines.answer = [](const std::string& text) { return "{\"text\":\"" + text + "\"}\n"; };
  lines.garbage = "{][\n";
  return lines;
}

}  // namespace busway::contract
