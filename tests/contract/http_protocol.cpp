#include "tests/contract/protocol.hpp"
#include "tests/fakes/peer.hpp"

namespace busway::contract {

namespace {

// One message with a Content-Length: the head and the body.
std::optional<std::string> read_message(int fd) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    std::string byte = fakes::receive(fd, 1);
    if (byte.empty()) return std::nullopt;
    head += byte;
    if (head.size() > 64 * 1024) return std::nullopt;
  }
  std::string lower = head;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::size_t at = lower.find("\r\ncontent-length:");
  std::size_t length = at == std::string::npos ? 0 : std::stoul(lower.substr(at + 17));
  std::string body = fakes::receive(fd, length);
  if (body.size() < length) return std::nullopt;
  return head + body;
}

std::optional<std::string> between(const std::optional<std::string>& message, std::string_view before, char after) {
  if (!message) return std::nullopt;
  std::size_t at = message->find(before);
  if (at == std::string::npos) return std::nullopt;
  at += before.size();
  return message->substr(at, message->find(after, at) - at);
}

std::string with_body(const std::string& head, const std::string& type, const std::string& body) {
  return head + "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string post(const std::string& path, const std::string& type, const std::string& body) {
  return with_body("POST " + path + " HTTP/1.1\r\nHost: bus\r\n", type, body);
}

std::string json(const std::string& text) {
  return "{\"text\":\"" + text + "\"}";
}
std::string envelope(const std::string& element, const std::string& text) {
  return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><" + element +
         " xmlns=\"urn:contract\"><text>" + text + "</text></" + element + "></s:Body></s:Envelope>";
}

}  // namespace

Protocol http_protocol() {
  Protocol http;
  http.name = "http";
  http.listener = "{ http: { listen: '127.0.0.1:0' } }";
  http.from = [](const std::string& route) { return "{ http: 'POST /" + route + "', on: front, max_body: 4KiB }"; };
  http.service = [](const std::string& address) { return "    http: { endpoints: ['http://" + address + "/'] }\n"; };
  http.request = [](const std::string& route, const std::string& text) {
    return post("/" + route, "application/json", json(text));
  };
  http.read_reply = [](int fd) { return between(read_message(fd), "\"text\":\"", '"'); };
  http.refuses = [](const std::string& bytes) {
    return bytes.starts_with("HTTP/1.1 413 ") && bytes.find("application/problem+json") != std::string::npos;
  };
  http.read_request = http.read_reply;
  http.answer = [](const std::string& text) { return with_body("HTTP/1.1 200 OK\r\n", "application/json", json(text)); };
  http.garbage = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
  return http;
}

Protocol soap_protocol() {
  Protocol soap;
  soap.name = "soap";
  soap.listener = "{ http: { listen: '127.0.0.1:0' } }";
  soap.from = [](const std::string& route) {
    return "{ soap: /" + route + ", operation: Ask, on: front, namespace: 'urn:contract', max_body: 4KiB }";
  };
  soap.service = [](const std::string& address) {
    return "    soap: { endpoints: ['http://" + address + "/'], namespace: 'urn:contract' }\n";
  };
  soap.call = ", operation: Ask";
  soap.request = [](const std::string& route, const std::string& text) {
    return post("/" + route, "text/xml", envelope("Ask", text));
  };
  soap.read_reply = [](int fd) { return between(read_message(fd), "text>", '<'); };
  soap.refuses = [](const std::string& bytes) {
    return bytes.starts_with("HTTP/1.1 ") && bytes.find("Fault") != std::string::npos;
  };
  soap.read_request = soap.read_reply;
  soap.answer = [](const std::string& text) {
    return with_body("HTTP/1.1 200 OK\r\n", "text/xml", envelope("AskResponse", text));
  };
  soap.garbage = with_body("HTTP/1.1 200 OK\r\n", "text/xml", "<greeting/>");
  return soap;
}

}  // namespace busway::contract
